"""Beats of an UltraStar song and seconds."""

import math
from bisect import bisect_right

QUARTERS = 4
"""Beats that notes are counted in, for each one of #BPM."""

SLOWEST, FASTEST = 0.1, 20_000.0
"""What is taken for a #BPM. Some editors multiply it for finer steps."""

_MAX_CHANGES = 10_000


class BeatClock:
    """Turns beats into seconds.

    Parameters
    ----------
    bpm
        #BPM, from `SLOWEST` to `FASTEST`.
    gap
        Where beat 0 is, seconds.
    """

    def __init__(self, bpm: float, gap: float) -> None:
        # Each entry: first beat, its time in seconds, seconds of a beat from there on.
        self._spans = [(-math.inf, gap, beat_seconds(bpm))]

    @property
    def changes(self) -> bool:
        """Whether the tempo changes."""
        return len(self._spans) > 1

    def change(self, beat: float, bpm: float) -> bool:
        """Let the tempo change, later than all changes before.

        Returns
        -------
        bool
            False if that makes no sense; then nothing has happened.
        """
        if not SLOWEST <= bpm <= FASTEST or len(self._spans) == _MAX_CHANGES:
            return False
        if beat <= self._spans[-1][0]:
            return False
        self._spans.append((beat, self.seconds(beat), beat_seconds(bpm)))
        return True

    def seconds(self, beat: float) -> float:
        """Return when a beat is, in seconds from the beginning of the audio."""
        index = bisect_right(self._spans, beat, key=lambda span: span[0]) - 1
        first, when, step = self._spans[index]
        return when + (beat if index == 0 else beat - first) * step


def beat_seconds(bpm: float) -> float:
    """Return the seconds of one beat that notes are counted in."""
    return 60.0 / (bpm * QUARTERS)
