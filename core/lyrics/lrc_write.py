"""Writing LRC and enhanced LRC."""

from core.errors import LyricsError
from core.lyrics.model import Line, Lyrics, Timing
from core.lyrics.stamps import clock
from core.lyrics.text import clean

_PAUSE = 2.0
"""A line that ends this much before the next one, seconds, gets an empty line at its end."""


def format_lrc(lyrics: Lyrics, *, words: bool = True, singers: bool = False) -> str:
    """Return lyrics as an LRC file.

    Times are rounded to hundredths, which every player reads.

    Parameters
    ----------
    lyrics
        Lyrics with times.
    words
        Write the times of words, where there are any (enhanced LRC).
    singers
        Begin lines of different singers with ``v1:``, ``v2:`` ... Players that do not know this
        show it.

    Raises
    ------
    LyricsError
        The lyrics have no times.
    """
    if lyrics.timing is Timing.NONE:
        raise LyricsError(
            "These lyrics have no times, which LRC needs.", "Write them as plain text instead."
        )
    rows = [f"[{name}:{_value(value)}]" for name, value in _tags(lyrics) if _value(value)]
    voices = {name: f"v{number}: " for number, name in enumerate(lyrics.singers, 1)}
    following = [*lyrics.lines[1:], None]
    for line, after in zip(lyrics.lines, following, strict=True):
        prefix = voices.get(line.singer, "") if singers else ""
        body = _timed_words(line) if words and line.words else clean(line.text)
        rows.append(f"[{clock(line.onset)}]{prefix}{body}")
        if line.end is not None and (after is None or after.onset - line.end >= _PAUSE):
            rows.append(f"[{clock(line.end)}]")
    return "\n".join(rows) + "\n"


def _tags(lyrics: Lyrics) -> list[tuple[str, str]]:
    length = "" if lyrics.duration is None else clock(lyrics.duration)
    return [
        ("ti", lyrics.title),
        ("ar", lyrics.artist),
        ("al", lyrics.album),
        ("au", lyrics.author),
        ("by", lyrics.by),
        ("la", lyrics.language),
        ("length", length),
    ]


def _value(text: str) -> str:
    return clean(text).strip()


def _timed_words(line: Line) -> str:
    parts = []
    for word, after in zip(line.words, [*line.words[1:], None], strict=True):
        parts.append(f"<{clock(word.start)}>{clean(word.text)}")
        # Where the next word begins is where this one ends, unless something else is written.
        if word.end is not None and (after is None or clock(after.start) != clock(word.end)):
            parts.append(f"<{clock(word.end)}>")
    return "".join(parts)
