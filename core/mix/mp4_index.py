"""Bringing the index of an MP4 file (its moov box) to the front.

An encoder writes the index last, when it knows everything. In front it serves better: a player
finds it at once, and readers that do not know sizes of 64 bits never meet those of the samples
behind it.
"""

from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from core.mix.mp4_boxes import Box, BoxError, edit_boxes, file_boxes, make_box

_BLOCK = 1 << 20
_LARGEST_32 = 0xFFFFFFFF
_TABLE = 8  # version, flags and number of entries stand before the entries


def bring_index_forward(file: BinaryIO, edit: Callable[[bytes], bytes]) -> None:
    """Change the index of a file and put it in front of the samples, in constant memory.

    Parameters
    ----------
    file
        Open for reading and writing: the file type first, the index last, as encoders write it.
    edit
        Takes the body of the moov box, gives it back as it shall be; it need not care for the
        samples being moved.

    Raises
    ------
    BoxError
        The file is not as described.
    OSError
        The disk is full, or anything else that the operating system refused. The file is then
        damaged.
    """
    kind, *data, index = file_boxes(file)
    if kind.kind != b"ftyp" or index.kind != b"moov" or not _has_samples(data):
        raise BoxError("the boxes do not stand in the order file type, samples, index")
    file.seek(index.body)
    body = edit(file.read(index.end - index.body))
    # Offsets take twice the room when they have to become wider, so that this is never too late.
    wide = index.start + 2 * len(body) > _LARGEST_32
    # The length of the index does not depend on how far the samples move, only on the width.
    moved_by = len(make_box(b"moov", move_chunks(body, 0, wide=wide)))
    moved = make_box(b"moov", move_chunks(body, moved_by, wide=wide))
    _make_room(file, kind.end, index.start, moved_by)
    file.seek(kind.end)
    file.write(moved)
    file.truncate(index.start + moved_by)


def move_chunks(moov: bytes, distance: int, *, wide: bool = False) -> bytes:
    """Return the body of a moov box whose samples have moved.

    Parameters
    ----------
    moov
        The body.
    distance
        How far all samples move, bytes; negative towards the beginning.
    wide
        Write offsets with 64 bits (co64 instead of stco).

    Raises
    ------
    BoxError
        An offset would be negative or not fit.
    """

    def change(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
        if kind not in (b"stco", b"co64"):
            return kind, body
        offsets = chunk_offsets(kind, body) + distance
        as_64 = wide or kind == b"co64"
        if len(offsets) and not 0 <= offsets.min() <= offsets.max() <= (
            np.iinfo(np.int64).max if as_64 else _LARGEST_32
        ):
            raise BoxError("a chunk would lie where its offset cannot point")
        head = body[:_TABLE]
        if as_64:
            return b"co64", head + offsets.astype(">u8").tobytes()
        return b"stco", head + offsets.astype(">u4").tobytes()

    return edit_boxes(moov, change)


def chunk_offsets(kind: bytes, body: bytes) -> npt.NDArray[np.int64]:
    """Return where in the file the chunks of a track begin, from its stco or co64 box."""
    width = ">u8" if kind == b"co64" else ">u4"
    count = int.from_bytes(body[4:_TABLE])
    if len(body) != _TABLE + count * np.dtype(width).itemsize:
        raise BoxError("a table of chunk offsets is not as long as it says")
    return np.frombuffer(body, width, offset=_TABLE).astype(np.int64)


def _has_samples(data: list[Box]) -> bool:
    kinds = {box.kind for box in data}
    return b"mdat" in kinds and kinds <= {b"mdat", b"free", b"wide"}


def _make_room(file: BinaryIO, start: int, end: int, distance: int) -> None:
    """Move the bytes from `start` to `end` towards the end of the file, the last ones first."""
    position = end
    while position > start:
        size = min(_BLOCK, position - start)
        position -= size
        file.seek(position)
        block = file.read(size)
        file.seek(position + distance)
        file.write(block)
