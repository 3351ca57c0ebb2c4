"""Instruments for made songs: each call is one stroke or tone, mono float32, peak about 1."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]


def kick(rate: int) -> Sound:
    """A bass drum: a tone that falls to 50 Hz."""
    time = np.arange(round(0.25 * rate)) / rate
    phase = 2 * np.pi * (50 * time + 70 * 0.03 * (1 - np.exp(-time / 0.03)))
    return np.asarray(np.sin(phase) * np.exp(-time / 0.08), np.float32)


def snare(rate: int, random: np.random.Generator) -> Sound:
    """A snare drum: noise over a short tone."""
    time = np.arange(round(0.2 * rate)) / rate
    noise = random.standard_normal(len(time))
    sound = 0.35 * noise * np.exp(-time / 0.05)
    return np.asarray(sound + 0.4 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.06), "f4")


def hat(rate: int, random: np.random.Generator) -> Sound:
    """A closed hat: noise without low frequencies."""
    time = np.arange(round(0.06 * rate)) / rate
    noise = np.diff(random.standard_normal(len(time) + 1))
    return np.asarray(0.15 * noise * np.exp(-time / 0.015), np.float32)


@lru_cache(256)
def play_tone(
    detune: float, rate: int, pitch: float, seconds: float, bright: float, decay: float
) -> Sound:
    """Return a tone with harmonics: MIDI pitch, length, seconds until it has faded by 1/e."""
    time = np.arange(round(seconds * rate)) / rate
    frequency = 440 * 2 ** ((pitch - 69 + detune / 100) / 12)
    sound = np.zeros(len(time))
    for harmonic in range(1, 9):
        if harmonic * frequency < 0.45 * rate:
            fade = np.exp(-time * (0.5 + 0.5 * harmonic) / decay)
            sound += bright**harmonic * np.sin(2 * np.pi * harmonic * frequency * time) * fade
    ramp = np.minimum(np.minimum(time / 0.005, (seconds - time) / 0.02), 1)
    return np.asarray(sound * np.clip(ramp, 0, 1) / bright, np.float32)
