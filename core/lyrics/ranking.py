"""Which of several lyrics of one song to show."""

from core.lyrics.model import Lyrics, Timing

_FINENESS = {Timing.NONE: 0, Timing.LINES: 1, Timing.WORDS: 2}


def fineness(lyrics: Lyrics) -> int:
    """Return how much lyrics say: 0 text, 1 times of lines, 2 of words, 3 notes."""
    notes = any(word.notes for line in lyrics.lines for word in line.words)
    return 3 if notes else _FINENESS[lyrics.timing]
