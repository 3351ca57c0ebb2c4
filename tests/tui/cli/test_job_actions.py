"""Steering the queue: retry, cancel, front, pause, resume, clear."""

import json
from collections.abc import Callable
from typing import Any

from click.testing import Result

from core.store.database import open_database
from core.store.jobs import (
    add_failed_job,
    cancel,
    claim,
    count_jobs,
    get_job,
    is_paused,
    list_jobs,
    rescan_count,
)
from core.store.records import FileState, JobState, NewJob, Origin, SongFacts

Invoke = Callable[..., Result]


def state(store: Any, job: Any) -> JobState:
    with open_database(store.database) as db:
        found: JobState = get_job(db, job.id).state
        return found


def test_failed_job_is_queued_again(invoke: Invoke, store: Any) -> None:
    job = store.fail("bad.mp3")
    result = invoke("jobs", "retry", str(job.id))
    assert result.exit_code == 0
    assert result.stdout == f"Job {job.id}, Somebody - bad: queued again\n"
    assert state(store, job) is JobState.QUEUED


def test_every_failed_job_is_queued_again_and_no_other(invoke: Invoke, store: Any) -> None:
    failed = [store.fail(f"bad {number}.mp3") for number in range(60)]
    stopped = store.add_job("stopped.mp3")
    with open_database(store.database) as db:
        cancel(db, stopped.id)
    result = invoke("jobs", "retry", "--failed", "--json")
    assert result.exit_code == 0
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert {job["id"] for job in found} == {job.id for job in failed}
    assert {job["state"] for job in found} == {"queued"}
    assert state(store, stopped) is JobState.CANCELLED
    assert invoke("jobs", "retry", "--failed").stdout == "There is no such job.\n"


def test_file_that_could_not_be_read_is_looked_at_again(invoke: Invoke, store: Any) -> None:
    source = store.music / "locked.mp3"
    new = NewJob(source, FileState(1, 2, 3), None, SongFacts("locked"), Origin.INBOX)
    with open_database(store.database) as db:
        job = add_failed_job(db, new, "locked.mp3 cannot be read.", "")
        before = rescan_count(db)
    result = invoke("jobs", "retry", str(job.id))
    assert result.stdout == f"Job {job.id}, locked: its file will be looked at again\n"
    with open_database(store.database) as db:
        assert rescan_count(db) == before + 1
        assert list_jobs(db) == []


def test_one_job_that_refuses_does_not_stop_the_others(invoke: Invoke, store: Any) -> None:
    good, bad = store.add_job("good.mp3"), store.fail("bad.mp3")
    result = invoke("jobs", "retry", "999", str(good.id), str(bad.id))
    assert result.exit_code == 1
    assert "999" in result.stderr
    assert f"Job {good.id} is queued" in result.stderr
    assert state(store, bad) is JobState.QUEUED
    records = invoke("jobs", "cancel", "999", str(bad.id), "--json").stdout.splitlines()
    assert json.loads(records[0])["id"] == 999
    assert "999" in json.loads(records[0])["error"]["title"]
    assert json.loads(records[1])["state"] == "cancelled"


def test_jobs_must_be_named_one_way(invoke: Invoke, store: Any) -> None:
    for arguments in (["retry"], ["retry", "1", "--failed"], ["cancel"], ["cancel", "x"]):
        assert invoke("jobs", *arguments).exit_code == 2


def test_waiting_jobs_are_cancelled_at_once_and_running_ones_asked(
    invoke: Invoke, store: Any
) -> None:
    running, waiting = store.start("now.mp3"), store.add_job("later.mp3")
    result = invoke("jobs", "cancel", str(running.id), str(waiting.id))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"Job {running.id}, Somebody - now: will stop within seconds",
        f"Job {waiting.id}, Somebody - later: cancelled",
    ]
    with open_database(store.database) as db:
        assert get_job(db, running.id).cancel_requested


def test_cancelling_what_waits_leaves_what_runs(invoke: Invoke, store: Any) -> None:
    running = store.start("now.mp3")
    store.add_job("one.mp3")
    store.add_job("two.mp3")
    assert invoke("jobs", "cancel", "--queued").exit_code == 0
    with open_database(store.database) as db:
        assert count_jobs(db)[JobState.CANCELLED] == 2
        assert not get_job(db, running.id).cancel_requested


def test_job_at_the_front_is_claimed_next(invoke: Invoke, store: Any) -> None:
    store.add_job("first.mp3", priority=7)
    last = store.add_job("last.mp3")
    result = invoke("jobs", "front", str(last.id))
    assert result.stdout == f"Job {last.id}, Somebody - last: is next\n"
    with open_database(store.database) as db:
        job = claim(db, "tests")
    assert job is not None
    assert job.id == last.id


def test_queue_is_paused_and_goes_on(invoke: Invoke, store: Any) -> None:
    assert "minusone jobs resume" in invoke("jobs", "pause").stdout
    with open_database(store.database) as db:
        assert is_paused(db)
    assert json.loads(invoke("jobs", "resume", "--json").stdout) == {"paused": False}
    with open_database(store.database) as db:
        assert not is_paused(db)


def test_clearing_forgets_what_needs_no_attention(invoke: Invoke, store: Any) -> None:
    store.add_track("done.mp3")
    store.fail("bad.mp3")
    store.add_job("waiting.mp3")
    stopped = store.add_job("stopped.mp3")
    with open_database(store.database) as db:
        cancel(db, stopped.id)
    assert invoke("jobs", "clear").stdout == "Forgot 2 jobs.\n"
    with open_database(store.database) as db:
        left = {key: number for key, number in count_jobs(db).items() if number}
    assert left == {JobState.QUEUED: 1, JobState.FAILED: 1}
    assert json.loads(invoke("jobs", "clear", "--failed", "--json").stdout) == {"cleared": 1}
    assert invoke("jobs", "clear", "--failed").stdout == "Forgot 0 jobs.\n"
