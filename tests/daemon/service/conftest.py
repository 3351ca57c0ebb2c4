"""A real daemon in a process of its own, for tests that look at it from outside."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DEADLINE = 60.0
"""Seconds after which a condition that did not come true fails a test."""


class Daemon:
    """`minusoned` with folders of its own; started, stopped and killed at will."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = folder / "inbox"
        self.library = folder / "library"
        self.database = folder / "state" / "minusone.db"
        self.config = folder / "config.toml"
        self.log = folder / "log.txt"
        self.messages: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # Short: the address of a Unix socket has 108 bytes.
        self._address = f"@minusone-test-{os.getpid()}-{id(self):x}"
        self._socket.bind(self._address.replace("@", "\0", 1))
        self.inbox.mkdir()
        self.configure()

    def configure(self, top: str = "", *, inbox: str = "", jobs: str = "", rest: str = "") -> None:
        """Write the configuration; each argument is lines of TOML for one section."""
        self.config.write_text(
            f'library = "{self.library}"\ndatabase = "{self.database}"\n{top}\n'
            f'[inbox]\nfolders = ["{self.inbox}"]\n{inbox}\n'
            + ("" if "quiet" in inbox else "quiet = 0.3\n")
            + f"[jobs]\n{jobs}\n"
            + ("" if "reserve" in jobs else 'reserve = "1 MB"\n')
            + f"[separation]\nthreads = 1\n{rest}\n"
        )

    def start(
        self, *arguments: str, ready: bool = True, under: Sequence[str] = (), **environ: str
    ) -> None:
        """Start it, by way of another program perhaps, and wait until it says that it watches."""
        assert self.process is None, "it runs already"
        self.messages.clear()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*under, sys.executable, "-m", "daemon", "--config", str(self.config), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "NOTIFY_SOCKET": self._address, **environ},
            )
        if ready:
            self.until(lambda: "READY=1" in self.heard())

    def heard(self) -> str:
        """Return all that it has told the service manager since its start."""
        self._socket.setblocking(False)
        while True:
            try:
                self.messages.append(self._socket.recv(8192).decode())
            except BlockingIOError:
                return "\n".join(self.messages)

    def stop(self, within: float = DEADLINE) -> int:
        """Ask it to end, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.ended(within)

    def ended(self, within: float = DEADLINE) -> int:
        """Wait for its end and return its exit code."""
        process = self.process
        assert process is not None
        self.until(lambda: process.poll() is not None, within)
        self.process = None
        return process.returncode

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def children(self) -> list[int]:
        """Process numbers of its workers."""
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(word) for word in path.read_text().split()]

    def separating(self) -> list[int]:
        """Process numbers of the workers that have loaded a model; the prober never does."""
        loaded = []
        for pid in self.children():
            # It may have ended in between.
            with contextlib.suppress(OSError):
                if "litert" in Path(f"/proc/{pid}/maps").read_text():
                    loaded.append(pid)
        return loaded

    def hold(self) -> int:
        """Freeze the one worker that separates a song, in the middle of that; return its number."""
        self.until(lambda: self.jobs("running") and self.separating())
        (pid,) = self.separating()
        os.kill(pid, signal.SIGSTOP)
        assert len(self.jobs("running")) == 1
        return pid

    def until(self, condition: Callable[[], object], within: float = DEADLINE) -> None:
        """Wait for something to come true."""
        end = time.monotonic() + within
        while not condition():
            # Read, as a service manager does: a full socket would hold the daemon up.
            self.heard()
            if time.monotonic() > end:
                pytest.fail(f"in vain; the log:\n{self.said()}")
            if self.process is not None and self.process.poll() is not None:
                assert condition(), f"the daemon ended:\n{self.said()}"
            time.sleep(0.02)

    def said(self) -> str:
        """Return its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Ask the database, as another program would."""
        if not self.database.exists():
            return []
        uri = f"{self.database.as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(statement, values)]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # It is being made at this moment.
                return []
            raise
        finally:
            connection.close()

    def jobs(self, state: str | None = None) -> list[dict[str, Any]]:
        """Return the jobs, or those in a state."""
        where = "WHERE state = ?" if state else ""
        return self.rows(f"SELECT * FROM jobs {where} ORDER BY id", *([state] if state else []))

    def tracks(self) -> list[dict[str, Any]]:
        """Return the tracks."""
        return self.rows("SELECT * FROM tracks ORDER BY id")

    def wait_for_jobs(self, **counts: int) -> None:
        """Wait until there are so many jobs in each of the named states."""
        self.until(lambda: all(len(self.jobs(state)) == n for state, n in counts.items()))

    def folders(self) -> list[str]:
        """Names of the tracks' folders that a person sees in the library."""
        if not self.library.is_dir():
            return []
        return sorted(path.name for path in self.library.iterdir() if path.name[0] != ".")

    def assert_sound(self) -> None:
        """Check that database and library agree and hold nothing unfinished."""
        assert self.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        assert self.rows("PRAGMA foreign_key_check") == []
        tracks = self.tracks()
        assert sorted(track["folder"] for track in tracks) == self.folders()
        for track in tracks:
            stems = self.rows("SELECT * FROM stems WHERE track_id = ?", track["id"])
            assert [stem["name"] for stem in stems] == ["accompaniment", "vocals"]
            for stem in stems:
                path = self.library / track["folder"] / stem["file"]
                assert path.stat().st_size == stem["bytes"]
            assert json.loads((self.library / track["folder"] / ".minusone.json").read_text())
        hidden = list(self.library.rglob("*.part"))
        assert hidden == []

    def close(self) -> None:
        """End it, whatever it does; closing twice does no harm."""
        if self.process is not None:
            self.kill()
        self._socket.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that has not been started yet."""
    made = Daemon(tmp_path)
    yield made
    made.close()


def write_song(path: Path, seconds: float = 1.0, seed: int = 0, rate: int = 22050) -> Path:
    """Write a WAV file of noise that no other seed gives."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 3000, (round(seconds * rate), 1)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture
