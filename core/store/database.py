"""The connection to the database file: how it is opened, and what every use of it goes through."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.audio.filenames import display_path
from core.errors import StoreError
from core.store.access import check_file, check_writable, reading_mode
from core.store.migrations import APPLICATION, VERSION, migrate
from core.store.trouble import translated

PATIENCE = 10.0
"""Seconds to wait for another program that is writing."""

_NEEDED_SQLITE = (3, 37, 0)  # STRICT tables
# A log that once grew, while somebody read for long, is cut back to this many bytes.
_KEPT_LOG = 4 << 20

Parameters = Sequence[object] | Mapping[str, object]


class Database:
    """An open database, to be used by the thread that opened it.

    Attributes
    ----------
    path
        The file.
    connection
        In autocommit mode, giving `sqlite3.Row`; the methods here turn its errors into StoreError.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self._durable = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it; closing twice does no harm."""
        with translated(self.path):
            self.connection.close()

    def rows(self, statement: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one statement and return every row that it gives.

        Raises
        ------
        StoreError
            See `translated`; this goes for all methods.
        """
        with translated(self.path):
            return self.connection.execute(statement, parameters).fetchall()

    def row(self, statement: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """Run one statement and return the first row, or None."""
        # To the end: a statement that changes something and is not finished holds the lock.
        found = self.rows(statement, parameters)
        return found[0] if found else None

    def value(self, statement: str, parameters: Parameters = ()) -> Any:
        """Run one statement and return the first column of the first row; None without a row."""
        found = self.row(statement, parameters)
        return None if found is None else found[0]

    def change(self, statement: str, parameters: Parameters = ()) -> int:
        """Run one statement and return how many rows it changed."""
        with translated(self.path):
            return self.connection.execute(statement, parameters).rowcount

    def data_version(self) -> int:
        """Return a number that changes when another connection has written."""
        return int(self.value("PRAGMA data_version"))

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """Do all that happens inside or none of it; inside another transaction, as part of that.

        Parameters
        ----------
        durable
            On the disk when this returns, whatever happens to the power. Without it the last
            moments may be lost then, the database staying whole.

        Raises
        ------
        StoreError
            Another program has been writing for too long, the disk is full, and so on.
        """
        if self.connection.in_transaction:
            if durable and not self._durable:
                raise RuntimeError("a durable transaction inside one that is not")
            yield
            return
        with translated(self.path):
            if durable:
                self.connection.execute("PRAGMA synchronous = FULL")
            self._durable = durable
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._durable = False
                if durable:
                    self.connection.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read inside be of the same moment, whoever writes meanwhile."""
        if self.connection.in_transaction:
            yield
            return
        with translated(self.path):
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                self._roll_back()

    def _roll_back(self) -> None:
        # A full disk may have ended the transaction already.
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def open_database(path: Path, *, patience: float = PATIENCE) -> Database:
    """Open a database for reading and writing; make it, or bring it to this version, if needed.

    Parameters
    ----------
    path
        The file. It and its folders are made where they are missing.
    patience
        Seconds to wait for another program that is writing.

    Raises
    ------
    StoreError
        It is damaged, of a newer version, of another program, read-only, locked for too long, or
        cannot be made. Nothing was changed then.
    """
    _check_sqlite()
    path = path.absolute()
    check_writable(path)
    if path.exists() and path.stat().st_size:
        # Closing a connection that may write tidies up the file, whatever was found in it.
        _look(path, patience)
    with translated(path):
        connection = _connect(path, "rwc", patience)
        try:
            _write_ahead(path, connection, patience)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {_KEPT_LOG}")
            migrate(path, connection)
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
    return Database(path, connection)


def read_database(path: Path, *, patience: float = PATIENCE) -> Database:
    """Open a database for reading only; never make or change anything.

    Parameters
    ----------
    path
        The file.
    patience
        Seconds to wait for another program that is writing.

    Raises
    ------
    StoreError
        It is missing, damaged, of another version or of another program, or cannot be read.
    """
    _check_sqlite()
    path = path.absolute()
    if not path.exists():
        raise StoreError(
            f"Nothing has been separated yet: there is no database {display_path(path)}.",
            "Start `minusoned` and drop a song into its inbox, or add one with `minusone add`.",
        )
    check_file(path)
    with translated(path):
        connection = _connect(path, reading_mode(path), patience)
        try:
            version = _version(path, connection)
            if version < VERSION:
                raise StoreError(
                    f"The database {display_path(path)} is of an older version of minusone "
                    f"({version}, not {VERSION}).",
                    "Start `minusoned` once: it brings the database up to date.",
                )
        except BaseException:
            connection.close()
            raise
    return Database(path, connection)


def _connect(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode={mode}", timeout=patience, isolation_level=None, uri=True
    )
    connection.row_factory = sqlite3.Row
    return connection


def _look(path: Path, patience: float) -> None:
    """Refuse what is no database of this program, or of a newer version of it."""
    with translated(path):
        connection = _connect(path, reading_mode(path), patience)
        try:
            _version(path, connection)
        except sqlite3.OperationalError as exc:
            # What a crash left behind can only be brought in order by one who may write.
            if exc.sqlite_errorcode & 0xFF not in (
                sqlite3.SQLITE_READONLY,
                sqlite3.SQLITE_CANTOPEN,
            ):
                raise
        finally:
            connection.close()


def _version(path: Path, connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION and (tables or version or application):
        raise StoreError(
            f"The database {display_path(path)} is of another program.",
            "Nothing was changed. Name another file with MINUSONE_DATABASE.",
        )
    if version > VERSION:
        raise StoreError(
            f"The database {display_path(path)} is of a newer version of minusone "
            f"({version}, this one knows {VERSION}).",
            "Nothing was changed. Install the newer version again, or put a backup in its place.",
        )
    return int(version)


def _write_ahead(path: Path, connection: sqlite3.Connection, patience: float) -> None:
    """Let readers and a writer work at once, which stays written in the file."""
    deadline = time.monotonic() + patience
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as exc:
            # SQLite does not wait here by itself when two programs make the file at once.
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise StoreError(
            f"The database {display_path(path)} cannot be kept on this file system.",
            "Put it on a local disk, with MINUSONE_DATABASE.",
        )


def _check_sqlite() -> None:
    if sqlite3.sqlite_version_info < _NEEDED_SQLITE:
        raise StoreError(
            f"This Python comes with SQLite {sqlite3.sqlite_version}, which is too old.",
            "Use a Python with SQLite 3.37 or later: `python3 -c 'import sqlite3; "
            "print(sqlite3.sqlite_version)'` shows it.",
        )
