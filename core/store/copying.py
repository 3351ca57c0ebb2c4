"""A copy of a database while others use it, checked before it gets its name."""

import contextlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from core.audio.filenames import display_path
from core.errors import StoreError
from core.store.access import reading_mode
from core.store.trouble import translated

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at this moment; an existing target is replaced when it is done.

    The copy is one file: it needs no log beside it.

    Parameters
    ----------
    source
        The database. Others may read and write it meanwhile.
    target
        Where the copy goes. Its folder must exist.

    Raises
    ------
    StoreError
        The source cannot be read or is damaged, or the copy cannot be written.
    """
    part = target.with_name(f".{os.urandom(8).hex()}.part")
    try:
        # The copy holds the same songs' names as the database: the same people may read it.
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, source.stat().st_mode & 0o777))
        _copy(source, part, target)
        _sync(part)
        part.replace(target)
        # Network file systems may not sync a folder; the file itself is safe by then.
        with contextlib.suppress(OSError):
            _sync(target.parent)
    except OSError as exc:
        raise _unwritable(target, exc.strerror or str(exc)) from exc
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                part.with_name(part.name + end).unlink()


def _copy(source: Path, part: Path, target: Path) -> None:
    uri = f"{source.as_uri()}?mode={reading_mode(source)}"
    with (
        translated(source),
        closing(sqlite3.connect(uri, uri=True)) as original,
        closing(sqlite3.connect(part, isolation_level=None)) as copy,
    ):
        # What is wrong with the source is found here, so that the rest is about the copy.
        original.execute("PRAGMA schema_version").fetchone()
        try:
            original.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            (said,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.Error as exc:
            if exc.sqlite_errorcode & 0xFF in _DAMAGED:
                raise
            raise _unwritable(target, str(exc)) from exc
    if said != "ok":
        raise StoreError(
            f"The database {display_path(source)} is damaged: {said}.",
            "No copy was made. Put an earlier backup in its place.",
        )


def _unwritable(target: Path, reason: str) -> StoreError:
    return StoreError(
        f"The copy {display_path(target)} of the database cannot be written: {reason}.",
        "Free some space, or look at who may write there.",
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
