"""Points in time as people and programs read them."""

import time
from collections.abc import Iterator

import pytest

from tui.cli.times import iso, local_time, short_time


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two hours east of Greenwich, whoever runs the tests."""
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


NOON = 1_772_366_709.75  # 2026-03-01 12:05:09 UTC


def test_programs_get_utc() -> None:
    assert iso(NOON) == "2026-03-01T12:05:09Z"
    assert iso(None) is None


def test_people_get_local_time() -> None:
    assert local_time(NOON) == "2026-03-01 14:05:09"
    assert local_time(None) == "never"


def test_today_needs_no_date() -> None:
    assert short_time(NOON, NOON + 60) == "14:05"
    assert short_time(NOON, NOON + 86400) == "2026-03-01"
    assert short_time(None, NOON) == "never"


@pytest.mark.parametrize("at", [1e300, -1e300, float("nan"), float("inf")])
def test_times_that_no_calendar_holds(at: float) -> None:
    assert iso(at) is None
    assert local_time(at) == "never"
    assert short_time(at, NOON) == "never"
    assert short_time(NOON, at) == "2026-03-01"
