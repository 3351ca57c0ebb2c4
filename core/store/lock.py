"""One daemon per database: a lock that the kernel releases however its holder ends."""

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from core.audio.filenames import display_path
from core.errors import StoreError

# How long somebody who asks whether there is a daemon may hold one up, seconds.
_GLANCE = 0.2


class DatabaseLock:
    """Held while the daemon runs; a context manager.

    The lock is on a file beside the database: SQLite locks the database file itself, and closing
    any descriptor of that would drop SQLite's own locks (POSIX).

    Parameters
    ----------
    database
        The database's file; its folder must exist.

    Raises
    ------
    StoreError
        Another daemon holds it; names its process. Or the file cannot be made.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as exc:
            raise StoreError(
                f"The lock {display_path(self._path)} cannot be made ({exc.strerror}).",
                "The daemon needs write permission in the folder of its database.",
            ) from exc
        try:
            _take(self._file)
        except BlockingIOError as exc:
            holder = _read_holder(self._file)
            os.close(self._file)
            raise StoreError(
                f"Another daemon works with {display_path(database)} already: {holder}.",
                "Stop that one first, or give this one another database.",
            ) from exc
        except OSError as exc:
            os.close(self._file)
            raise StoreError(
                f"The lock {display_path(self._path)} cannot be taken ({exc.strerror}).",
                "Keep the database on a local disk: network file systems may know no locks.",
            ) from exc
        self._introduce()

    def release(self) -> None:
        """Let the next daemon have the database."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _introduce(self) -> None:
        who = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(who).encode(), 0)


def is_locked(database: Path) -> bool:
    """Tell whether a daemon works with a database now, however long it has been silent."""
    try:
        file = os.open(database.with_name(database.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(file)
    return False


def _take(file: int) -> None:
    """Lock, unless another daemon has it; somebody who only asks has it for microseconds."""
    deadline = time.monotonic() + _GLANCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_GLANCE / 20)
        else:
            return


def _read_holder(file: int) -> str:
    try:
        who = json.loads(os.pread(file, 4096, 0))
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(who["since"])))
        return f"process {int(who['pid'])} on {who['host']}, since {since}"
    except (ValueError, KeyError, TypeError, OSError):
        # It has the lock and has not yet written who it is.
        return "a process that has just started"
