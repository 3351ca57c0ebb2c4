"""What a track's folder says about itself, so that a library is whole without its database."""

import errno
import json
import os
import stat
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from core.audio.partfile import output_error
from core.errors import LibraryError
from core.library.durable import put_file
from core.store.records import NewTrack, Stem

TRACK_RECORD = ".minusone.json"
"""File in each track's folder."""

RECORD_FORMAT = 1

_RECORD_BYTES = 1 << 20

_TEXTS = tuple(field.name for field in fields(NewTrack) if field.type is str)


def write_record(folder: Path, job_id: int, track: NewTrack) -> None:
    """Write a track's record, durably, in the place of an earlier one.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    record = {"format": RECORD_FORMAT, "job": job_id, "track": asdict(track)}
    # ASCII: bytes of a file name that are no UTF-8 are lone surrogates here.
    text = json.dumps(record, ensure_ascii=True, allow_nan=False, indent=1)
    path = folder / TRACK_RECORD
    try:
        put_file(path, f"{text}\n".encode(), replace=True)
    except OSError as exc:
        raise output_error(path, exc) from exc


def read_record(folder: Path) -> tuple[int, NewTrack] | None:
    """Read a track's record.

    Returns
    -------
    tuple of int and NewTrack, or None
        The job that made it, and what it made. None without a record, with a damaged one, and
        with one of a later version of this program.

    Raises
    ------
    LibraryError
        The disk refuses: there may be a record or not.
    """
    try:
        text = _read(folder / TRACK_RECORD)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        if exc.errno == errno.ELOOP:  # A link, which this program never makes.
            return None
        raise LibraryError(
            f"The folder {folder.name} cannot be read ({exc.strerror}).",
            "Check the library's disk and its permissions.",
        ) from exc
    try:
        record = json.loads(text)
        if record["format"] != RECORD_FORMAT:
            return None
        return _number(record["job"]), _track(record["track"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_RECORD_BYTES)
    finally:
        os.close(descriptor)


def _track(raw: dict[str, Any]) -> NewTrack:
    texts = {name: _text(raw[name]) for name in _TEXTS}
    if len(texts["sha256"]) != 64:
        raise ValueError("no checksum")
    inside = [*texts["folder"].split("/"), *_names(raw["lyrics"])]
    inside += [] if raw["cover"] is None else [_text(raw["cover"])]
    for name in inside:
        _check_plain(name)
    return NewTrack(
        **texts,
        duration=_amount(raw["duration"]),
        rate=_number(raw["rate"]),
        channels=_number(raw["channels"]),
        stems=tuple(_stem(stem) for stem in raw["stems"]),
        bpm=None if raw["bpm"] is None else _amount(raw["bpm"]),
        key=None if raw["key"] is None else _text(raw["key"]),
        cover=None if raw["cover"] is None else _text(raw["cover"]),
        lyrics=_names(raw["lyrics"]),
    )


def _stem(raw: dict[str, Any]) -> Stem:
    stem = Stem(_text(raw["name"]), _text(raw["file"]), _text(raw["codec"]), _number(raw["bytes"]))
    _check_plain(stem.file)
    return stem


def _names(raw: list[Any]) -> tuple[str, ...]:
    return tuple(_text(name) for name in raw)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("no whole number")
    return value


def _amount(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e9:
        raise TypeError("no amount")
    return float(value)


def _check_plain(name: str) -> None:
    """Refuse names that lead out of the folder: a library may come from a stranger's drive."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError("no plain name")
