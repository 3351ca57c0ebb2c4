"""Whether a database's file may be read and written, before SQLite is asked."""

import os
import sqlite3
from pathlib import Path

from core.audio.filenames import display_path
from core.errors import StoreError
from core.store.trouble import store_error


def check_writable(path: Path) -> None:
    """Make the folder; refuse what SQLite would open, only to fail at the first change.

    Raises
    ------
    StoreError
        The folder cannot be made, the file is a folder, or one of them is read-only.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreError(
            f"The folder of the database {display_path(path)} cannot be made: {exc.strerror}.",
            "Choose another place with MINUSONE_DATABASE.",
        ) from exc
    check_file(path)
    if not _may_write(path.resolve().parent) or (path.exists() and not _may_write(path)):
        raise store_error(path, _read_only())


def check_file(path: Path) -> None:
    """Refuse a folder, which SQLite takes for a disk that reports an error."""
    if path.is_dir():
        raise StoreError(
            f"The database {display_path(path)} is a folder.",
            "Name a file with MINUSONE_DATABASE.",
        )


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _read_only() -> sqlite3.Error:
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY
    return error


def reading_mode(path: Path) -> str:
    """Return SQLite's `mode` for reading: no log where none can be made, as on a read-only disk."""
    path = path.resolve()  # the log is beside the file itself, not beside a link to it
    log = path.with_name(path.name + "-wal")
    if not _may_write(path.parent) and not log.exists():
        return "ro&immutable=1"
    return "ro"
