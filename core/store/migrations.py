"""Making a new database, and bringing an older one to this version.

`migrations/` holds one numbered file for each version; `schema.sql` is what they lead to. To change
the schema, add the next file, change `schema.sql` alike and raise `VERSION`; a test compares.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.audio.filenames import display_path
from core.errors import StoreError
from core.store.copying import copy_database

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

VERSION = 3
"""What this program reads and writes; kept in the file as SQLite's `user_version`."""

APPLICATION = 0x6D6E7331
"""Tells our files from other databases (`application_id`): "mns1"."""


def migrate(path: Path, connection: sqlite3.Connection) -> None:
    """Bring a database to `VERSION`, one version after another, each whole or not at all.

    Before the first step a copy of the old file is put beside it, as ``<name>.v<version>.bak``.

    Parameters
    ----------
    path
        The file.
    connection
        To it, in autocommit mode, foreign keys not enforced (tables may have to be rebuilt).

    Raises
    ------
    StoreError
        A step left rows that refer to nothing; the database is as it was.
    sqlite3.Error
        A step failed; the database is as it was before that step.
    """
    saved = False
    while version_of(connection) < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another program may have done it while this one waited.
            version = version_of(connection)
            if version < VERSION:
                if version and not saved:
                    copy_database(path, path.with_name(f"{path.name}.v{version}.bak"))
                    saved = True
                _step(path, connection, version)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a database; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def scripts() -> list[str]:
    """Return the SQL of each version, from the first on."""
    folder = _files() / "migrations"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def statements(script: str) -> Iterator[str]:
    """Split SQL into statements; triggers stay whole."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        raise ValueError(f"unfinished statement: {pending!r}")


def _step(path: Path, connection: sqlite3.Connection, version: int) -> None:
    if version == 0:
        script, version = (_files() / "schema.sql").read_text(encoding="utf-8"), VERSION
    else:
        script, version = scripts()[version], version + 1
    for statement in statements(script):
        connection.execute(statement)
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise StoreError(
            f"The database {display_path(path)} cannot be brought to version {version}: "
            "some of its rows refer to others that are gone.",
            "Nothing was changed. Put a backup in its place, or report this.",
        )
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {version}")


def _files() -> "Traversable":
    # 25 ms and 3 MiB that a database which is up to date does not need.
    from importlib.resources import files

    return files("core.store")
