"""What a progress report says."""

import pytest

from core.separation.progress import Progress, Stage


def test_nothing_is_known_before_anything_is_done() -> None:
    progress = Progress(Stage.READING, 0.0, 0.0, 0.4)
    assert progress.fraction == 0.0
    assert progress.realtime_factor is None
    assert progress.remaining is None


def test_factor_and_time_left_follow_from_the_separation_alone() -> None:
    # A second of loading and reading says nothing about how fast the rest will be.
    progress = Progress(Stage.SEPARATING, 60.0, 240.0, 3.0, 2.0)
    assert progress.fraction == 0.25
    assert progress.realtime_factor == pytest.approx(30.0)
    assert progress.remaining == pytest.approx(6.0)


def test_more_than_announced_is_not_more_than_all() -> None:
    progress = Progress(Stage.WRITING, 250.0, 240.0, 9.0, 8.0)
    assert progress.fraction == 1.0
    assert progress.remaining == 0.0
