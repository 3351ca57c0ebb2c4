"""What can be wrong with a library."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ProblemKind(StrEnum):
    """What can be wrong."""

    FOLDER_MISSING = "folder missing"
    STEM_MISSING = "stem missing"
    STEM_SIZE = "stem of another size"
    STEM_DAMAGED = "stem damaged"
    """Only a thorough check finds this."""
    UNREADABLE = "unreadable"
    EXTRA_MISSING = "lyrics or cover missing"
    ORPHAN = "folder without a row"
    """A whole track by its own record; it can be entered again."""
    COPY = "copy of a track"
    FOREIGN = "foreign folder"
    """Nothing of this program, as far as one can tell."""
    CLASH = "names differ in capitals only"
    LEFTOVER = "unfinished"
    """Of a separation that was cut off."""


SEPARATED_ANEW = frozenset(
    {
        ProblemKind.FOLDER_MISSING,
        ProblemKind.STEM_MISSING,
        ProblemKind.STEM_SIZE,
        ProblemKind.STEM_DAMAGED,
        ProblemKind.UNREADABLE,
    }
)
"""What separating the original once more mends."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    kind
        What sort of thing.
    track_id
        Whose it is; None for what belongs to no track.
    path
        Absolute, what it is about.
    text
        A sentence for the user.
    advice
        What to do.
    """

    kind: ProblemKind
    track_id: int | None
    path: Path
    text: str
    advice: str
