"""The whole way from a folder of stems to scores, with the real model on short sounds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import UsageError
from core.evaluation.metrics import sdr
from core.evaluation.quality import QualityReport, SongScore, measure_quality
from core.separation.separator import Separator

Sounds = dict[str, np.ndarray]
WriteStems = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, write_stems: WriteStems, sounds: Sounds) -> Path:
    """Two songs: one with vocals, one without."""
    stems = {"vocals": sounds["vocals"], "accompaniment": 0.5 * sounds["other"]}
    write_stems(tmp_path / "sung", stems)
    write_stems(tmp_path / "played", {"mixture": sounds["bass"], "drums": sounds["drums"]})
    return tmp_path


def _measure(folder: Path, *presets: str, gain: float = 0.0) -> QualityReport:
    return measure_quality(folder, presets, backend="cpu", threads=1, gain=gain)


def test_scores_are_those_of_the_separator(folder: Path, sounds: Sounds) -> None:
    report = _measure(folder, "spleeter")
    assert [score.song for score in report.scores] == ["played", "sung"]
    truth = 0.5 * sounds["other"]
    with Separator(preset="spleeter", backend="cpu") as separator:
        stems = separator.separate(sounds["vocals"] + truth, 44100)
    expected = sdr(stems["accompaniment"].samples, truth)
    assert report.scores[1].stems["accompaniment"].sdr == pytest.approx(expected, abs=0.01)


def test_song_without_vocals_is_scored_by_its_accompaniment(folder: Path) -> None:
    played = _measure(folder, "spleeter").scores[0]
    assert played.stems["vocals"].sdr is None
    assert played.stems["accompaniment"].sdr is not None
    # Nothing of another stem can be heard where there is no other stem.
    assert played.stems["accompaniment"].sir is None


def test_reference_is_measured_even_when_it_was_not_asked_for(folder: Path) -> None:
    seen: list[SongScore] = []
    report = measure_quality(folder, ["fast"], backend="cpu", threads=1, progress=seen.append)
    assert report.presets == ("spleeter", "fast")
    assert tuple(seen) == report.scores
    assert [(s.song, s.preset) for s in seen] == [
        ("played", "spleeter"),
        ("played", "fast"),
        ("sung", "spleeter"),
        ("sung", "fast"),
    ]
    assert all(score.duration == 1.0 and score.seconds > 0 for score in seen)


def test_gain_is_undone_before_scoring(folder: Path) -> None:
    plain, softer = _measure(folder, "fast"), _measure(folder, "fast", gain=-18.0)
    for own, other in zip(plain.scores, softer.scores, strict=True):
        if own.preset == "fast":
            before, after = own.stems["accompaniment"].sdr, other.stems["accompaniment"].sdr
            assert before is not None
            assert after == pytest.approx(before, abs=0.05)


def test_unknown_preset_is_refused_before_anything_is_separated(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no preset 'loud'"):
        _measure(tmp_path, "loud")


def test_gain_must_be_a_number(folder: Path) -> None:
    with pytest.raises(UsageError, match="gain"):
        _measure(folder, "spleeter", gain=float("nan"))
