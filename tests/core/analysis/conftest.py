"""Songs with known answers, made by the rules that the benchmark uses too."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

# At the end: where minusone is installed, the installed one is tested. The benchmarks are no
# part of it.
sys.path.append(str(Path(__file__).parents[3]))

from benchmarks.made_songs import MadeSong, Recipe, make_song
from core.analysis.analyse import analyse
from core.analysis.records import Analysis


@dataclass(frozen=True, slots=True)
class Heard:
    """A made song, its files, and what was found in it."""

    song: MadeSong
    files: dict[str, Path]
    found: Analysis


@pytest.fixture(scope="session")
def hear(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Heard]:
    """Make a song and analyse its mixture, or its stems."""
    made: dict[Recipe, tuple[MadeSong, dict[str, Path]]] = {}

    def make(recipe: Recipe, *, stems: bool = False) -> Heard:
        if recipe not in made:
            song = make_song(recipe)
            made[recipe] = song, song.write(tmp_path_factory.mktemp("song"))
        song, files = made[recipe]
        return Heard(song, files, analyse(files if stems else files["mixture"]))

    return make


@pytest.fixture(scope="session")
def hits() -> Callable[..., float]:
    """F-measure of times against true times: both found and true, within 70 ms."""

    def measure(found: tuple[float, ...], true: tuple[float, ...]) -> float:
        if not found or not true:
            return 0.0
        near = np.abs(np.subtract.outer(np.array(true), np.array(found))).min(axis=1) < 0.07
        return float(2 * near.sum() / (len(found) + len(true)))

    return measure
