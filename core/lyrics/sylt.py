"""Lyrics as pieces of text with milliseconds, which is what an ID3 tag's SYLT frame holds."""

import re
from collections.abc import Iterable

from core.errors import LyricsError
from core.lyrics.model import MAX_TIME, Line, Lyrics, Timing, in_order, line_of_words
from core.lyrics.pieces import words_of_pieces
from core.lyrics.text import MAX_CHARACTERS, MAX_LINES, MAX_WORDS, Warnings, clean

_BREAK = re.compile(r"\r\n|\r|\n")


def lyrics_of_pieces(pieces: Iterable[tuple[str, int]]) -> Lyrics:
    """Make lyrics of the pieces of a SYLT frame.

    A line end in a piece begins a new line, as the standard wants it; where no piece has one,
    each is a line.

    Parameters
    ----------
    pieces
        Texts, and their times in milliseconds.

    Raises
    ------
    LyricsError
        There are no words in them.
    """
    warnings = Warnings()
    known = sorted(
        ((time / 1000, text) for text, time in pieces if 0 <= time <= MAX_TIME * 1000),
        key=lambda piece: piece[0],
    )
    if len(known) > MAX_WORDS:
        warnings.add(0, "Too many pieces, all from here on are left out")
        del known[MAX_WORDS:]
    rows: list[list[tuple[float, str]]] = [[]]
    broken = any(_BREAK.search(text) for _, text in known)
    for start, text in known:
        first, *others = _BREAK.split(text) if broken else ["", text]
        rows[-1].append((start, clean(first)[:MAX_CHARACTERS]))
        rows += [[(start, clean(other)[:MAX_CHARACTERS])] for other in others]
    timed = [row for row in rows if any(text.strip() for _, text in row)]
    whole = all(sum(1 for _, text in row if text.strip()) == 1 for row in timed)
    lines = []
    for row in timed[:MAX_LINES]:
        words = words_of_pieces(row)
        lines.append(Line(words[0].text.strip(), words[0].start) if whole else line_of_words(words))
    if not lines:
        raise LyricsError("There are no words in these lyrics.", "Choose another file.")
    return Lyrics(in_order(lines), warnings=warnings.texts())


def pieces_of_lyrics(lyrics: Lyrics) -> list[tuple[str, int]]:
    """Return the pieces for a SYLT frame: words, or lines where only these have times.

    Parameters
    ----------
    lyrics
        With times; those without give no pieces.
    """
    if lyrics.timing is Timing.NONE:
        return []
    pieces: list[tuple[str, int]] = []
    for line in lyrics.lines:
        parts = [(word.text, word.start) for word in line.words] or [(line.text, line.onset)]
        for index, (text, start) in enumerate(parts):
            begin = "\n" if pieces and index == 0 else ""
            pieces.append((begin + clean(text), round(start * 1000)))
    return sorted(pieces, key=lambda piece: piece[1])
