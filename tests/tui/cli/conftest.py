"""Songs to separate, and ways to run the program: in this process, or as a person would."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from core.fingerprint import file_state
from core.library.record import write_record
from core.library.root import create_library
from core.store.database import Database, open_database
from core.store.jobs import add_job, claim, complete, fail, get_job, heartbeat
from core.store.libraryid import set_library_id
from core.store.lock import DatabaseLock
from core.store.records import (
    DaemonStatus,
    Job,
    NewJob,
    NewTrack,
    Origin,
    Original,
    SongFacts,
    Stem,
    Track,
    WatchedFolder,
)
from core.store.status import report_status
from tui.cli import command_line

RATE = 44100

PROGRAM = [sys.executable, "-P", "-c", "from tui.cli import main; main()"]


def _write_song(path: Path, seconds: float = 1.0) -> Path:
    """Write a sung-like tone over a bass, stereo, 16 bits, at most 20 s of it again and again."""
    time = np.arange(round(min(seconds, 20.0) * RATE), dtype=np.float32) / RATE
    voice = 0.2 * np.sin(2 * np.pi * 330 * time + 3 * np.sin(2 * np.pi * 5 * time))
    bass = 0.2 * np.sin(2 * np.pi * 82 * time)
    samples = np.stack([voice + bass, 0.7 * voice - bass], axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        left = round(seconds * RATE)
        while left:
            file.write(samples[:left])
            left -= len(samples[:left])
    return path


@pytest.fixture
def make_song() -> Callable[..., Path]:
    """Give the function that writes a song to a path, so many seconds long; 1 unless told."""
    return _write_song


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """One second of sound."""
    return _write_song(tmp_path / "music" / "Song.wav")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What this user has installed or measured must not change what a test sees.
    monkeypatch.setenv("MINUSONE_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("MINUSONE_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def invoke() -> Callable[..., Result]:
    """Run the command line in this process; exceptions that nobody meant come through."""

    def run(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(command_line, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def program() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the program in a process of its own, its output going to pipes."""

    def run(*arguments: str | Path, **settings: Any) -> subprocess.CompletedProcess[str]:
        command = [*PROGRAM, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, **settings)

    return run


@pytest.fixture
def checkpoint() -> Path:
    """Give a checkpoint of four stems with two filters a layer, written by TensorFlow."""
    return Path(__file__).parents[2] / "core" / "catalog" / "checkpoint"


@pytest.fixture
def archive(checkpoint: Path, tmp_path: Path) -> Path:
    """Pack the checkpoint as published ones are, with its checksum beside it."""
    path = tmp_path / "4stems.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in ("model.index", "model.data-00000-of-00001"):
            tar.add(checkpoint / name, name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name("checksum.json").write_text(json.dumps({"4stems": digest}))
    return path


@pytest.fixture(autouse=True)
def _stoppable() -> Iterator[None]:
    """Let signals have their usual effect, here and in child processes.

    Who runs the tests in the background may have told this process to ignore Ctrl-C; the program
    respects that, as it should.
    """
    usual = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@dataclass
class Store:
    """A database and a library of a test's own, which the commands find by themselves.

    Attributes
    ----------
    database, library, music
        The file, the library's folder, and a folder for originals.
    """

    database: Path
    library: Path
    music: Path
    _lock: DatabaseLock | None = None

    def close(self) -> None:
        """Let the daemon end, if there is one."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def open(self) -> Database:
        """Open the database as the daemon does."""
        return open_database(self.database)

    def add_job(self, name: str = "song.mp3", **changes: Any) -> Job:
        """Queue a song; fields of `NewJob` may be given. Its file is a few bytes."""
        source = self.music / name
        source.write_bytes(os.fsencode(name))
        new = NewJob(
            source=source,
            state=file_state(source),
            sha256=hashlib.sha256(os.fsencode(name)).hexdigest(),
            facts=SongFacts(Path(name).stem, "Somebody", "Songs", 180.0, 44100, 2, "mp3"),
            origin=Origin.INBOX,
        )
        with self.open() as db:
            job = add_job(db, replace(new, **changes))
        assert job is not None
        return job

    def fail(self, name: str = "bad.mp3", title: str = "It broke.", detail: str = "") -> Job:
        """Queue a song, and let its job fail."""
        job = self.add_job(name)
        with self.open() as db:
            return fail(db, job.id, title, detail)

    def start(self, name: str = "running.mp3", progress: float = 0.4) -> Job:
        """Queue a song, and let its job be under way."""
        job = self.add_job(name, priority=1 << 40)
        with self.open() as db:
            claim(db, "tests")
            heartbeat(db, job.id, "tests", "separating", progress, 52.0)
            return get_job(db, job.id)

    def add_track(self, name: str = "song.mp3", **changes: Any) -> Track:
        """Bring a song into the library: folder, stems, record and rows.

        Fields of `NewTrack` may be given.
        """
        job = self.add_job(name, priority=1 << 40)
        assert job.sha256 is not None
        title = changes.get("title", job.facts.title)
        folder = changes.get("folder", f"Somebody - {Path(name).stem}")
        stems = tuple(
            Stem(stem, f"{stem}.flac", "flac", size)
            for stem, size in (("vocals", 1000), ("accompaniment", 2000))
        )
        new = NewTrack(
            sha256=job.sha256,
            folder=folder,
            title=title,
            artist="Somebody",
            album="Songs",
            duration=180.0,
            rate=44100,
            channels=2,
            source_name=name,
            model="spleeter-2stems",
            preset="balanced",
            backend="cpu",
            stems=stems,
        )
        new = replace(new, **changes)
        place = self.library / new.folder
        place.mkdir(parents=True)
        for stem in new.stems:
            (place / stem.file).write_bytes(b"s" * stem.bytes)
        write_record(place, job.id, new)
        with self.open() as db:
            claim(db, "tests")
            return complete(
                db, job.id, new, original=Original.KEPT, backend="cpu", realtime_factor=50.0
            )

    def daemon(self, *, running: bool = True, **changes: Any) -> None:
        """Let the daemon have said something about itself; this process is the daemon."""
        if running and self._lock is None:
            self._lock = DatabaseLock(self.database)
        now = time.time()
        status = DaemonStatus(
            pid=os.getpid(),
            host=os.uname().nodename,
            version="0",
            started_at=now - 60,
            heartbeat_at=now,
            stopped_at=None if running else now,
            waiting="",
            folders=(WatchedFolder(self.music, "inotify"),),
            library=self.library,
            free_bytes=50_000_000_000,
        )
        with self.open() as db:
            report_status(db, replace(status, **changes))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Make a database and a library, and let every command use them."""
    made = Store(tmp_path / "state" / "minusone.db", tmp_path / "library", tmp_path / "music")
    made.music.mkdir(exist_ok=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("MINUSONE_DATABASE", str(made.database))
    monkeypatch.setenv("MINUSONE_LIBRARY", str(made.library))
    monkeypatch.delenv("MINUSONE_CONFIG", raising=False)
    with made.open() as db:
        set_library_id(db, create_library(made.library))
    yield made
    made.close()
