"""A real daemon with folders of its own: started, stopped, killed, and looked at from outside."""

import contextlib
import itertools
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.measure import RunFailed

PATIENCE = 120.0
"""Seconds after which something that was waited for will not come."""

_TICK = os.sysconf("SC_CLK_TCK")
_SHOWN_LINES = 15


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has taken since its start, its children not included.

    Attributes
    ----------
    cpu
        User and system seconds.
    rss_mib, peak_mib
        Resident memory now and at most, MiB.
    written
        Bytes that it had the disk write.
    """

    cpu: float
    rss_mib: float
    peak_mib: float
    written: int


def usage(pid: int) -> Usage:
    """Look at a process in /proc; writing needs the same user."""
    folder = Path("/proc") / str(pid)
    status = _fields(folder / "status")
    return Usage(
        cpu=sum(_times(pid)[:2]),
        rss_mib=int(status["VmRSS"].split()[0]) / 1024,
        peak_mib=int(status["VmHWM"].split()[0]) / 1024,
        written=int(_fields(folder / "io")["write_bytes"]),
    )


class DaemonProcess:
    """`minusoned` in a folder of its own; a context manager that kills it at the end.

    Parameters
    ----------
    folder
        For inbox, library, database, configuration and log.
    inbox, jobs, separation
        Keys of these sections of the configuration, as TOML values.

    Attributes
    ----------
    inbox, library, database, log
        Where they are.
    """

    def __init__(
        self,
        folder: Path,
        *,
        inbox: Mapping[str, object] | None = None,
        jobs: Mapping[str, object] | None = None,
        separation: Mapping[str, object] | None = None,
    ) -> None:
        self.inbox = folder / "inbox"
        self.library = folder / "library"
        self.database = folder / "state" / "minusone.db"
        self.log = folder / "log.txt"
        self._folder = folder
        self._config = folder / "config.toml"
        self._process: subprocess.Popen[bytes] | None = None
        self._manager: _ServiceManager | None = None
        self.inbox.mkdir(parents=True, exist_ok=True)
        self._config.write_text(
            "\n".join(
                [
                    f'library = "{self.library}"',
                    f'database = "{self.database}"',
                    *_section("inbox", {"folders": f'["{self.inbox}"]', **(inbox or {})}),
                    *_section("jobs", {"reserve": '"1 MB"', **(jobs or {})}),
                    *_section("separation", separation or {}),
                ]
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process is not None:
            self.kill()

    @property
    def pid(self) -> int:
        """Number of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def up(self) -> bool:
        """Whether it has said, since its start, that it watches."""
        return self._manager is not None and self._manager.ready.is_set()

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a daemon with these folders."""
        script = Path(sys.executable).with_name("minusoned")
        program = [str(script)] if script.exists() else [sys.executable, "-m", "daemon"]
        return [*program, "--config", str(self._config), *arguments]

    def start(self, *arguments: str, ready: bool = True) -> None:
        """Start it, and wait until it says that it watches.

        Raises
        ------
        RunFailed
            It ended instead.
        """
        assert self._process is None, "it runs already"
        self._manager = _ServiceManager()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "NOTIFY_SOCKET": self._manager.address},
            )
        if ready:
            self.until(lambda: self.up)

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; return its exit code."""
        assert self._process is not None
        code = self._process.wait(PATIENCE)
        self._gone()
        return code

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._gone()

    def _gone(self) -> None:
        self._process = None
        if self._manager is not None:
            self._manager.close()
            self._manager = None

    def children(self) -> list[int]:
        """Process numbers of its workers."""
        with contextlib.suppress(OSError, AssertionError):
            path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
            return [int(word) for word in path.read_text().split()]
        return []

    def usage(self) -> Usage:
        """What the daemon's own process has taken."""
        return usage(self.pid)

    def cpu_with_children(self) -> float:
        """CPU seconds of the daemon and of all its workers so far."""
        total = sum(_times(self.pid))
        for child in self.children():
            with contextlib.suppress(OSError):
                total += sum(_times(child))
        return total

    def until(self, condition: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait for something to come true.

        Raises
        ------
        RunFailed
            It did not, or the daemon ended; with the end of its log.
        """
        end = time.monotonic() + within
        while not condition():
            if not self.running and not condition():
                raise RunFailed(f"the daemon ended:\n{self.last_words()}")
            if time.monotonic() > end:
                raise RunFailed(f"waited {within:g} s in vain:\n{self.last_words()}")
            time.sleep(0.02)

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Ask the database, as another program would; nothing while there is none."""
        return query(self.database, statement, *values)

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        found = self.rows("SELECT state, count(*) AS n FROM jobs GROUP BY state")
        return {row["state"]: row["n"] for row in found}

    def folders(self) -> list[Path]:
        """The folders that a person sees in the library."""
        if not self.library.is_dir():
            return []
        return sorted(path for path in self.library.iterdir() if path.name[0] != ".")

    def last_words(self) -> str:
        """The end of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_SHOWN_LINES:])


class _ServiceManager:
    """Hears what one process has to say, as systemd would.

    Always at once: a daemon that is not listened to would wait with each message.
    """

    _number = itertools.count()

    def __init__(self) -> None:
        self.ready = threading.Event()
        # An abstract address: a path in a deep folder would be too long for a socket.
        self.address = f"@minusone-bench-{os.getpid()}-{next(self._number)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address.replace("@", "\0", 1))
        self._thread = threading.Thread(target=self._hear, name="service manager", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RD)
        self._thread.join()
        self._socket.close()

    def _hear(self) -> None:
        while message := self._socket.recv(8192):
            if b"READY=1" in message:
                self.ready.set()


def query(database: Path, statement: str, *values: object) -> list[dict[str, Any]]:
    """Ask a database read-only; nothing while it is not there, or is being made."""
    if not database.exists():
        return []
    with contextlib.closing(_connect(database)) as connection:
        try:
            return [dict(row) for row in connection.execute(statement, values)]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


def _connect(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)
    connection.row_factory = sqlite3.Row
    return connection


def _section(name: str, keys: Mapping[str, object]) -> Iterator[str]:
    yield f"[{name}]"
    yield from (f"{key} = {value}" for key, value in keys.items())


def _times(pid: int) -> list[float]:
    """User and system seconds of a process, then those of its children that have ended."""
    # The name of the program, in parentheses, may hold anything.
    after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(word) / _TICK for word in after[11:15]]


def _fields(path: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return {name: value.strip() for name, _, value in lines}
