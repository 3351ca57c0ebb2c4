"""The box structure of MP4 files (ISO/IEC 14496-12, 4.2): taking it apart, putting it together.

A box is its size (32 bits, big-endian), its kind (four bytes) and its body; some bodies are boxes
again. A size of 1 means that the size follows in 64 bits, a size of 0 that the box is the last one
and ends with the file.
"""

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta"})
"""Boxes whose body is nothing but boxes, as far as audio files need them."""

_HEADER = 8
_LONG_HEADER = 16


class BoxError(ValueError):
    """Bytes that are no boxes, or boxes that are not where they belong. Never leaves `core.mix`."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box is.

    Attributes
    ----------
    kind
        Four bytes, such as ``b"moov"``.
    start, body, end
        Where its header, its body and what follows it begin: bytes from the beginning of the file,
        or of the bytes that it was found in.
    """

    kind: bytes
    start: int
    body: int
    end: int


def file_boxes(file: BinaryIO) -> list[Box]:
    """Return the outermost boxes of a file.

    Raises
    ------
    BoxError
        The file is not made of boxes from the first to the last byte.
    """
    length = file.seek(0, os.SEEK_END)
    found = []
    position = 0
    while position < length:
        file.seek(position)
        box = _box_at(file.read(_LONG_HEADER), position, length, open_end=True)
        found.append(box)
        position = box.end
    return found


def inner_boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Give the boxes in a part of `data`, one after the other.

    Raises
    ------
    BoxError
        The part is not made of boxes from its first to its last byte.
    """
    end = len(data) if end is None else end
    position = start
    while position < end:
        # QuickTime ends its user data with four zero bytes.
        if end - position == 4 and not any(data[position:end]):
            return
        box = _box_at(data[position : position + _LONG_HEADER], position, end, open_end=False)
        yield box
        position = box.end


def find_all(data: bytes, *path: bytes) -> list[bytes]:
    """Return the bodies of all boxes at a path, such as ``(b"trak", b"tkhd")``, in their order."""
    bodies = [data]
    for kind in path:
        bodies = [
            body[box.body : box.end]
            for body in bodies
            for box in inner_boxes(body)
            if box.kind == kind
        ]
    return bodies


def find_one(data: bytes, *path: bytes) -> bytes:
    """Return the body of the one box at a path.

    Raises
    ------
    BoxError
        There is none, or more than one.
    """
    bodies = find_all(data, *path)
    if len(bodies) != 1:
        where = "/".join(kind.decode("latin-1") for kind in path)
        raise BoxError(f"{len(bodies) or 'no'} {where} box{'es' if len(bodies) > 1 else ''}")
    return bodies[0]


def make_box(kind: bytes, body: bytes) -> bytes:
    """Return a box with its header."""
    size = _HEADER + len(body)
    if size > 0xFFFFFFFF:
        raise BoxError(f"the {kind.decode('latin-1')} box would be larger than 4 GiB")
    return struct.pack(">I4s", size, kind) + body


def edit_boxes(data: bytes, change: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> bytes:
    """Return boxes with some of them changed, at any depth.

    Parameters
    ----------
    data
        Boxes one after the other.
    change
        Takes kind and body of a box, gives them back as they shall be. It is called for every box,
        and for a box in a container before the container itself.
    """
    edited = []
    for box in inner_boxes(data):
        body = data[box.body : box.end]
        if box.kind in CONTAINERS:
            body = edit_boxes(body, change)
        edited.append(make_box(*change(box.kind, body)))
    return b"".join(edited)


def _box_at(header: bytes, start: int, limit: int, *, open_end: bool) -> Box:
    if len(header) < _HEADER:
        raise BoxError(f"{len(header)} bytes at {start} that are no box")
    size, kind = struct.unpack_from(">I4s", header)
    body = start + _HEADER
    if size == 1 and len(header) == _LONG_HEADER:
        (size,) = struct.unpack_from(">Q", header, _HEADER)
        body = start + _LONG_HEADER
    elif size == 0 and open_end:
        size = limit - start
    end = start + size
    if not body <= end <= limit:
        name = kind.decode("latin-1")
        raise BoxError(f"the {name!r} box at {start} ends at {end}, what it is in at {limit}")
    return Box(kind, start, body, end)
