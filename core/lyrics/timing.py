"""Lyrics for audio that starts elsewhere, runs at another speed or in another key."""

import math
from collections.abc import Callable
from dataclasses import replace

from core.errors import UsageError
from core.lyrics.ends import line_end, word_end
from core.lyrics.model import MAX_TIME, Line, Lyrics, Note, Timing, Word, in_order, line_of_words

_HIGHEST_PITCH = 127


def shifted(lyrics: Lyrics, seconds: float) -> Lyrics:
    """Move all times.

    Parameters
    ----------
    lyrics
        Those without times stay as they are.
    seconds
        Above 0: later. What would begin before the audio begins with it; what would be over by
        then is left out.

    Raises
    ------
    UsageError
        No number, or more than any song is long.
    """
    if not (math.isfinite(seconds) and abs(seconds) <= MAX_TIME):
        raise UsageError(f"Lyrics cannot be moved by {seconds} seconds.", "Give a smaller number.")
    moved = rescaled(lyrics, 1.0, -seconds)
    return replace(moved, duration=lyrics.duration)


def rescaled(lyrics: Lyrics, rate: float, start: float = 0.0, end: float | None = None) -> Lyrics:
    """Fit lyrics to a part of the audio that is played at another speed.

    A word at time ``t`` is heard at ``(t - start) / rate``. Lines and words that are over before
    the part begins, or begin after it is over, are left out; what crosses its edges is cut there.

    Parameters
    ----------
    lyrics
        Those without times stay as they are.
    rate
        Speed, above 0: 0.9 is slower, so that everything comes later.
    start
        Where the part begins in the audio, seconds; below 0 if silence goes before it.
    end
        Where it ends, seconds; None is the end of the audio.

    Raises
    ------
    UsageError
        A rate that is not above 0, a start that is no number, an end before the start.
    """
    if not (math.isfinite(rate) and 0.001 <= rate <= 1000):
        raise UsageError(f"The speed must be from 0.001 to 1000, not {rate}.")
    if not (math.isfinite(start) and abs(start) <= MAX_TIME):
        raise UsageError(f"The start must be a time in seconds, not {start}.")
    if end is not None and not end > start:
        raise UsageError(f"The end ({end} s) must be after the start ({start} s).")
    if lyrics.timing is Timing.NONE:
        return lyrics
    last = MAX_TIME if end is None else min((end - start) / rate, MAX_TIME)

    def moved(time: float) -> float:
        return (time - start) / rate

    lines = []
    for index, line in enumerate(lyrics.lines):
        heard = _line(line, line_end(lyrics, index), moved, last)
        if heard is not None:
            lines.append(heard)
    duration = lyrics.duration
    if duration is not None:
        duration = max(min(moved(duration), last), 0.0)
    bpm = None if lyrics.bpm is None else lyrics.bpm * rate
    return replace(lyrics, lines=in_order(lines), duration=duration, bpm=bpm)


def transposed(lyrics: Lyrics, semitones: float) -> Lyrics:
    """Move the pitch of every note.

    Parameters
    ----------
    lyrics
        Those without notes stay as they are.
    semitones
        Above 0: higher. Rounded; notes that leave MIDI's range lose their pitch.
    """
    step = round(semitones)

    def pitch(old: int | None) -> int | None:
        return None if old is None or not 0 <= old + step <= _HIGHEST_PITCH else old + step

    def word(old: Word) -> Word:
        notes = tuple(replace(note, pitch=pitch(note.pitch)) for note in old.notes)
        return replace(old, pitch=pitch(old.pitch), notes=notes)

    return replace(
        lyrics,
        lines=tuple(
            replace(line, words=tuple(word(old) for old in line.words)) for line in lyrics.lines
        ),
    )


def _line(line: Line, end: float, moved: Callable[[float], float], last: float) -> Line | None:
    if not _heard(moved(line.onset), moved(end), last):
        return None
    start = _within(moved(line.onset), last)
    stop = None if line.end is None else max(_within(moved(line.end), last), start)
    if not line.words:
        return replace(line, start=start, end=stop)
    words = []
    for index, word in enumerate(line.words):
        whole = moved(word.start), moved(word_end(line, index, end))
        if _heard(*whole, last):
            words.append(_word(word, moved, last))
    if not words:
        return None
    if len(words) == len(line.words):
        return replace(line, start=start, end=stop, words=tuple(words))
    # What is left of the line has its text from the words that are left.
    words[-1] = replace(words[-1], text=words[-1].text.rstrip())
    left = line_of_words(words, singer=line.singer)
    return left if stop is None else replace(left, end=max(stop, left.onset))


def _word(word: Word, moved: Callable[[float], float], last: float) -> Word:
    start = _within(moved(word.start), last)
    end = None if word.end is None else max(_within(moved(word.end), last), start)
    notes = tuple(_note(note, moved, last) for note in word.notes)
    return replace(word, start=start, end=end, notes=notes)


def _note(note: Note, moved: Callable[[float], float], last: float) -> Note:
    start = _within(moved(note.start), last)
    return replace(note, start=start, end=max(_within(moved(note.end), last), start))


def _heard(start: float, end: float, last: float) -> bool:
    """Whether any of a span is in the part; a span of no length is if it begins there."""
    return start < last and (end > 0 or start >= 0)


def _within(time: float, last: float) -> float:
    return min(max(time, 0.0), last)
