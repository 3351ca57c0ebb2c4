"""When lines and words end that do not say so, and words for lines that have none."""

import re
from bisect import bisect_right
from dataclasses import replace

from core.lyrics.model import MAX_TIME, Line, Lyrics, Timing, Word

SECONDS_PER_CHARACTER = 0.15
"""How long a line is taken to be sung when nothing else is known: slow speech."""

SHORTEST = 1.0
"""The least that a line is taken to last, seconds."""

_WORD = re.compile(r"\S+\s*")


def line_end(lyrics: Lyrics, index: int) -> float:
    """Return when a timed line ends, seconds.

    Its own end, if it has one; else the end of its last word; else a guess from its length, and
    never later than the next line starts.

    Parameters
    ----------
    lyrics
        With times.
    index
        Of the line.
    """
    line = lyrics.lines[index]
    if line.end is not None:
        return line.end
    start = line.onset
    length = SECONDS_PER_CHARACTER * len(line.text)
    if line.words:
        last = line.words[-1]
        start = max(start, last.start)
        if last.end is not None:
            return max(last.end, start)
        length = SECONDS_PER_CHARACTER * len(last.text)
    guess = min(start + max(length, SHORTEST), MAX_TIME)
    # Lines that start together are sung together: neither ends the other.
    following = bisect_right(lyrics.lines, start, lo=index, key=lambda line: line.onset)
    if following == len(lyrics.lines):
        return guess
    return min(guess, lyrics.lines[following].onset)


def word_end(line: Line, index: int, end: float) -> float:
    """Return when a word ends, seconds.

    Parameters
    ----------
    line
        Its line.
    index
        Of the word.
    end
        Of the line, for its last word; see `line_end`.
    """
    word = line.words[index]
    if word.end is not None:
        return word.end
    if index + 1 < len(line.words):
        return max(word.start, line.words[index + 1].start)
    return max(word.start, end)


def with_ends(lyrics: Lyrics) -> Lyrics:
    """Give every timed line and word an end; see `line_end`."""
    if lyrics.timing is Timing.NONE:
        return lyrics
    lines = []
    for index, line in enumerate(lyrics.lines):
        end = line_end(lyrics, index)
        words = tuple(
            replace(word, end=word_end(line, at, end)) for at, word in enumerate(line.words)
        )
        lines.append(replace(line, end=end, words=words))
    return replace(lyrics, lines=tuple(lines))


def with_words(lyrics: Lyrics) -> Lyrics:
    """Give every timed line words: where there are none, its time is shared out by their length.

    A guess, good enough to let a colour run over the line.
    """
    lines = [line if line.words else _shared_out(line) for line in with_ends(lyrics).lines]
    return replace(lyrics, lines=tuple(lines))


def without_words(lyrics: Lyrics) -> Lyrics:
    """Keep the times of lines only."""
    return replace(lyrics, lines=tuple(replace(line, words=()) for line in lyrics.lines))


def without_times(lyrics: Lyrics) -> Lyrics:
    """Keep the text only."""
    lines = tuple(Line(line.text, singer=line.singer) for line in lyrics.lines)
    return replace(lyrics, lines=lines, bpm=None)


def _shared_out(line: Line) -> Line:
    if line.start is None or line.end is None:
        return line
    texts = _WORD.findall(line.text)
    total = sum(len(text) for text in texts)
    words = []
    done = 0
    for text in texts:
        begin = line.start + (line.end - line.start) * done / total
        done += len(text)
        stop = line.start + (line.end - line.start) * done / total
        words.append(Word(text, begin, max(begin, stop)))
    return replace(line, words=tuple(words))
