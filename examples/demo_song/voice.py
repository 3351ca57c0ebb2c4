"""A singing voice: glottal pulses and noise through the resonances of a vocal tract.

The chain is that of D. H. Klatt: "Software for a cascade/parallel formant synthesizer", JASA 67
(1980): a source, a cascade of resonators, a nasal pole and zero. The voiced part is made harmonic
by harmonic (each one gets the tract's complex gain at its frequency), so nothing aliases and the
formants can move at any speed; the noise is shaped in short overlapping windows.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from demo_song.diction import HOP, Gestures, smoothed
from demo_song.effects import RATE, Complex, Real, Sound, frequencies

HIGHEST_HARMONIC = 9500.0
"""Hz; above it a voice is mostly noise."""

BANDWIDTHS = (75.0, 100.0, 160.0)
"""Of the moving formants, in Hz."""

FIXED_RESONANCES = (
    # Centre and bandwidth in Hz.
    (3400.0, 320.0),
    (4150.0, 380.0),
    (5000.0, 450.0),
    (6100.0, 600.0),
    (7300.0, 800.0),
    (8500.0, 1000.0),
    (9700.0, 1200.0),
)

NASAL_POLE = 270.0
NASAL_WIDTH = 110.0
"""Hz."""

WINDOW = 4 * HOP
"""Samples per window of shaped noise (5.8 ms)."""


def rosenberg_harmonics(count: int, opening: float = 0.42, closing: float = 0.16) -> Complex:
    """Fourier coefficients 1 to `count` of a glottal pulse's flow.

    The polynomial pulse (B) of A. E. Rosenberg: "Effect of glottal pulse shape on the quality of
    natural vowels", JASA 49 (1971); `opening` and `closing` are fractions of a period.
    """
    phase = np.arange(8192) / 8192
    up = phase / opening
    down = (phase - opening) / closing
    flow = np.where(phase < opening, 3.0 * up**2 - 2.0 * up**3, 1.0 - down**2)
    flow[phase > opening + closing] = 0.0
    harmonics: Complex = np.fft.rfft(flow)[1 : count + 1] / len(phase)
    return harmonics


def _resonator(s: Complex, centre: Real | float, width: float) -> Complex:
    """Gain of two conjugate poles, 1 at 0 Hz; `s` is 2 pi i f, centre and width in Hz."""
    pole = -np.pi * np.asarray(width) + 2j * np.pi * np.asarray(centre)
    gain: Complex = np.abs(pole) ** 2 / ((s - pole) * (s - np.conj(pole)))
    return gain


def tract(hertz: Real, take: Gestures, size: float) -> Complex:
    """Complex gain of the vocal tract.

    Parameters
    ----------
    hertz
        Frequencies, shape (n, k) or (1, k), for n control frames.
    size
        Factor on all resonances: above 1 a smaller head.
    """
    s = 2j * np.pi * hertz
    gain = np.ones(np.broadcast_shapes(hertz.shape, (len(take.pitch), 1)), dtype=np.complex128)
    for column, width in enumerate(BANDWIDTHS):
        gain *= _resonator(s, size * take.formants[:, column : column + 1], width)
    for centre, width in FIXED_RESONANCES:
        gain *= _resonator(s, size * centre, width)
    gain *= _resonator(s, NASAL_POLE, NASAL_WIDTH)
    gain /= _resonator(s, take.nasal_zero[:, np.newaxis], NASAL_WIDTH)
    return gain


def _ramps(frames: Real | Complex) -> Complex:
    """One value per control frame to one per sample, in straight lines; shape ((n - 1) * HOP,)."""
    slope = np.diff(frames)[:, np.newaxis] * (np.arange(HOP) / HOP)
    line: Complex = (frames[:-1, np.newaxis] + slope).reshape(-1).astype(np.complex128)
    return line


def _voiced(take: Gestures, size: float) -> tuple[Sound, Sound]:
    """The sum of the harmonics, and the phase of the first one at every sample."""
    phase = np.cumsum(_ramps(take.pitch).real * (2.0 * np.pi / RATE), dtype=np.float64)
    count = int(HIGHEST_HARMONIC / take.pitch[take.voice > 0.01].min())
    source = rosenberg_harmonics(count)
    turn = np.exp(1j * phase)
    carrier = np.ones_like(turn)
    sound = np.zeros(len(phase))
    # Soft singing is dark and full voice is bright (Klatt's spectral tilt).
    tilt = 1500.0 + 6500.0 * np.clip(take.voice, 0.0, 1.2) ** 2
    for number in range(1, count + 1):
        carrier *= turn
        hertz = number * take.pitch
        gain = tract(hertz[:, np.newaxis], take, size)[:, 0] * source[number - 1]
        # Radiation from the lips differentiates; 1000 Hz sets the level only.
        gain *= (1j * hertz / 1000.0) * take.voice / (1.0 + 1j * hertz / tilt)
        gain *= np.clip((HIGHEST_HARMONIC - hertz) / 1500.0, 0.0, 1.0)
        sound += (carrier * _ramps(gain)).real
    return sound, phase


def _shaped_noise(gain: Real, frames: int, rng: np.random.Generator) -> Sound:
    """White noise under a gain (n, WINDOW // 2 + 1) that changes from control frame to frame."""
    noise = rng.standard_normal(len(gain) * HOP + WINDOW)
    window = np.sqrt(np.hanning(WINDOW + 1)[:-1])
    pieces = sliding_window_view(noise, WINDOW)[: len(gain) * HOP : HOP] * window
    pieces = np.fft.irfft(np.fft.rfft(pieces, axis=1) * gain, WINDOW, axis=1) * (window / 2.0)
    sound = np.zeros(len(gain) * HOP + WINDOW)
    for part in range(WINDOW // HOP):
        columns = pieces[:, part * HOP : (part + 1) * HOP].reshape(-1)
        sound[part * HOP : part * HOP + len(columns)] += columns
    return sound[WINDOW // 2 : WINDOW // 2 + frames]


def sing(take: Gestures, size: float, rng: np.random.Generator) -> Sound:
    """A dry mono voice, at about full scale on a loud vowel.

    Parameters
    ----------
    take
        The singer's gestures; see `diction.gestures`.
    size
        Factor on all formants: 1 for a typical man, about 1.15 for a typical woman.
    rng
        Source of the noise.
    """
    sound, phase = _voiced(take, size)
    hertz = frequencies(WINDOW)[np.newaxis]
    resonant = np.abs(tract(hertz, take, size)) * np.clip(hertz / 1000.0, 0.0, 1.5)
    beside = (hertz - take.hiss_centre[:, np.newaxis]) / take.hiss_width[:, np.newaxis]
    hiss = np.exp(-0.5 * beside**2)
    # Air leaks through the folds while they sing, most of it while they are open.
    leaking = 0.012 * smoothed(take.voice, 0.02)[:, np.newaxis] * resonant
    leak = _shaped_noise(leaking, len(sound), rng) * (1.0 - 0.6 * np.cos(phase))
    mouth = 0.02 * take.breath[:, np.newaxis] * resonant + 0.25 * take.hiss[:, np.newaxis] * hiss
    return 3.0 * (sound + leak + _shaped_noise(mouth, len(sound), rng))
