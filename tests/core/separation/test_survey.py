"""The first pass over a song."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import AudioError
from core.separation.level import LevelMeter
from core.separation.survey import survey_song


def test_survey_finds_what_the_separation_needs(write_song: Callable, music: Callable) -> None:
    song = music(3.3, 22050)
    path = write_song(song, 22050)
    seen: list[tuple[float, float]] = []
    survey = survey_song(path, 0.0, None, lambda done, total: seen.append((done, total)))
    meter = LevelMeter(22050)
    meter.feed(song)
    assert (survey.rate, survey.channels, survey.frames) == (22050, 2, len(song))
    assert survey.level == pytest.approx(meter.level(), abs=1e-4)
    assert survey.warnings == ()
    assert seen[-1] == (pytest.approx(len(song) / 22050), pytest.approx(len(song) / 22050))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_survey_measures_the_part_asked_for(write_song: Callable) -> None:
    song = np.zeros((44100 * 3, 1), np.float32)
    song[44100:88200] = 0.1
    path = write_song(song)
    survey = survey_song(path, 1.0, 1.0, lambda done, total: None)
    assert survey.frames == 44100
    assert survey.level == pytest.approx(-20.0, abs=1e-3)
    assert survey_song(path, 2.5, None, lambda done, total: None).level is None


def test_more_channels_are_mixed_down_with_a_warning(write_song: Callable) -> None:
    path = write_song(np.full((5000, 6), 0.1, np.float32), 48000)
    survey = survey_song(path, 0.0, None, lambda done, total: None)
    assert survey.channels == 2
    assert any("6 channels" in warning for warning in survey.warnings)


def test_song_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_text("not a song at all, only words" * 100)
    with pytest.raises(AudioError, match=r"song\.mp3"):
        survey_song(path, 0.0, None, lambda done, total: None)
