"""Single notes of the band's instruments: mono sounds at about full scale."""

import numpy as np

from demo_song.effects import RATE, Sound, filtered, high_pass, low_pass, peak, seconds_axis


def midi_hertz(pitch: float) -> float:
    """Frequency in Hz of a MIDI note number (69 is 440 Hz)."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def _faded(sound: Sound, rise: float, fall: float) -> Sound:
    """`sound` with straight ramps of that many s at its beginning and its end."""
    time = np.arange(len(sound)) / RATE
    shape = np.clip(time / rise, 0.0, 1.0) * np.clip((time[-1] - time) / fall, 0.0, 1.0)
    faded: Sound = sound * shape
    return faded


def pluck(pitch: float, seconds: float, damping: float, rng: np.random.Generator) -> Sound:
    """A plucked steel string: K. Karplus, A. Strong, Computer Music Journal 7 (1983).

    Noise of one period runs round a loop that averages neighbours. A whole period is computed at
    once; as that makes the period a whole number of samples, the note is then stretched into tune.

    Parameters
    ----------
    damping
        Share of energy lost per turn besides the averaging, linear, about 0.002 to 0.03.
    """
    hertz = midi_hertz(pitch)
    # The averaging of two neighbours delays by another half sample.
    period = int(RATE / hertz - 0.5)
    turns = int((seconds + 0.05) * RATE / period) + 2
    string = rng.uniform(-1.0, 1.0, period)
    # A plectrum near the bridge: what it moves left comes back from there turned over.
    string -= 0.9 * np.roll(string, max(1, round(0.17 * period)))
    string = (string + np.roll(string, 1)) / 2.0
    loops = np.empty((turns, period))
    for turn in range(turns):
        loops[turn] = string
        string = (1.0 - damping) * (string + np.concatenate([loops[turn, -1:], string[:-1]])) / 2.0
    raw = loops.reshape(-1)
    at = np.arange(round(seconds * RATE)) * (hertz * (period + 0.5) / RATE)
    return _faded(np.interp(at, np.arange(len(raw)), raw), 0.001, min(0.03, seconds / 3))


def guitar_body(sound: Sound) -> Sound:
    """The air and wood of an acoustic guitar around its strings."""
    return filtered(
        sound,
        high_pass(90.0),
        peak(105.0, 40.0, 1.8),
        peak(210.0, 60.0, 1.6),
        peak(420.0, 160.0, 1.3),
        low_pass(5500.0, 2),
    )


def bass_note(pitch: float, seconds: float) -> Sound:
    """A fingered bass guitar: sixteen partials, the high ones dying first."""
    time = seconds_axis(seconds)
    hertz = midi_hertz(pitch)
    sound = np.zeros(len(time))
    for partial in range(1, 17):
        level = np.sin(np.pi * partial * 0.22) / partial**1.1
        stiff = partial * np.sqrt(1.0 + 0.0001 * partial**2)
        decay = np.exp(-time * (0.8 + 0.5 * partial))
        sound += level * np.sin(2.0 * np.pi * hertz * stiff * time) * decay
    return _faded(sound, 0.006, min(0.04, seconds / 3))


def electric_piano(pitch: float, seconds: float) -> Sound:
    """A tine piano by frequency modulation: J. Chowning, J. Audio Eng. Soc. 21 (1973)."""
    time = seconds_axis(seconds)
    angle = 2.0 * np.pi * midi_hertz(pitch) * time
    tine = 0.35 * np.exp(-time / 0.08) * np.sin(14.0 * angle)
    body = np.sin(angle + 1.1 * np.exp(-time / 0.5) * np.sin(angle) + 0.3 * tine)
    return _faded(body * np.exp(-time / 1.1), 0.003, min(0.12, seconds / 3))


def pad(pitch: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Strings in the background: three saw waves a few cents apart, slow and dark; stereo."""
    time = seconds_axis(seconds)
    hertz = midi_hertz(pitch)
    sides = []
    for detune in (-1.0, 1.0):
        sound = np.zeros(len(time))
        for cents in (0.0, 7.0 * detune, 3.0 * detune):
            angle = 2.0 * np.pi * hertz * 2.0 ** (cents / 1200.0) * time + rng.uniform(0.0, 6.28)
            turn = np.exp(1j * angle)
            carrier = np.ones_like(turn)
            for partial in range(1, int(3500.0 / hertz) + 1):
                carrier *= turn
                sound += carrier.imag / partial
        sides.append(_faded(filtered(sound, low_pass(900.0)), 0.35, 0.4) / 3.0)
    return np.stack(sides, axis=1)