def song() -> Callable[..., Path]:
    """Write a song: `song(path, seconds=1.0, seed=0)`."""
    return write_song


class Mounts:
    """Mounts and unmounts; needs the superuser."""

    def __init__(self) -> None:
        self._points: list[Path] = []

    def small_disk(self, point: Path, size: str) -> None:
        """Mount a disk of this size, such as ``"2m"``."""
        point.mkdir(parents=True, exist_ok=True)
        self._mount(point, "-t", "tmpfs", "-o", f"size={size}", f"minusone-{point.name}")

    def drive(self, folder: Path, point: Path) -> None:
        """Mount a folder as if it were a drive that keeps what is on it."""
        point.mkdir(parents=True, exist_ok=True)
        self._mount(point, "--bind", str(folder))

    def again(self, point: Path, option: str) -> None:
        """Mount with another option, such as ``"ro"``."""
        self._run("mount", "-o", f"remount,{option}", str(point))

    def unmount(self, point: Path, *, by_force: bool = False) -> None:
        """Unmount; by force also what is in use, as when a drive is pulled out."""
        self._run("umount", *(["-l"] if by_force else []), str(point))
        self._points.remove(point)

    def close(self) -> None:
        """Unmount all that is still mounted."""
        for point in reversed(self._points):
            subprocess.run(["umount", "-l", str(point)], capture_output=True, check=False)

    def _mount(self, point: Path, *how: str) -> None:
        self._run("mount", *how, str(point))
        self._points.append(point)

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            lacking(f"'{' '.join(command)}' did not work here: {done.stderr.strip()}")


def lacking(reason: str) -> None:
    """Skip a test for want of a privilege; fail it where nothing may be lacking."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def mounts(daemon: Daemon) -> Iterator[Mounts]:
    """Mount things; what is mounted at the end is unmounted, after the daemon has ended."""
    if os.geteuid() != 0:
        lacking("mounting needs the superuser")
    made = Mounts()
    yield made
    daemon.close()
    made.close()


@pytest.fixture
def without_override() -> list[str]:
    """A program to run another one, to which permissions then mean something, even for root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        lacking("the command setpriv is missing (Debian: util-linux)")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]
