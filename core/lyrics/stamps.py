"""Times in square or angle brackets: reading and writing them."""

import re
from collections.abc import Iterable

_TIME = r"[ \t]*([0-9]{1,4}):([0-9]{1,4})(?:([:.,])([0-9]{1,9})(?:[.,]([0-9]{1,9}))?)?[ \t]*"

LINE_STAMP = re.compile(rf"\[{_TIME}\]")
"""``[mm:ss]``, ``[mm:ss.xx]``, ``[mm:ss:xx]``, ``[hh:mm:ss]`` or ``[hh:mm:ss.xx]``."""

WORD_STAMP = re.compile(rf"<{_TIME}>|\[{_TIME}\]")
"""The same in angle brackets. Some programs put square ones between words too."""

StampParts = tuple[str, ...]


def stamp_parts(match: re.Match[str]) -> StampParts:
    """Return the numbers of a stamp, and what stands before the third of them."""
    groups = match.groups()
    # WORD_STAMP has its groups twice, one for each kind of bracket.
    chosen = groups[:5] if groups[0] is not None else groups[5:]
    return tuple(group or "" for group in chosen)


def has_hours(stamps: Iterable[StampParts]) -> bool:
    """Decide what three numbers with colons mean: hours, or hundredths at the end.

    ``[00:12:34]`` may be twelve minutes or twelve seconds. It is seconds if any such stamp of
    the file has a last number that no clock shows, or a first one that would make the song
    longer than an hour.
    """
    doubtful = [parts for parts in stamps if parts[2] == ":" and not parts[4]]
    return not any(
        int(third) >= 60 or int(first) >= 1 or len(third) != 2 for first, _, _, third, _ in doubtful
    )


def stamp_seconds(parts: StampParts, hours: bool) -> float:
    """Return a stamp as seconds.

    Parameters
    ----------
    parts
        From `stamp_parts`.
    hours
        What `has_hours` said of the file.
    """
    first, second, mark, third, fourth = parts
    if mark == ":" and (fourth or hours):
        whole = int(first) * 3600 + int(second) * 60 + int(third)
        return whole + _fraction(fourth)
    return int(first) * 60 + int(second) + _fraction(third)


def _fraction(digits: str) -> float:
    return int(digits) / 10 ** len(digits) if digits else 0.0


def clock(seconds: float) -> str:
    """Return seconds as ``mm:ss.xx``, as every player reads it: above an hour, more minutes."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def parse_length(text: str) -> float | None:
    """Read a length such as ``3:45`` or ``03:45.20``; None if it is none."""
    match = LINE_STAMP.fullmatch(f"[{text.strip()}]")
    return None if match is None else stamp_seconds(stamp_parts(match), hours=True)
