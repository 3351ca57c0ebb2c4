"""Reading LRC: a time before each line and, in enhanced LRC, before each word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.errors import LyricsError
from core.lyrics.lrc_tags import SongTags, read_tag_line
from core.lyrics.model import MAX_TIME, Line, Lyrics, in_order, line_of_words
from core.lyrics.pieces import words_of_pieces
from core.lyrics.plain import plain_lines
from core.lyrics.stamps import (
    LINE_STAMP,
    WORD_STAMP,
    StampParts,
    has_hours,
    stamp_parts,
    stamp_seconds,
)
from core.lyrics.text import MAX_CHARACTERS, MAX_LINES, MAX_WORDS, Warnings, clean, split_lines

_MAX_STAMPS = 200

# "v1:" as newer players write it, "M:", "F:" and "D:" (both) as Walaoke did.
_SINGER = re.compile(r"(v[0-9]{1,2}|[FMD]):[ \t]*(?=\S)")
_BOTH = "D"


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the file: when it is sung, and its text in pieces with the stamps before them."""

    number: int
    stamps: list[StampParts]
    pieces: list[tuple[StampParts | None, str]]
    singer: str


def parse_lrc(text: str) -> Lyrics:
    """Read LRC or enhanced LRC.

    A line with several stamps is sung several times. A stamp with no text after it ends the line
    before. ``[offset:]`` is taken into the times: a positive one lets everything come earlier.
    Text without a time is left out, unless nothing has a time.

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
    tags = SongTags()
    rows: list[_Row] = []
    untimed: list[tuple[int, str]] = []
    for number, raw in enumerate(split_lines(text), 1):
        content = clean(raw).strip()
        if content.startswith(("#", "[:]")) or read_tag_line(content, tags, number, warnings):
            continue
        row = _read_row(number, content, warnings)
        if row is not None:
            rows.append(row)
        else:
            untimed.append((number, content))
    lines = _timed_lines(rows, tags.offset, warnings)
    if lines:
        for number, content in untimed:
            if content:
                warnings.add(number, "no time, left out")
    else:
        lines = plain_lines([content for _, content in untimed])
        warnings.add(0, "No line has a time")
    if not lines:
        raise LyricsError("There are no words in these lyrics.", "Choose another file.")
    return Lyrics(
        lines,
        title=tags.get("ti"),
        artist=tags.get("ar"),
        album=tags.get("al"),
        author=tags.get("au"),
        by=tags.get("by"),
        language=tags.get("la"),
        duration=tags.length,
        extra=tags.extra(),
        warnings=warnings.texts(),
    )


def _read_row(number: int, content: str, warnings: Warnings) -> _Row | None:
    """Take a line apart; None if it has no stamp at its beginning."""
    stamps: list[StampParts] = []
    at = 0
    while match := LINE_STAMP.match(content, at):
        stamps.append(stamp_parts(match))
        at = match.end()
        # Some programs put a space between stamps.
        while content.startswith(" ", at):
            at += 1
    if not stamps:
        # A line that begins with a word's stamp has its time from there.
        word = WORD_STAMP.match(content)
        if word is None:
            return None
        stamps.append(stamp_parts(word))
    if len(stamps) > _MAX_STAMPS:
        warnings.add(number, f"only the first {_MAX_STAMPS} times are used")
        del stamps[_MAX_STAMPS:]
    body = content[at:]
    if len(body) > MAX_CHARACTERS:
        warnings.add(number, "too long, cut")
        body = body[:MAX_CHARACTERS]
    singer = ""
    if found := _SINGER.match(body):
        singer = "" if found[1] == _BOTH else found[1]
        body = body[found.end() :]
    return _Row(number, stamps, list(_pieces(body)), singer)


def _pieces(body: str) -> Iterator[tuple[StampParts | None, str]]:
    stamp: StampParts | None = None
    at = 0
    for match in WORD_STAMP.finditer(body):
        yield stamp, body[at : match.start()]
        stamp = stamp_parts(match)
        at = match.end()
    yield stamp, body[at:]


def _timed_lines(rows: list[_Row], offset: float, warnings: Warnings) -> tuple[Line, ...]:
    inner = (stamp for row in rows for stamp, _ in row.pieces if stamp is not None)
    hours = has_hours([*(stamp for row in rows for stamp in row.stamps), *inner])
    lines: list[Line] = []
    words = 0
    for row in rows:
        first = stamp_seconds(row.stamps[0], hours)
        for stamp in row.stamps:
            seconds = stamp_seconds(stamp, hours)
            # Times of words are written once, for the first time that the line is sung.
            line = _line(row, seconds, seconds - first - offset, hours)
            if line is None:
                warnings.add(row.number, "a time that no song has, left out")
                continue
            words += len(line.words)
            if len(lines) == MAX_LINES or words > MAX_WORDS:
                warnings.add(row.number, "too many lines, all from here on are left out")
                return _with_ends(lines)
            lines.append(line)
    return _with_ends(lines)


def _line(row: _Row, seconds: float, shift: float, hours: bool) -> Line | None:
    """Make one line of a row; `shift` is what its words' stamps are moved by."""
    first = stamp_seconds(row.stamps[0], hours)
    start = max(first + shift, 0.0)
    timed: list[tuple[float, str]] = []
    for stamp, text in row.pieces:
        when = start if stamp is None else max(stamp_seconds(stamp, hours) + shift, 0.0)
        # A stamp that goes back in time is none.
        timed.append((max(when, timed[-1][0]) if timed else when, text))
    if max(start, timed[-1][0]) > MAX_TIME:
        return None
    if len(timed) == 1:
        return Line(timed[0][1].strip(), start, singer=row.singer)
    words = words_of_pieces(timed)
    if not words:
        return Line("", start)
    line = line_of_words(words, singer=row.singer)
    return replace(line, start=min(start, line.onset))


def _with_ends(lines: list[Line]) -> tuple[Line, ...]:
    """Sort the lines, and let those without text end the line before them."""
    result: list[Line] = []
    for line in in_order(lines):
        if line.text:
            result.append(line)
        elif result and result[-1].end is None:
            result[-1] = replace(result[-1], end=line.start)
    return tuple(result)
