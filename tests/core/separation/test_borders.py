"""What is heard where patches meet, with the real network.

The same music is separated several times, each time with more silence before it: the borders
between patches move through the music, and every place can be compared with itself, once near a
border and once away from all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.separation.manifest import ModelEntry, ModelSpec
from core.separation.patches import plan_patches
from core.separation.separator import Separator
from core.separation.stft import frame_count

RATE = 44100
NEAR = RATE // 5
SHIFTS = tuple(round(RATE * 1.9) * turn for turn in range(6))


@dataclass(frozen=True)
class Borders:
    """Mean power near borders over that away from them at the same places, dB."""

    error: float
    roughness: float


def delayed(separator: Separator, song: np.ndarray, shift: int) -> np.ndarray:
    silence = np.zeros((shift, 2), np.float32)
    stems = separator.separate(np.concatenate([silence, song]), RATE, stems=["vocals"])
    return stems["vocals"].samples[shift:]


def near_borders(frames: int, shift: int, overlap: int, spec: ModelSpec) -> np.ndarray:
    near = np.zeros(frames, bool)
    total = frame_count(frames + shift, spec.frame, spec.hop)
    patches = plan_patches(total, spec.frames, overlap)
    for before, after in pairwise(patches):
        middle = (after.start + before.start + spec.frames - 1) / 2
        sample = round(middle * spec.hop - spec.frame / 2) - shift
        near[max(0, sample - NEAR) : max(0, sample + NEAR)] = True
    return near


def measure(
    separator: Separator, song: np.ndarray, truth: np.ndarray, overlap: int, spec: ModelSpec
) -> Borders:
    count = np.zeros((2, len(song)))
    error = np.zeros_like(count)
    roughness = np.zeros_like(count)
    for shift in SHIFTS:
        stem = delayed(separator, song, shift)
        near = near_borders(len(song), shift, overlap, spec)
        bend = np.pad(np.square(np.diff(stem, 2, axis=0)).mean(axis=1), 1)
        wrong = np.square(stem - truth).mean(axis=1)
        for row, here in enumerate((near, ~near)):
            count[row] += here
            error[row] += here * wrong
            roughness[row] += here * bend
    both = (count > 0).all(axis=0)
    assert both.mean() > 0.1

    def ratio(power: np.ndarray) -> float:
        means = (power[:, both] / count[:, both]).mean(axis=1)
        return float(10 * np.log10(means[0] / means[1]))

    return Borders(ratio(error), ratio(roughness))


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    (path,) = (Path(__file__).parents[3] / "examples" / "demo_song").glob("*.flac")
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    return samples[: 22 * RATE]


@pytest.fixture(scope="module")
def truth(song: np.ndarray, separator: Callable[..., Separator]) -> np.ndarray:
    """The stem when patches overlap by half, averaged over two positions of the patches."""
    thorough = separator("balanced", overlap=256)
    return np.mean([delayed(thorough, song, shift) for shift in SHIFTS[::4]], axis=0)


def test_error_at_borders_is_no_larger_than_elsewhere(
    song: np.ndarray, truth: np.ndarray, separator: Callable[..., Separator], bundled: ModelEntry
) -> None:
    spec = bundled.spec
    found = measure(separator("balanced"), song, truth, 32, spec)
    print(f"borders, dB over elsewhere: error {found.error:+.2f}, bends {found.roughness:+.2f}")
    assert found.error < 0.3
    # A click is a bend in the wave: none may be added where patches meet.
    assert found.roughness < 0.5


def test_without_overlap_the_borders_are_worse(
    song: np.ndarray, truth: np.ndarray, separator: Callable[..., Separator], bundled: ModelEntry
) -> None:
    # What the overlap is for, and what shows that the measurement can see a bad border.
    found = measure(separator("balanced", overlap=0), song, truth, 0, bundled.spec)
    print(f"without overlap: error {found.error:+.2f} dB over elsewhere")
    assert found.error > 3.0
