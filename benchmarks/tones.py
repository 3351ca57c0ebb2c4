"""Songs of which no two are the same, made in a moment."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 44100

_SECONDS = 4.0


def write_tones(
    path: Path, seconds: float, seed: int, *, rate: int = RATE, channels: int = 2
) -> Path:
    """Write chords and noise that no other seed gives; the format follows from the name.

    Parameters
    ----------
    path
        Where to write; 16 bits.
    seconds
        How long.
    seed
        Of the random numbers.
    rate, channels
        Of the file, Hz.
    """
    random = np.random.default_rng(seed)
    time = np.arange(round(min(seconds, _SECONDS) * rate), dtype=np.float32) / rate
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in random.uniform(80, 2000, 4))
    chord = 0.1 * np.asarray(chord, np.float32)
    left = round(seconds * rate)
    with soundfile.SoundFile(path, "w", rate, channels, "PCM_16") as file:
        while left > 0:
            noise = 0.1 * random.standard_normal((len(time), channels), dtype=np.float32)
            file.write((chord[:, None] + noise)[:left])
            left -= len(time)
    return path
