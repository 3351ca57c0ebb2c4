"""Lyrics that are nothing but text."""

from collections.abc import Iterable

from core.errors import LyricsError
from core.lyrics.model import Line, Lyrics
from core.lyrics.text import MAX_CHARACTERS, MAX_LINES, Warnings, clean, split_lines


def parse_plain(text: str) -> Lyrics:
    """Read plain text: a line each, with an empty one between verses.

    Parameters
    ----------
    text
        The file, decoded.

    Raises
    ------
    LyricsError
        There are no words in it.
    """
    warnings = Warnings()
    contents = []
    for number, raw in enumerate(split_lines(text), 1):
        if number > MAX_LINES:
            warnings.add(number, "too many lines, all from here on are left out")
            break
        content = clean(raw).strip()
        if len(content) > MAX_CHARACTERS:
            warnings.add(number, "too long, cut")
            content = content[:MAX_CHARACTERS].rstrip()
        contents.append(content)
    lines = plain_lines(contents)
    if not lines:
        raise LyricsError("There are no words in these lyrics.", "Choose another file.")
    return Lyrics(lines, warnings=warnings.texts())


def plain_lines(contents: Iterable[str]) -> tuple[Line, ...]:
    """Make untimed lines; of several empty ones, one is left, and none at the ends."""
    lines: list[Line] = []
    for content in contents:
        if len(lines) == MAX_LINES:
            break
        if content or (lines and lines[-1].text):
            lines.append(Line(content[:MAX_CHARACTERS]))
    while lines and not lines[-1].text:
        lines.pop()
    return tuple(lines)


def format_plain(lyrics: Lyrics) -> str:
    """Return the words alone, as a text file."""
    return lyrics.text + "\n"
