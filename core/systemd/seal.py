"""Tells a unit that this program wrote from one that somebody wrote or changed."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

_FIRST_LINE = "# Written by `minusone service install`, which also writes it anew."
_ADVICE = "# Add to it with `systemctl edit`: a file that was changed here is not written over."
_SEAL = "# SHA-256 of what follows: "


class Author(StrEnum):
    """Who is responsible for the text of a unit."""

    PROGRAM = "program"
    """This program wrote it, and nobody has changed it."""
    EDITED = "edited"
    """This program wrote it, and somebody has changed it."""
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class SealedUnit:
    """What was read in a unit file.

    Attributes
    ----------
    author
        Who wrote it.
    body
        The text without the lines that the seal takes; all of it for a stranger's.
    """

    author: Author
    body: str


def seal(body: str) -> str:
    """Put the lines above a unit's text by which `read_seal` knows it again."""
    return f"{_FIRST_LINE}\n{_ADVICE}\n{_SEAL}{_digest(body)}\n\n{body}"


def read_seal(text: str) -> SealedUnit:
    """Take a unit apart that may have been written by `seal`."""
    match = re.fullmatch(f"{re.escape(_SEAL)}([0-9a-f]{{64}})", _line(text, 2))
    if _line(text, 0) != _FIRST_LINE or match is None:
        # Without its seal, a changed file is still not somebody else's.
        ours = _FIRST_LINE in text or _SEAL in text
        return SealedUnit(Author.EDITED if ours else Author.STRANGER, text)
    body = "\n".join(text.split("\n")[4:])
    whole = match[1] == _digest(body) and seal(body) == text
    return SealedUnit(Author.PROGRAM if whole else Author.EDITED, body)


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number] if number < len(lines) else ""


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8")).hexdigest()
