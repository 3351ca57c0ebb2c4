"""Points in time: for people in local time, for programs in ISO 8601, UTC."""

from datetime import UTC, datetime


def iso(at: float | None) -> str | None:
    """Write Unix seconds as `2026-03-01T17:05:09Z`; None for None.

    Times that no calendar holds (a damaged row, a clock that ran wild) are None as well.
    """
    moment = _moment(at)
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_time(at: float | None) -> str:
    """Write Unix seconds in the time zone of this computer, `2026-03-01 18:05:09`."""
    moment = _moment(at)
    return "never" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def short_time(at: float | None, now: float) -> str:
    """Write `18:05` for today and `2026-02-28` for any other day, in local time."""
    moment, today = _moment(at), _moment(now)
    if moment is None:
        return "never"
    same_day = today is not None and moment.date() == today.date()
    return moment.strftime("%H:%M" if same_day else "%Y-%m-%d")


def _moment(at: float | None) -> datetime | None:
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
