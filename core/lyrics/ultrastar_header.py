"""The header of an UltraStar song: ``#NAME:value``."""

import re

from core.lyrics.beats import FASTEST, SLOWEST
from core.lyrics.model import MAX_TIME
from core.lyrics.text import Warnings

_DECIMAL = re.compile(r"[+-]?[0-9]{1,9}(?:[.,][0-9]{0,9})?")
_MAX_VALUE = 2048
_MAX_HEADERS = 500
# What the model has a place for, or what is in the times already.
_TAKEN = frozenset(
    ("TITLE", "ARTIST", "ALBUM", "CREATOR", "LANGUAGE", "BPM", "GAP", "RELATIVE", "ENCODING")
)


class Header:
    """The values read so far; of several with one name, the last counts, as in games.

    Attributes
    ----------
    bpm
        None if there is none.
    gap
        Where beat 0 is, seconds.
    """

    def __init__(self) -> None:
        self.bpm: float | None = None
        self.gap = 0.0
        self._values: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        """Take in one value; an empty one is none."""
        if value and (name in self._values or len(self._values) < _MAX_HEADERS):
            self._values[name] = value[:_MAX_VALUE]

    def get(self, name: str) -> str:
        """Return a value, empty where there is none."""
        return self._values.get(name, "")

    @property
    def relative(self) -> bool:
        """Whether each line's beats are counted from the line break before it."""
        return self.get("RELATIVE").lower() == "yes"

    @property
    def versioned(self) -> bool:
        """Whether the file says which version of the format it is in."""
        return bool(self.get("VERSION"))

    def singer(self, number: int) -> str:
        """Return the name of a duet's singer."""
        short = f"P{number}"
        return self.get(short) or self.get(f"DUETSINGER{short}") or short

    def extra(self) -> tuple[tuple[str, str], ...]:
        """Return what the model has no place for."""
        return tuple(pair for pair in self._values.items() if pair[0] not in _TAKEN)


def is_header(row: str) -> bool:
    """Whether a line belongs to the header."""
    return row.lstrip("\ufeff \t").startswith("#")


def read_header(row: str, header: Header, number: int, warnings: Warnings) -> None:
    """Read one line of the header.

    Parameters
    ----------
    row
        The line, cleaned.
    header
        Where its value goes.
    number
        Of the line.
    warnings
        Where it is said what was left out.
    """
    name, colon, value = row.strip()[1:].partition(":")
    name, value = name.strip().upper(), value.strip()
    if not colon or not name:
        warnings.add(number, "a header without a colon, left out")
    elif name == "BPM":
        bpm = _decimal(value)
        if bpm is None or not SLOWEST <= bpm <= FASTEST:
            warnings.add(number, "a #BPM that is no tempo, left out")
        else:
            header.bpm = bpm
    elif name == "GAP":
        gap = _decimal(value)
        if value and (gap is None or abs(gap) > MAX_TIME * 1000):
            warnings.add(number, "a #GAP that is no number of milliseconds, left out")
        else:
            header.gap = (gap or 0.0) / 1000
    else:
        header.add(name, value)


def _decimal(text: str) -> float | None:
    """Read a number with a decimal point or comma."""
    return float(text.replace(",", ".")) if _DECIMAL.fullmatch(text) else None
