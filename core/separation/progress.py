"""How far a separation has come."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What is being done to a song."""

    READING = "reading"
    """It is read once for its length and level."""
    SEPARATING = "separating"
    WRITING = "writing"
    """Files are completed and given their names."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A report from a running separation.

    Attributes
    ----------
    stage
        What is being done.
    done, total
        Seconds of music separated so far, and in all (while reading: announced, may be 0).
    elapsed
        Seconds since the song was begun.
    separating
        Of these, seconds since the separation itself was begun.
    """

    stage: Stage
    done: float
    total: float
    elapsed: float
    separating: float = 0.0

    @property
    def fraction(self) -> float:
        """Share of the song that is separated, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def realtime_factor(self) -> float | None:
        """Seconds of music per second of work; None before anything is done."""
        return self.done / self.separating if self.done > 0 and self.separating > 0 else None

    @property
    def remaining(self) -> float | None:
        """Estimated seconds of work left; None before anything is done."""
        factor = self.realtime_factor
        return None if factor is None else max(0.0, self.total - self.done) / factor


ProgressCallback = Callable[[Progress], None]
