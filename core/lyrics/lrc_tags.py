"""What an LRC file says of the song: ``[ti:...]``, ``[ar:...]``, ``[offset:...]`` and others."""

import re

from core.lyrics.model import MAX_TIME
from core.lyrics.stamps import parse_length
from core.lyrics.text import Warnings

_TAG_LINE = re.compile(r"\[[ \t]*([A-Za-z#][A-Za-z0-9_#]{0,30})[ \t]*:(.*)\]")
_BETWEEN_TAGS = re.compile(r"\][ \t]*\[(?=[A-Za-z#][A-Za-z0-9_#]{0,30}[ \t]*:)")
_OFFSET = re.compile(r"[ \t]*([+-]?[0-9]{1,9}(?:[.,][0-9]{1,9})?)[ \t]*(?:ms)?[ \t]*")
_MAX_VALUE = 500
_MAX_TAGS = 200

_ALIASES = {"lang": "la", "language": "la", "title": "ti", "artist": "ar", "album": "al"}
_KNOWN = ("ti", "ar", "al", "au", "by", "la")
_BACKGROUND = "bg"


class SongTags:
    """The tags read so far; of several with one name, the first counts.

    Attributes
    ----------
    offset
        What all times are too late by, seconds.
    length
        Of the song, seconds, or None.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self.length: float | None = None
        self._values: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        """Take in one tag, unless it has no value or is there already."""
        if value and len(self._values) < _MAX_TAGS:
            self._values.setdefault(_ALIASES.get(name, name), value[:_MAX_VALUE])

    def get(self, name: str) -> str:
        """Return the value of a tag, empty where there is none."""
        return self._values.get(name, "")

    def extra(self) -> tuple[tuple[str, str], ...]:
        """Return the tags that the model has no place for."""
        return tuple(pair for pair in self._values.items() if pair[0] not in _KNOWN)


def read_tag_line(content: str, tags: SongTags, number: int, warnings: Warnings) -> bool:
    """Read a line of nothing but tags.

    Parameters
    ----------
    content
        The line, cleaned and stripped.
    tags
        Where they go.
    number
        Of the line.
    warnings
        Where it is said what was left out.

    Returns
    -------
    bool
        Whether it was one.
    """
    if _TAG_LINE.fullmatch(content) is None:
        return False
    for part in _BETWEEN_TAGS.split(content[1:-1]):
        name, _, value = part.partition(":")
        _take(name.strip().lower(), value.strip(), tags, number, warnings)
    return True


def _take(name: str, value: str, tags: SongTags, number: int, warnings: Warnings) -> None:
    if name == "offset":
        match = _OFFSET.fullmatch(value)
        milliseconds = 0.0 if match is None else float(match[1].replace(",", "."))
        if match is None or abs(milliseconds) > MAX_TIME * 1000:
            warnings.add(number, "an offset that is no number of milliseconds, left out")
        else:
            tags.offset = milliseconds / 1000
    elif name == "length":
        tags.length = parse_length(value)
        if tags.length is None and value:
            warnings.add(number, "a length that is no time, left out")
    elif name == _BACKGROUND:
        warnings.add(number, "background vocals, left out")
    elif not name.startswith("#"):
        tags.add(name, value)
