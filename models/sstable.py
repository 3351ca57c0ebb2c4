"""Read a LevelDB table: the format of a TensorFlow checkpoint's index file.

Layout after LevelDB's doc/table_format.md: blocks of prefix-compressed entries, each followed by
a compression byte and a masked CRC-32C; an index block that points at the data blocks; a footer
of 48 bytes that points at the index and ends in a magic number.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from models.crc32c import masked_crc32c
from models.errors import ConversionError

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5
_UNCOMPRESSED = 0
_SNAPPY = 1


class TruncatedError(ValueError):
    """Bytes end inside a value."""


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the base-128 number at an offset, and the offset after it.

    Raises
    ------
    TruncatedError
        The data end inside the number, or it has more than 64 bits.
    """
    value = shift = 0
    while shift < 64:
        if at >= len(data):
            raise TruncatedError
        octet = data[at]
        at += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value, at
        shift += 7
    raise TruncatedError


def read_table(path: Path) -> dict[bytes, bytes]:
    """Return every key and value of a table file, in its order.

    Raises
    ------
    ConversionError
        The file cannot be read, is no table, is compressed, or a checksum fails.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise ConversionError(
            f"The checkpoint index {path} cannot be read ({exc.strerror}).",
            "A checkpoint is a folder with model.index and model.data-00000-of-00001.",
        ) from exc
    if len(data) < _FOOTER or struct.unpack("<Q", data[-8:])[0] != _MAGIC:
        raise ConversionError(
            f"{path} is not the index of a TensorFlow checkpoint, or it is cut short.",
            "Copy or download the checkpoint again.",
        )
    try:
        footer = data[-_FOOTER:]
        extras, at = _read_handle(footer, 0)
        index, _ = _read_handle(footer, at)
        # Filters and the like: nothing is needed from them, but damage there is damage too.
        list(_read_block(data, extras, path))
        entries: dict[bytes, bytes] = {}
        for _, value in _read_block(data, index, path):
            block, _ = _read_handle(value, 0)
            entries.update(_read_block(data, block, path))
    except (TruncatedError, struct.error) as exc:
        raise _damaged(path) from exc
    return entries


def _damaged(path: Path) -> ConversionError:
    return ConversionError(
        f"The checkpoint index {path} is damaged.", "Copy or download the checkpoint again."
    )


def _read_handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = read_varint(data, at)
    size, at = read_varint(data, at)
    return (offset, size), at


def _read_block(data: bytes, handle: tuple[int, int], path: Path) -> Iterator[tuple[bytes, bytes]]:
    offset, size = handle
    end = offset + size
    if end + _TRAILER > len(data):
        raise _damaged(path)
    if masked_crc32c(data[offset : end + 1]) != struct.unpack_from("<I", data, end + 1)[0]:
        raise _damaged(path)
    if data[end] == _SNAPPY:
        raise ConversionError(
            f"The checkpoint index {path} is compressed with Snappy, which this reader lacks.",
            "TensorFlow writes checkpoints uncompressed by default: save it again with that.",
        )
    if data[end] != _UNCOMPRESSED:
        raise _damaged(path)
    block = data[offset:end]
    restarts = struct.unpack_from("<I", block, size - 4)[0] if size >= 4 else -1
    stop = size - 4 * (restarts + 1)
    if restarts < 0 or stop < 0:
        raise _damaged(path)
    at, key = 0, b""
    while at < stop:
        shared, at = read_varint(block, at)
        unshared, at = read_varint(block, at)
        length, at = read_varint(block, at)
        if shared > len(key) or at + unshared + length > stop:
            raise _damaged(path)
        key = key[:shared] + block[at : at + unshared]
        at += unshared
        yield key, block[at : at + length]
        at += length
