"""CD+G files: pictures of lyrics beside an MP3. They are recognized and carried, not read."""

import os
from dataclasses import dataclass
from pathlib import Path

from core.audio.filenames import display_name
from core.errors import LyricsError

PACK_BYTES = 24
PACKS_PER_SECOND = 300
"""75 sectors a second of four packs each, as on the disc."""

_HEAD_BYTES = 8 << 20
# Discs have scratches: this share of the packs may be something else.
_FOREIGN = 0.1
# Bits 6 and 7 of each byte belong to other subcode channels.
_MASK = 0x3F
_GRAPHICS = 9
_INSTRUCTIONS = frozenset({1, 2, 6, 20, 24, 28, 30, 31, 38})


@dataclass(frozen=True, slots=True)
class CdgInfo:
    """What is known of a CD+G file without drawing it.

    Attributes
    ----------
    packs
        Whole packs in it.
    """

    packs: int

    @property
    def seconds(self) -> float:
        """How long it lasts; its audio should be as long."""
        return self.packs / PACKS_PER_SECOND


def read_cdg(path: Path) -> CdgInfo:
    """Look at a CD+G file.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    LyricsError
        It cannot be read, or is no CD+G: empty, or without a single command to draw.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(_HEAD_BYTES)
    except OSError as exc:
        raise LyricsError(
            f"{display_name(path)} cannot be read: {exc.strerror}.", "Check the file."
        ) from exc
    if not looks_like_cdg(head):
        raise LyricsError(f"{display_name(path)} is no CD+G file.", "Choose another file.")
    return CdgInfo(size // PACK_BYTES)


def looks_like_cdg(head: bytes) -> bool:
    """Whether bytes are the beginning of a CD+G file: empty packs and commands to draw."""
    commands = foreign = 0
    for at in range(0, len(head) - PACK_BYTES + 1, PACK_BYTES):
        if head[at] & _MASK == _GRAPHICS and head[at + 1] & _MASK in _INSTRUCTIONS:
            commands += 1
        elif head[at] & _MASK:
            foreign += 1
    return commands > 0 and foreign <= _FOREIGN * (commands + foreign)
