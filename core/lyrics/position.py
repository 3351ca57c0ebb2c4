"""Where a player is in the lyrics: which line, which word, how far, and what comes next."""

from bisect import bisect_right
from dataclasses import dataclass

from core.lyrics.ends import line_end, word_end
from core.lyrics.model import Line, Lyrics, Timing, Word

_TOGETHER = 8
"""Lines before the current one that are looked at for being sung at the same time."""


@dataclass(frozen=True, slots=True)
class Position:
    """What is sung at one moment. Lines and words are numbers, from 0, into `Lyrics.lines`.

    Attributes
    ----------
    line
        The line being sung; of several, the one that began last. None between lines.
    previous
        The last line that has begun, over or not: what a player without room for more shows.
        None before the first.
    singing
        All lines being sung, `line` last; more than one in a duet.
    word
        The word being sung, or the last one begun, of `line`; None before the first, and where
        only the line is timed.
    word_progress
        How much of the word has been sung, 0 to 1; by its notes, where they are known.
    line_progress
        How much of the line's text has been sung, 0 to 1: as far as a colour runs over it.
    upcoming
        The next line that begins; None after the last has begun.
    until_next
        Seconds until then; None likewise.
    """

    line: int | None = None
    previous: int | None = None
    singing: tuple[int, ...] = ()
    word: int | None = None
    word_progress: float = 0.0
    line_progress: float = 0.0
    upcoming: int | None = None
    until_next: float | None = None


def line_at(lyrics: Lyrics, time: float) -> int | None:
    """Return the number of the line being sung; None between lines, and without times.

    Parameters
    ----------
    lyrics
        What is sung.
    time
        Seconds from the beginning of the audio.
    """
    singing = _singing(lyrics, time, _begun(lyrics, time))
    return singing[-1] if singing else None


def position(lyrics: Lyrics, time: float) -> Position:
    """Return where a player is; quick enough for every frame, however long the song is.

    Parameters
    ----------
    lyrics
        What is sung; without times, nothing is ever current.
    time
        Seconds from the beginning of the audio.
    """
    if lyrics.timing is Timing.NONE:
        return Position()
    begun = _begun(lyrics, time)
    upcoming = begun if begun < len(lyrics.lines) else None
    until_next = None if upcoming is None else lyrics.lines[upcoming].onset - time
    previous = begun - 1 if begun else None
    singing = _singing(lyrics, time, begun)
    if not singing:
        return Position(previous=previous, upcoming=upcoming, until_next=until_next)
    current = singing[-1]
    line, end = lyrics.lines[current], line_end(lyrics, current)
    word, within = _word_at(line, end, time)
    return Position(
        line=current,
        previous=previous,
        singing=singing,
        word=word,
        word_progress=within,
        line_progress=_line_progress(line, end, word, within, time),
        upcoming=upcoming,
        until_next=until_next,
    )


def next_lines(lyrics: Lyrics, time: float, count: int) -> tuple[int, ...]:
    """Return the numbers of the lines that begin next, at most `count` of them."""
    if lyrics.timing is Timing.NONE:
        return ()
    begun = _begun(lyrics, time)
    return tuple(range(begun, min(begun + max(count, 0), len(lyrics.lines))))


def _begun(lyrics: Lyrics, time: float) -> int:
    """Return how many lines have begun."""
    if lyrics.timing is Timing.NONE:
        return 0
    return bisect_right(lyrics.lines, time, key=lambda line: line.onset)


def _singing(lyrics: Lyrics, time: float, begun: int) -> tuple[int, ...]:
    recent = range(max(begun - _TOGETHER, 0), begun)
    return tuple(index for index in recent if time < line_end(lyrics, index))


def _word_at(line: Line, end: float, time: float) -> tuple[int | None, float]:
    index = bisect_right(line.words, time, key=lambda word: word.start) - 1
    if index < 0:
        return None, 0.0
    word = line.words[index]
    stop = word_end(line, index, end)
    return index, _by_notes(word, time) if word.notes else _share(word.start, stop, time)


def _by_notes(word: Word, time: float) -> float:
    """Return how much of a word's text has been sung; a held syllable lasts over its notes."""
    spans: list[tuple[int, float, float]] = []
    for note in word.notes:
        if note.text or not spans:
            spans.append((len(note.text), note.start, note.end))
        else:
            letters, start, _ = spans[-1]
            spans[-1] = (letters, start, note.end)
    total = sum(letters for letters, _, _ in spans)
    if not total:
        return _share(word.notes[0].start, word.notes[-1].end, time)
    sung = sum(letters * _share(start, end, time) for letters, start, end in spans)
    return min(sung / total, 1.0)


def _line_progress(line: Line, end: float, word: int | None, within: float, time: float) -> float:
    if not line.words:
        return _share(line.onset, end, time)
    total = sum(len(each.text) for each in line.words)
    if word is None or not total:
        return 0.0
    before = sum(len(each.text) for each in line.words[:word])
    return min((before + within * len(line.words[word].text)) / total, 1.0)


def _share(start: float, end: float, time: float) -> float:
    """Return how much of a span is over, 0 to 1."""
    if time >= end:
        return 1.0
    return max((time - start) / (end - start), 0.0) if end > start else 0.0
