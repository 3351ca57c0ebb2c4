"""Read a TensorFlow V2 checkpoint without TensorFlow.

A checkpoint `model` is `model.index`, a LevelDB table from variable names to BundleEntryProto
messages, and `model.data-00000-of-00001`, the raw values (tensorflow/core/protobuf/
tensor_bundle.proto). Only the two message types that occur are decoded, by hand.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.crc32c import masked_crc32c
from models.errors import ConversionError
from models.sstable import TruncatedError, read_table, read_varint

_FLOAT = 1  # DT_FLOAT in tensorflow/core/framework/types.proto

_Fields = dict[int, list[int | bytes]]


@dataclass(frozen=True, slots=True)
class _Entry:
    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The variables of a checkpoint; values are read when they are asked for.

    Attributes
    ----------
    prefix
        Path of the checkpoint without `.index`.
    shards
        Number of data files.
    entries
        Where each variable lies, by name.
    """

    prefix: Path
    shards: int
    entries: dict[str, _Entry]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all variables, sorted."""
        return tuple(sorted(self.entries))

    def files(self) -> tuple[Path, ...]:
        """Return the files that this checkpoint consists of."""
        data = (self._data_file(shard) for shard in range(self.shards))
        return (self.prefix.with_name(self.prefix.name + ".index"), *data)

    def tensor(self, name: str) -> NDArray[np.float32]:
        """Return one variable, float32 in its own shape, after checking its CRC-32C.

        Raises
        ------
        ConversionError
            There is no such variable, it is not float32, or the data file is missing, too short
            or damaged.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise ConversionError(
                f"The checkpoint {self.prefix} has no variable {name!r}.",
                "It is not a Spleeter network with this number of stems.",
            )
        if entry.dtype != _FLOAT or entry.size != 4 * int(np.prod(entry.shape, dtype=np.int64)):
            raise ConversionError(f"Variable {name!r} of {self.prefix} is not float32.")
        path = self._data_file(entry.shard)
        try:
            with path.open("rb") as file:
                file.seek(entry.offset)
                raw = file.read(entry.size)
        except OSError as exc:
            raise ConversionError(
                f"The checkpoint data {path} cannot be read ({exc.strerror}).",
                "A checkpoint is a folder with model.index and model.data-00000-of-00001.",
            ) from exc
        if len(raw) != entry.size:
            raise ConversionError(
                f"The checkpoint data {path} end inside {name!r}.",
                "The file is cut short: copy or download the checkpoint again.",
            )
        if masked_crc32c(raw) != entry.crc:
            raise ConversionError(
                f"The checkpoint data {path} are damaged: the checksum of {name!r} is wrong.",
                "Copy or download the checkpoint again.",
            )
        return np.frombuffer(raw, dtype="<f4").reshape(entry.shape).astype(np.float32)

    def _data_file(self, shard: int) -> Path:
        return self.prefix.with_name(f"{self.prefix.name}.data-{shard:05d}-of-{self.shards:05d}")


def open_checkpoint(folder: Path, name: str = "model") -> Checkpoint:
    """Read the index of the checkpoint in a folder.

    Parameters
    ----------
    folder
        Where the files lie.
    name
        What they are called, without `.index`; Spleeter calls them `model`.

    Raises
    ------
    ConversionError
        The index is missing, damaged, compressed, or not little-endian.
    """
    prefix = folder / name
    index = prefix.with_name(name + ".index")
    table = read_table(index)
    try:
        header = _message(table.pop(b"", b""))
        if _number(header, 2):
            raise ConversionError(f"The checkpoint {prefix} is big-endian.")
        entries = {key.decode(): _entry(value) for key, value in table.items()}
    except (TruncatedError, struct.error, TypeError, UnicodeDecodeError) as exc:
        raise ConversionError(
            f"The checkpoint index {index} is damaged.", "Copy or download the checkpoint again."
        ) from exc
    return Checkpoint(prefix, _number(header, 1, default=1), entries)


def _entry(data: bytes) -> _Entry:
    fields = _message(data)
    shape = _message(_bytes(fields, 2))
    return _Entry(
        dtype=_number(fields, 1),
        shape=tuple(_number(_message(dim), 1) for dim in shape.get(2, []) if _is_bytes(dim)),
        shard=_number(fields, 3),
        offset=_number(fields, 4),
        size=_number(fields, 5),
        crc=_number(fields, 6),
    )


def _message(data: int | bytes) -> _Fields:
    """Split a protocol buffer message into its fields, by field number."""
    if not isinstance(data, bytes):
        raise TypeError
    fields: _Fields = {}
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        value: int | bytes
        match tag & 7:
            case 0:
                value, at = read_varint(data, at)
            case 1:
                (value,) = struct.unpack_from("<Q", data, at)
                at += 8
            case 2:
                length, at = read_varint(data, at)
                value = data[at : at + length]
                at += length
            case 5:
                (value,) = struct.unpack_from("<I", data, at)
                at += 4
            case _:
                raise TruncatedError
        if at > len(data):
            raise TruncatedError
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _is_bytes(value: int | bytes) -> bool:
    return isinstance(value, bytes)


def _number(fields: _Fields, field: int, default: int = 0) -> int:
    value = fields.get(field, [default])[-1]
    if not isinstance(value, int):
        raise TypeError
    return value


def _bytes(fields: _Fields, field: int) -> bytes:
    value = fields.get(field, [b""])[-1]
    if not isinstance(value, bytes):
        raise TypeError
    return value
