"""The clock is set back, as on a small server without a battery: nothing stands still for that."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.config import load_settings
from core.fingerprint import file_state
from core.store.database import Database, open_database
from core.store.jobs import add_job, get_job, next_due
from core.store.records import JobState, NewJob, Origin, SongFacts
from daemon.log import Log
from daemon.messages import Failed, Progressed, Request
from daemon.scheduler import Scheduler
from daemon.stability import Candidates

NOW = 1_800_000_000.0
DAY = 86400.0


@dataclass
class Hands:
    """A pool whose worker does nothing until it is asked to."""

    given: list[Request] = field(default_factory=list)
    free: bool = True

    def give(self, request: Request, now: float) -> Any:
        self.given.append(request)
        self.free = False
        return self


@dataclass
class Clock:
    """A wall clock that anybody may set."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Set:
    """A scheduler with one job in its queue."""

    scheduler: Scheduler
    db: Database
    hands: Hands
    clock: Clock
    job: int

    def says(self, reply: Any) -> None:
        """Have the worker say something about what it was given last."""
        if not isinstance(reply, Progressed):
            self.hands.free = True
        self.scheduler.replied(self.hands, self.hands.given[-1], reply)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Set]:
    config = tmp_path / "config.toml"
    config.write_text(
        f'library = "{tmp_path / "library"}"\n[inbox]\nfolders = ["{tmp_path / "inbox"}"]\n'
    )
    (tmp_path / "library").mkdir()
    (tmp_path / "inbox").mkdir()
    song = tmp_path / "inbox" / "song.wav"
    song.write_bytes(b"sound")
    clock, hands = Clock(), Hands()
    with open_database(tmp_path / "minusone.db") as db:
        scheduler = Scheduler(
            db, load_settings(config, {}), Log(), hands, lambda path: None, clock=clock
        )
        new = NewJob(song, file_state(song), "a" * 64, SongFacts("Song"), Origin.INBOX)
        job = add_job(db, new, now=NOW)
        assert job is not None
        yield Set(scheduler, db, hands, clock, job.id)


def test_a_job_that_was_put_off_is_not_put_off_for_days(queue: Set) -> None:
    queue.scheduler.tick(0.0)
    queue.says(Failed("OutputError", "The disk is full.", "Free some space.", True, queue.job))
    assert next_due(queue.db, now=queue.clock()) == NOW + 30
    queue.scheduler.tick(1.0)
    assert len(queue.hands.given) == 1
    queue.clock.now = NOW - DAY
    queue.scheduler.tick(2.0)
    assert len(queue.hands.given) == 2
    assert get_job(queue.db, queue.job).state is JobState.RUNNING


def test_heartbeats_go_on(queue: Set) -> None:
    queue.scheduler.tick(0.0)
    queue.says(Progressed(queue.job, "separating", 0.25, 10.0))
    queue.clock.now = NOW - DAY
    queue.says(Progressed(queue.job, "separating", 0.5, 10.0))
    job = get_job(queue.db, queue.job)
    assert (job.progress, job.heartbeat_at) == (0.5, NOW - DAY)
    queue.clock.now += 0.5
    queue.says(Progressed(queue.job, "separating", 0.6, 10.0))
    assert get_job(queue.db, queue.job).progress == 0.5
    queue.clock.now += 0.5
    queue.says(Progressed(queue.job, "separating", 0.7, 10.0))
    assert get_job(queue.db, queue.job).progress == 0.7


@pytest.mark.parametrize("mtime", [0.0, NOW - DAY, NOW + 1000 * DAY])
def test_a_file_is_quiet_whatever_its_time_says(tmp_path: Path, mtime: float) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(b"sound")
    set_time(path, mtime)
    clock = Clock(100.0)
    candidates = Candidates(5.0, look=looked_at(path), writing=lambda name: False, clock=clock)
    candidates.note(path)
    arrived = []
    while not arrived and clock.now < 120.0:
        clock.now += 0.25
        if clock.now == 103.0:
            # The clock has been set back, and somebody writes: a change like any other.
            set_time(path, mtime + 5.0)
        arrived = candidates.check()
    assert [one.path for one in arrived] == [path]
    assert 108.0 <= clock.now <= 108.5


def set_time(path: Path, mtime: float) -> None:
    os.utime(path, (mtime, mtime))


def looked_at(path: Path) -> Callable[[str], Any]:
    return lambda name: file_state(path)
