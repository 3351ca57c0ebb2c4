"""What a check finds, and how bad it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    """Works, but slower or with less than it could."""
    PROBLEM = "problem"
    """Something will not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    topic
        What was looked at, one or two words.
    status
        How bad it is.
    text
        What was found.
    fix
        What to do about it; empty when there is nothing to do.
    """

    topic: str
    status: Status
    text: str
    fix: str = ""


Check = Callable[[], Iterator[Finding]]
