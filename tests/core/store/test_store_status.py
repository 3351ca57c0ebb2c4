"""What the daemon says of itself and of its jobs."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.store.database import Database
from core.store.events import KEPT_OF_DAEMON, KEPT_PER_JOB, daemon_events, job_events, record
from core.store.records import DaemonStatus, Job, Level, WatchedFolder
from core.store.status import host_name, read_status, report_status

STATUS = DaemonStatus(
    pid=os.getpid(),
    host=host_name(),
    version="0.1",
    started_at=1000.0,
    heartbeat_at=2000.0,
    stopped_at=None,
    waiting="",
    folders=(
        WatchedFolder(Path("/in/caf\udce9"), "poll", "It is a network disk."),
        WatchedFolder(Path("/in \N{GUITAR}"), "inotify"),
    ),
    library=Path("/library/\udcff"),
    free_bytes=1 << 50,
)


def test_status_is_what_was_said_last(db: Database) -> None:
    assert read_status(db) is None
    report_status(db, STATUS)
    assert read_status(db) == STATUS
    after = replace(STATUS, heartbeat_at=2001.0, waiting="The disk is full.", free_bytes=None)
    report_status(db, after)
    assert read_status(db) == after


@pytest.mark.parametrize("of_job", [True, False])
def test_last_lines_are_kept(
    db: Database, queued: Callable[..., Job], plans: Callable[..., list[str]], of_job: bool
) -> None:
    job_id = queued(1).id if of_job else None
    other = queued(2).id
    record(db, Level.INFO, "Another's.", other)
    kept = KEPT_PER_JOB if of_job else KEPT_OF_DAEMON
    with db.transaction():
        for number in range(kept + 10):
            record(db, Level.WARNING, f"line {number}", job_id, now=float(number))
    events = job_events(db, job_id, 1000) if job_id else daemon_events(db, 1000)
    assert [event.text for event in events] == [f"line {n}" for n in range(10, kept + 10)]
    assert (events[0].level, events[0].at, events[0].job_id) == (Level.WARNING, 10.0, job_id)
    last = job_events(db, job_id, 2) if job_id else daemon_events(db, 2)
    assert last == events[-2:]
    assert [event.text for event in job_events(db, other)] == ["Another's."]
    seen = plans(lambda: record(db, Level.INFO, "one more", job_id))
    assert not [line for line in seen if "TEMP B-TREE" in line or line == "SCAN job_events"]


def test_line_of_a_job_that_is_gone_is_not_kept(db: Database) -> None:
    record(db, Level.ERROR, "Whose?", 99)
    assert job_events(db, 99) == []
    record(db, Level.DEBUG, "caf\udce9\0")
    assert [event.text for event in daemon_events(db)] == ["caf\ufffd\ufffd"]
