"""What an analysis finds."""

from dataclasses import dataclass

from core.analysis.keys import Key


@dataclass(frozen=True, slots=True)
class Analysis:
    """A song's tempo, beats, bars, key and sung parts. All times are seconds from its start.

    Attributes
    ----------
    bpm
        Beats per minute, from 50 to 220; of the longest part where the tempo changes. None where
        no beat was found. What a person taps may be half or twice of it.
    bpm_confidence
        0 (no pulse) to 1 (as regular as a machine).
    beats
        Times of the beats, rising.
    downbeats
        Times of the first beat of each bar; each is one of `beats`.
    beats_per_bar
        3 or 4; 4 where nothing tells.
    downbeat_confidence
        0 (any other beat of the bar might be the first) to 1.
    key
        The key of the whole song; None where there are no pitches to tell it from.
    key_confidence
        0 (keys more than one step away on the Camelot wheel fit as well) to 1. Whether it is the
        key itself, or its relative or a fifth, is less sure than that.
    tuning
        How far the song is tuned above (below 0: below) A = 440 Hz, cents, -50 to 50.
    vocal_activity
        Start and end of each part with singing, rising, not overlapping. Empty where the vocal
        stem is silent, and where no vocal stem was given.
    duration
        Length of the song, seconds.
    """

    bpm: float | None
    bpm_confidence: float
    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    beats_per_bar: int
    downbeat_confidence: float
    key: Key | None
    key_confidence: float
    tuning: float
    vocal_activity: tuple[tuple[float, float], ...]
    duration: float
