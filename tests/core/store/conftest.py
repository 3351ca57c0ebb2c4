"""Databases, and what goes into them: songs by number."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.store.database import Database, open_database
from core.store.jobs import add_job, claim, complete
from core.store.records import (
    FileState,
    Job,
    NewJob,
    NewTrack,
    Origin,
    Original,
    SongFacts,
    Stem,
    Track,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may be made."""
    return tmp_path / "state" / "minusone.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    """A new database."""
    with open_database(path) as database:
        yield database


def sha(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def _new_job(number: int, **changes: Any) -> NewJob:
    new = NewJob(
        source=Path(f"/music/{number}.mp3"),
        state=FileState(1000 + number, 2_000_000 + number, 30 + number),
        sha256=sha(number),
        facts=SongFacts(f"Song {number}", "Somebody", "Songs", 180.0, 44100, 2, "mp3"),
        origin=Origin.INBOX,
    )
    return replace(new, **changes)


def _new_track(number: int, **changes: Any) -> NewTrack:
    new = NewTrack(
        sha256=sha(number),
        folder=f"Somebody - Song {number}",
        title=f"Song {number}",
        artist="Somebody",
        album="Songs",
        duration=180.0,
        rate=44100,
        channels=2,
        source_name=f"{number}.mp3",
        model="spleeter-2stems",
        preset="balanced",
        backend="cpu",
        stems=(
            Stem("vocals", "vocals.flac", "flac", 1000 + number),
            Stem("accompaniment", "accompaniment.flac", "flac", 2000 + number),
        ),
    )
    return replace(new, **changes)


@pytest.fixture
def new_job() -> Callable[..., NewJob]:
    """Make the job of a song; fields may be given."""
    return _new_job


@pytest.fixture
def new_track() -> Callable[..., NewTrack]:
    """Make the track of a song; fields may be given."""
    return _new_track


@pytest.fixture
def queued(db: Database) -> Callable[..., Job]:
    """Enter the job of a song."""

    def enter(number: int, *, now: float | None = None, **changes: Any) -> Job:
        job = add_job(db, _new_job(number, **changes), now=now)
        assert job is not None
        return job

    return enter


@pytest.fixture
def separated(db: Database) -> Callable[..., Track]:
    """Enter a song and bring it into the library; fields of the track may be given."""

    def enter(number: int, *, now: float | None = None, **changes: Any) -> Track:
        track = _new_track(number, **changes)
        entered = add_job(db, _new_job(number, sha256=track.sha256, priority=1 << 40), now=now)
        job = claim(db, "tests", now=now)
        assert entered is not None
        assert job is not None
        assert job.id == entered.id
        return complete(
            db,
            job.id,
            track,
            original=Original.KEPT,
            backend="cpu",
            realtime_factor=4.0,
            now=now,
        )

    return enter


@pytest.fixture
def in_namespace() -> Callable[..., Any]:
    """Run Python in a child that has mounted something for itself; return what it prints, JSON.

    Nothing outside the child sees the mount, and no privilege is needed where the kernel lets
    users have namespaces of their own.
    """
    program = shutil.which("unshare")
    command = [program or "unshare", "--map-root-user", "--mount"]
    if program is None or subprocess.run([*command, "true"], check=False).returncode:
        reason = "this system gives users no namespaces (unshare --map-root-user --mount)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)

    def run(mount: str, code: str, *arguments: str | Path) -> Any:
        script = f'{mount}\nshift\nexec "$0" -c "$CODE" "$@"'
        finished = subprocess.run(
            [*command, "sh", "-ec", script, sys.executable, *map(str, arguments)],
            env={**os.environ, "CODE": code},
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout)

    return run


@pytest.fixture
def plans(db: Database) -> Callable[[Callable[[], object]], list[str]]:
    """Give the lines of SQLite's plans for all statements that a call runs."""

    def explain(call: Callable[[], object]) -> list[str]:
        run: list[str] = []
        db.connection.set_trace_callback(run.append)
        try:
            call()
        finally:
            db.connection.set_trace_callback(None)
        kinds = ("SELECT", "UPDATE", "DELETE", "INSERT")
        return [
            row["detail"]
            for statement in run
            if statement.lstrip().startswith(kinds)
            for row in db.rows(f"EXPLAIN QUERY PLAN {statement}")
        ]

    return explain
