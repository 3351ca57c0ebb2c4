"""The daemon's log: one line per event, for the journal, a terminal, and the database."""

import os
import sys
import time
from collections.abc import Callable
from typing import TextIO

from core.errors import MinusoneError, StoreError
from core.store.database import Database
from core.store.events import record
from core.store.records import Level

# Priorities of syslog(3), which journald reads from the start of a line (sd-daemon(3)).
_PRIORITIES = {Level.DEBUG: 7, Level.INFO: 6, Level.WARNING: 4, Level.ERROR: 3}
_RANK = {level: rank for rank, level in enumerate(Level)}


# How long a database that has refused a line is left alone, seconds.
_DATABASE_REST = 10.0


class Log:
    """Writes events to a stream and into the database.

    Parameters
    ----------
    stream
        Where lines go; standard error in the real program.
    journal
        Whether lines begin with a priority for journald instead of the time.
    level
        Lines below it are left out, of the database too.
    clock
        Unix seconds.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        journal: bool = False,
        level: Level = Level.INFO,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._journal = journal
        self._lowest = _RANK[level]
        self._clock = clock
        self._database: Database | None = None
        self._rest_until = float("-inf")

    def keep_in(self, database: Database | None) -> None:
        """Write into this database from now on, or into none."""
        self._database = database

    def debug(self, text: str, job: int | None = None) -> None:
        """Say what only somebody who looks for a mistake wants to know."""
        self._write(Level.DEBUG, text, job)

    def info(self, text: str, job: int | None = None) -> None:
        """Say what happened."""
        self._write(Level.INFO, text, job)

    def warning(self, text: str, job: int | None = None) -> None:
        """Say what somebody should look at."""
        self._write(Level.WARNING, text, job)

    def error(self, error: MinusoneError | str, job: int | None = None) -> None:
        """Say what went wrong."""
        self._write(Level.ERROR, str(error), job)

    def _write(self, level: Level, text: str, job: int | None) -> None:
        if _RANK[level] < self._lowest:
            return
        now = self._clock()
        line = _one_line(text if job is None else f"job {job}: {text}")
        if self._journal:
            self._print(f"<{_PRIORITIES[level]}>{line}")
        else:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
            self._print(f"{stamp} {level.upper():<7} {line}")
        if self._database is not None and time.monotonic() >= self._rest_until:
            try:
                record(self._database, level, _one_line(text), job, now=now)
            except StoreError as error:
                # The stream has the line already; the service decides what a lost database means.
                # A locked one has been waited for; the next lines do not wait again.
                self._rest_until = time.monotonic() + _DATABASE_REST
                self._print(f"{'<4>' if self._journal else ''}not in the database: {error.title}")

    def _print(self, line: str) -> None:
        try:
            print(line, file=self._stream, flush=True)
        except (OSError, ValueError):
            # The terminal or pipe is gone: a service goes on without it.
            return


def journal_listens(environ: "os._Environ[str] | dict[str, str]") -> bool:
    """Whether standard error goes to journald (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        device, inode = environ.get("JOURNAL_STREAM", "").split(":")
        here = os.fstat(2)
        return (here.st_dev, here.st_ino) == (int(device), int(inode))
    except (ValueError, OSError):
        return False


def _one_line(text: str) -> str:
    """Make text printable in one line: names of files may hold anything."""
    flat = " ".join(text.split())
    shown = flat.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    # Joiners belong to emoji and to some scripts; all else that is invisible may deceive.
    return "".join(c if c.isprintable() or c in "\u200c\u200d" else "\ufffd" for c in shown)
