"""Lyrics as every format means them: lines, words and notes with their times."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum

MAX_TIME = 360_000.0
"""Latest time that lyrics may have, seconds (100 hours); readers leave out what is later."""


class Timing(StrEnum):
    """How finely lyrics are timed."""

    NONE = "none"
    LINES = "lines"
    WORDS = "words"


class NoteKind(StrEnum):
    """What a singing game makes of a note."""

    NORMAL = "normal"
    GOLDEN = "golden"
    """Counts twice."""
    FREESTYLE = "freestyle"
    """Is not scored and has no pitch."""
    RAP = "rap"
    """Is spoken: no pitch."""
    RAP_GOLDEN = "rap golden"

    @property
    def pitched(self) -> bool:
        """Whether such a note has a pitch."""
        return self in (NoteKind.NORMAL, NoteKind.GOLDEN)


@dataclass(frozen=True, slots=True)
class Note:
    """One sung note of a word.

    Attributes
    ----------
    text
        The syllable; empty where the one before is held on another pitch.
    start, end
        Seconds from the beginning of the audio.
    pitch
        MIDI note number (60 is C4), or None.
    kind
        What a singing game makes of it.
    """

    text: str
    start: float
    end: float
    pitch: int | None = None
    kind: NoteKind = NoteKind.NORMAL


@dataclass(frozen=True, slots=True)
class Word:
    """The smallest part of a line that has a time of its own.

    Attributes
    ----------
    text
        As it stands in the line, with the space that follows it: the words of a line, joined,
        are its text (but for space at the end).
    start
        Seconds from the beginning of the audio.
    end
        Seconds; None when it is not known: until the next word, or the end of the line.
    pitch
        MIDI note number of its longest note, or None.
    notes
        Its notes, where they are known.
    """

    text: str
    start: float
    end: float | None = None
    pitch: int | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of lyrics.

    Attributes
    ----------
    text
        Without space around it. Empty only in lyrics without times, between verses.
    start
        Seconds from the beginning of the audio; None without times.
    end
        Seconds; None when it is not known.
    words
        Empty where only the line is timed.
    singer
        Who sings it; empty when that is everyone, or not known.
    """

    text: str
    start: float | None = None
    end: float | None = None
    words: tuple[Word, ...] = ()
    singer: str = ""

    @property
    def onset(self) -> float:
        """The start of a timed line, seconds.

        Raises
        ------
        ValueError
            The line has no time.
        """
        if self.start is None:
            raise ValueError("the line has no time")
        return self.start


@dataclass(frozen=True, slots=True)
class Lyrics:
    """The lyrics of one song.

    Attributes
    ----------
    lines
        Either all with times, in the order of their starts, or all without.
    title, artist, album
        Of the song; empty when unknown.
    author
        Who wrote the words.
    by
        Who made the file.
    language
        As the file says it.
    duration
        Length of the song as the file says it, seconds, or None.
    bpm
        #BPM of an UltraStar file: a quarter of the beats per minute that its notes are counted
        in, often no tempo of the music. None elsewhere.
    extra
        What else the file says of the song: names and values, in the file's order.
    warnings
        A sentence for each thing in the file that was left out, with its line number. Two lyrics
        are equal whatever their warnings.

    Raises
    ------
    ValueError
        Some lines have times and some do not, they are out of order, or a time is no number
        from 0 to `MAX_TIME`.
    """

    lines: tuple[Line, ...]
    title: str = ""
    artist: str = ""
    album: str = ""
    author: str = ""
    by: str = ""
    language: str = ""
    duration: float | None = None
    bpm: float | None = None
    extra: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = dataclass_field(default=(), compare=False)

    def __post_init__(self) -> None:
        if all(line.start is None for line in self.lines):
            if any(line.words for line in self.lines):
                raise ValueError("words have times where their lines have none")
            return
        before = 0.0
        for line in self.lines:
            if line.start is None:
                raise ValueError("some lines have times and some do not")
            if line.start < before:
                raise ValueError("lines are out of order")
            before = line.start
            _check_span(line.start, line.end)
            for word in line.words:
                _check_span(word.start, word.end)

    @property
    def timing(self) -> Timing:
        """How finely they are timed; `WORDS` when any line has words."""
        if not self.lines or self.lines[0].start is None:
            return Timing.NONE
        return Timing.WORDS if any(line.words for line in self.lines) else Timing.LINES

    @property
    def singers(self) -> tuple[str, ...]:
        """Everyone who sings a line alone, in the order of their first lines."""
        return tuple(dict.fromkeys(line.singer for line in self.lines if line.singer))

    @property
    def text(self) -> str:
        """The words alone, a line each."""
        return "\n".join(line.text for line in self.lines)


def _check_span(start: float, end: float | None) -> None:
    if not (math.isfinite(start) and 0 <= start <= MAX_TIME):
        raise ValueError(f"no time for lyrics: {start}")
    if end is not None and not start <= end <= MAX_TIME:
        raise ValueError(f"an end at {end} of what starts at {start}")


def line_of_words(words: Iterable[Word], *, end: float | None = None, singer: str = "") -> Line:
    """Make a line of its words.

    Parameters
    ----------
    words
        At least one, in their order.
    end
        Of the line, seconds; None takes the end of its last word.
    singer
        Who sings it.
    """
    words = tuple(words)
    last = words[-1].end
    ends = [word.end for word in words if word.end is not None]
    if end is None and last is not None:
        end = max(ends)
    return Line(
        "".join(word.text for word in words).strip(),
        min(word.start for word in words),
        end,
        words,
        singer,
    )


def in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Sort timed lines by their starts; lines that start together keep their order."""
    return tuple(sorted(lines, key=lambda line: line.onset))
