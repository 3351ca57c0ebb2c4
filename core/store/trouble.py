"""SQLite's errors in plain words, naming the database file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.audio.filenames import display_path
from core.errors import StoreError

_ELSEWHERE = "Choose another place with MINUSONE_DATABASE, or make this one writable."

_REASONS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_NOTADB: (
        "is no database of this program",
        "Nothing was changed. Move the file away, or name another with MINUSONE_DATABASE.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged",
        "Move it away together with the files beside it that end in -wal and -shm, and put a "
        "backup in its place. The songs in the library are not touched by this.",
    ),
    sqlite3.SQLITE_READONLY: ("cannot be written: it or its folder is read-only", _ELSEWHERE),
    sqlite3.SQLITE_PERM: ("cannot be opened: permission denied", _ELSEWHERE),
    sqlite3.SQLITE_AUTH: ("cannot be opened: permission denied", _ELSEWHERE),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened, or the files beside it that end in -wal and -shm cannot",
        "Look at who may read and write them and their folder. " + _ELSEWHERE,
    ),
    sqlite3.SQLITE_FULL: ("cannot be written: the disk is full", "Free some space."),
    sqlite3.SQLITE_BUSY: (
        "is being written by another program, for too long",
        "Wait for it to end: `fuser` shows who has the file open.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "is being written by another program, for too long",
        "Wait for it to end: `fuser` shows who has the file open.",
    ),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: the disk reports an error, or is full",
        "Check the disk, its cable and the free space on it.",
    ),
    sqlite3.SQLITE_PROTOCOL: (
        "cannot be locked",
        "Put it on a local disk: locks over a network are not dependable.",
    ),
    sqlite3.SQLITE_TOOBIG: ("cannot hold a text that long", ""),
}

_PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into a `StoreError` that names the file.

    Raises
    ------
    StoreError
        With what happened to the database and what to do about it.
    """
    try:
        yield
    except sqlite3.Error as exc:
        raise store_error(path, exc) from exc


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """Say in plain words what is wrong with a database."""
    if str(error).startswith("no such module"):
        return StoreError(
            f"The SQLite of this Python lacks full-text search ({error}).",
            "Use a Python whose SQLite was built with FTS5, as those of all distributions are.",
        )
    reason, advice = _REASONS.get(
        _code(error) or 0, (f"cannot be used: {error}", "Please report this; nothing was changed.")
    )
    return StoreError(f"The database {display_path(path)} {reason}.", advice)


def may_pass(error: StoreError) -> bool:
    """Tell whether trying again later may help: a lock, a full disk, a disk that stumbled."""
    cause = error.__cause__
    return isinstance(cause, sqlite3.Error) and _code(cause) in _PASSING


def _code(error: sqlite3.Error) -> int | None:
    # The lowest byte is the kind, what is above it tells the place.
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
