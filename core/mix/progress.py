"""How far the rendering of a mix has come."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class MixStage(StrEnum):
    """What is being done to a mix."""

    MEASURING = "measuring"
    """It is mixed aside, and its loudness and peaks are measured."""
    RENDERING = "rendering"
    """It is given out."""


@dataclass(frozen=True, slots=True)
class MixProgress:
    """A report from a running mix.

    Attributes
    ----------
    stage
        What is being done.
    done, total
        Seconds of the result that this stage has behind it, and in all.
    fraction
        Of the whole work, 0 to 1.
    elapsed
        Seconds since the rendering was begun.
    """

    stage: MixStage
    done: float
    total: float
    fraction: float
    elapsed: float


MixProgressCallback = Callable[[MixProgress], None]
"""May raise to stop the rendering: the exception comes out of it, and nothing is left behind."""
