"""Placing, panning, filtering and reverberating sounds.

Mono sounds are float64 arrays (frames,), stereo ones (frames, 2), at `RATE`; levels are linear.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
"""Sampling rate of everything in the song, in Hz."""

Real = NDArray[np.float64]
Complex = NDArray[np.complexfloating[Any, Any]]
"""complex128; numpy's own annotations promise no more than this."""

Sound = Real
"""Mono (frames,) or stereo (frames, 2) samples."""

Response = Callable[[Real], Complex]
"""Frequencies in Hz to the complex gain at each."""


def silence(seconds: float, channels: int = 2) -> Sound:
    """A (frames, channels) buffer of zeros."""
    return np.zeros((round(seconds * RATE), channels))


def seconds_axis(seconds: float) -> Sound:
    """The time of every sample in s, from 0 to `seconds`."""
    return np.arange(round(seconds * RATE)) / RATE


def add(track: Sound, sound: Sound, start: float) -> None:
    """Add a stereo `sound` into the stereo `track` (in place) from `start` s on.

    What lies before the track's beginning or after its end is dropped.
    """
    first = round(start * RATE)
    skipped = max(0, -first)
    room = len(track) - max(first, 0)
    piece = sound[skipped : skipped + max(room, 0)]
    first = max(first, 0)
    track[first : first + len(piece)] += piece


def panned(sound: Sound, position: float) -> Sound:
    """Mono to stereo at equal power; `position` runs from -1 (left) to 1 (right)."""
    angle = (position + 1.0) * np.pi / 4.0
    return np.stack([np.cos(angle) * sound, np.sin(angle) * sound], axis=1)


def frequencies(size: int) -> Real:
    """The frequencies in Hz of a real Fourier transform of `size` samples."""
    return np.fft.rfftfreq(size, 1.0 / RATE).astype(np.float64)


def low_pass(corner: float, order: int = 1) -> Response:
    """`order` equal RC low-passes in a row, each 3 dB down at `corner` Hz; causal."""
    return lambda hertz: (1.0 / (1.0 + 1j * hertz / corner)) ** order


def high_pass(corner: float, order: int = 1) -> Response:
    """`order` equal RC high-passes in a row, each 3 dB down at `corner` Hz; causal."""
    return lambda hertz: (1j * hertz / corner / (1.0 + 1j * hertz / corner)) ** order


def ceiling(corner: float) -> Response:
    """A steep low-pass without delay, 3 dB down at `corner` Hz, 48 dB per octave beyond.

    The magnitude is that of S. Butterworth's filter of order 8 (1930).
    """
    return lambda hertz: (1.0 / np.sqrt(1.0 + (hertz / corner) ** 16)).astype(np.complex128)


def peak(centre: float, width: float, gain: float) -> Response:
    """A resonance that multiplies by `gain` (linear) at `centre` Hz, about `width` Hz wide."""

    def response(hertz: Real) -> Complex:
        s = 1j * hertz
        band = s * width / (s * s + s * width + centre**2)
        shaped: Complex = 1.0 + (gain - 1.0) * band
        return shaped

    return response


def filtered(sound: Sound, *responses: Response) -> Sound:
    """`sound`, mono or stereo, through the filters; same length, the ringing after it is cut."""
    frames = len(sound)
    size = 1 << (frames + RATE // 10).bit_length()
    gain = np.ones(size // 2 + 1, dtype=np.complex128)
    hertz = frequencies(size)
    for response in responses:
        gain *= response(hertz)
    if sound.ndim == 2:
        gain = gain[:, np.newaxis]
    shaped: Sound = np.fft.irfft(np.fft.rfft(sound, size, axis=0) * gain, size, axis=0)[:frames]
    return shaped


def room(rng: np.random.Generator, seconds: float, predelay: float, corner: float) -> Sound:
    """Impulse response of a made-up room, stereo (frames, 2), of energy 1 per channel.

    Noise that decays by 60 dB in `seconds`, the two sides independent, after `predelay` s;
    the high end, above `corner` Hz, dies twice as fast as the rest, as air and walls do it.
    """
    time = seconds_axis(seconds)
    noise = rng.standard_normal((len(time), 2))
    decay = 10.0 ** (-3.0 * time / seconds)[:, np.newaxis]
    dark = filtered(noise, low_pass(corner), high_pass(180.0))
    bright = filtered(noise, high_pass(corner), low_pass(9000.0))
    tail = dark * decay + bright * decay**2
    tail /= np.sqrt(np.sum(tail * tail, axis=0))
    return np.concatenate([silence(predelay), tail])


def reverberated(sound: Sound, impulse: Sound, wet: float) -> Sound:
    """Stereo `sound` plus `wet` (linear) times its echo in `impulse`; same length."""
    frames = len(sound)
    size = 1 << (frames + len(impulse)).bit_length()
    spectrum = np.fft.rfft(sound, size, axis=0) * np.fft.rfft(impulse, size, axis=0)
    echo: Sound = np.fft.irfft(spectrum, size, axis=0)[:frames]
    return sound + wet * echo


def levelled(sound: Sound, seconds: float, strength: float) -> Sound:
    """Mono `sound` with its loud parts held back and its soft ones lifted.

    The level is the RMS under a Hann window of that many `seconds`; each decibel below the
    loudest is brought up by `strength` decibels (0: none, 1: all of it), 20 dB at most.
    """
    window = np.hanning(round(seconds * RATE))
    window /= window.sum()
    size = 1 << (len(sound) + len(window)).bit_length()
    spectrum = np.fft.rfft(sound * sound, size) * np.fft.rfft(window, size)
    power = np.fft.irfft(spectrum, size)[len(window) // 2 :][: len(sound)]
    level = np.sqrt(np.maximum(power, 0.0)) / np.sqrt(power.max())
    shaped: Sound = (
        sound * np.maximum(level, 10.0 ** (-20.0 / 20.0 / max(strength, 0.05))) ** -strength
    )
    return shaped
