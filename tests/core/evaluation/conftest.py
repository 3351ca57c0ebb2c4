"""Folders of songs with true stems, made of tones and noise."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 44100
WriteStems = Callable[..., Path]


def _write(folder: Path, stems: Mapping[str, np.ndarray], suffix: str = "wav") -> Path:
    folder.mkdir(parents=True)
    for name, samples in stems.items():
        subtype = "FLOAT" if suffix == "wav" else None
        soundfile.write(folder / f"{name}.{suffix}", samples, RATE, subtype=subtype)
    return folder


@pytest.fixture
def write_stems() -> WriteStems:
    """Give the function that writes arrays into a song's folder, one file each."""
    return _write


@pytest.fixture
def sounds() -> dict[str, np.ndarray]:
    """A second of stereo for each of four stems, float32; none is silent."""
    random = np.random.default_rng(5)
    names = ("vocals", "drums", "bass", "other")
    return {name: 0.1 * random.standard_normal((RATE, 2)).astype(np.float32) for name in names}
