"""Means, differences and worst songs, on scores made up for it."""

import pytest

from core.evaluation.quality import QualityReport, SongScore, StemScore
from core.evaluation.summary import summarize


def _score(song: str, preset: str, vocals: float | None, seconds: float) -> SongScore:
    stems = {
        "vocals": StemScore(vocals, vocals, None if vocals is None else 2 * vocals),
        "accompaniment": StemScore(10.0, 9.0, None),
    }
    return SongScore(song, preset, 60.0, seconds, 2 * seconds, stems)


@pytest.fixture
def report() -> QualityReport:
    """Three songs, the last one instrumental, by two presets."""
    scores = (
        _score("one", "spleeter", 4.0, 1.0),
        _score("one", "best", 6.0, 2.0),
        _score("two", "spleeter", 8.0, 1.0),
        _score("two", "best", 7.5, 4.0),
        _score("three", "spleeter", None, 1.0),
        _score("three", "best", None, 3.0),
    )
    stems = ("vocals", "accompaniment")
    return QualityReport("model", "spleeter", ("spleeter", "best"), stems, 0.0, scores, {})


def test_means_are_over_the_songs_that_have_the_stem(report: QualityReport) -> None:
    spleeter, best = summarize(report)
    assert (spleeter.stems[0].sdr, best.stems[0].sdr) == (6.0, 6.75)
    assert best.stems[0].sir == 13.5
    assert best.stems[1].sdr == 10.0
    assert best.stems[1].sir is None


def test_differences_are_song_by_song(report: QualityReport) -> None:
    vocals = summarize(report)[1].stems[0]
    assert vocals.sdr_gain == 0.75
    assert vocals.sir_gain == 1.5
    assert (vocals.worst_song, vocals.worst_gain) == ("two", -0.5)


def test_reference_differs_from_itself_by_nothing(report: QualityReport) -> None:
    spleeter = summarize(report)[0]
    assert spleeter.stems[0].sdr_gain == spleeter.stems[0].worst_gain == 0.0
    assert spleeter.time_ratio == spleeter.cpu_ratio == 1.0


def test_times_are_compared_over_all_songs(report: QualityReport) -> None:
    best = summarize(report)[1]
    assert best.time_ratio == best.cpu_ratio == 3.0
    assert best.realtime_factor == 20.0


def test_infinite_scores_spoil_no_mean(report: QualityReport) -> None:
    perfect = _score("four", "spleeter", float("inf"), 1.0)
    scores = (*report.scores, perfect, _score("four", "best", 5.0, 1.0))
    widened = QualityReport("model", "spleeter", report.presets, report.stems, 0.0, scores, {})
    spleeter, best = summarize(widened)
    assert spleeter.stems[0].sdr == 6.0
    assert best.stems[0].sdr_gain == 0.75
