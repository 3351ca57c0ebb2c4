"""What people tell the queue, and looking at it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import UsageError
from core.store.database import Database
from core.store.events import job_events, record
from core.store.jobs import (
    add_failed_job,
    add_job,
    cancel,
    claim,
    clear_ended,
    complete,
    count_jobs,
    fail,
    get_job,
    list_jobs,
    move_to_front,
    put_back,
    request_rescan,
    rescan_count,
    retry,
    set_priority,
)
from core.store.records import (
    Job,
    JobState,
    Level,
    NewJob,
    NewTrack,
    Original,
    Outcome,
    Source,
    Track,
)
from core.store.sources import find_source, remember
from core.store.tracks import count_tracks

Queued = Callable[..., Job]


def test_queued_job_is_cancelled_at_once(db: Database, queued: Queued) -> None:
    job = cancel(db, queued(1).id, now=8.0, reason="Not wanted.")
    assert job.state is JobState.CANCELLED
    assert (job.error_title, job.finished_at) == ("Not wanted.", 8.0)
    assert claim(db, "w") is None


def test_running_job_is_asked_to_stop(db: Database, queued: Queued) -> None:
    job = queued(1)
    claim(db, "w")
    job = cancel(db, job.id)
    assert job.state is JobState.RUNNING
    assert job.cancel_requested


def test_ended_job_cannot_be_cancelled(db: Database, queued: Queued) -> None:
    job = fail(db, queued(1).id, "No.", "")
    with pytest.raises(UsageError, match=f"Job {job.id} is failed") as raised:
        cancel(db, job.id)
    assert "queued and running" in raised.value.detail
    with pytest.raises(UsageError, match="no job 77"):
        cancel(db, 77)


def test_job_tried_again_is_as_new(db: Database, queued: Queued) -> None:
    job = queued(1, priority=4)
    claim(db, "w")
    put_back(db, job.id, failure=True, death=True, not_before=1.0)
    claim(db, "w")
    fail(db, job.id, "Full.", "Free some.")
    job = retry(db, job.id, now=99.0)
    assert job.state is JobState.QUEUED
    assert (job.attempts, job.failures, job.deaths, job.not_before) == (0, 0, 0, 0.0)
    assert (job.error_title, job.error_detail, job.finished_at) == (None, None, None)
    assert (job.queued_at, job.priority) == (99.0, 4)
    again = claim(db, "w")
    assert again is not None
    assert again.id == job.id


def test_cancelled_job_can_be_tried_again(db: Database, queued: Queued) -> None:
    job = cancel(db, queued(1).id)
    assert retry(db, job.id).state is JobState.QUEUED


@pytest.mark.parametrize("running", [False, True])
def test_job_cannot_be_tried_again_while_another_does_the_same(
    db: Database, queued: Queued, running: bool
) -> None:
    failed = fail(db, queued(1).id, "No.", "")
    other = queued(1)
    if running:
        claim(db, "w")
    with pytest.raises(UsageError, match=f"Job {other.id}, which is") as raised:
        retry(db, failed.id)
    assert f"job {failed.id}" in raised.value.detail
    assert get_job(db, failed.id) == failed


def test_job_under_way_or_done_cannot_be_tried_again(
    db: Database, queued: Queued, separated: Callable[..., Track]
) -> None:
    separated(1)
    queued(2)
    for number, state in [(1, "done"), (2, "queued")]:
        with pytest.raises(UsageError, match=f"Job {number} is {state}"):
            retry(db, number)


def test_song_that_was_never_read_is_looked_at_again(
    db: Database, new_job: Callable[..., NewJob]
) -> None:
    new = new_job(1, sha256=None)
    job = add_failed_job(db, new, "It cannot be read.", "")
    remember(db, Source(new.source, new.state, None, Outcome.JOB, job.id, None, "", 1.0))
    assert rescan_count(db) == 0
    assert retry(db, job.id) == job
    assert rescan_count(db) == 1
    assert list_jobs(db) == []
    assert find_source(db, new.source) is None


def test_rescans_are_counted(db: Database) -> None:
    for number in range(1, 4):
        request_rescan(db)
        assert rescan_count(db) == number


def test_priority_decides_what_is_claimed(db: Database, queued: Queued) -> None:
    queued(1)
    second = queued(2)
    assert set_priority(db, second.id, 7).priority == 7
    job = claim(db, "w")
    assert job is not None
    assert job.id == second.id
    assert set_priority(db, second.id, -7).priority == -7
    with pytest.raises(UsageError, match="too large"):
        set_priority(db, second.id, 1 << 63)


def test_job_moved_to_the_front_is_next(db: Database, queued: Queued) -> None:
    jobs = [queued(number, priority=number) for number in range(4)]
    assert move_to_front(db, jobs[1].id).priority == 4
    assert move_to_front(db, jobs[0].id).priority == 5
    assert move_to_front(db, jobs[0].id).priority == 5
    assert [job.id for job in list_jobs(db)] == [jobs[n].id for n in (0, 1, 3, 2)]


def test_only_what_has_not_ended_is_moved_to_the_front(db: Database, queued: Queued) -> None:
    first, second = queued(1), queued(2)
    claim(db, "w")
    assert move_to_front(db, first.id).priority == 0
    cancel(db, second.id)
    with pytest.raises(UsageError, match="is cancelled"):
        move_to_front(db, second.id)


def _mixed(db: Database, queued: Queued) -> None:
    """Enter jobs and bring them into several states."""
    for number in range(12):
        queued(number, priority=number % 3)
    for _ in range(6):
        claim(db, "w")
    for number in (12, 9, 6):
        fail(db, number, "No.", "")
    cancel(db, 1)


def test_jobs_are_listed_in_the_order_of_their_turn(db: Database, queued: Queued) -> None:
    _mixed(db, queued)
    jobs = list_jobs(db)
    assert [(job.state.value, job.id) for job in jobs] == [
        *[("running", number) for number in (2, 3, 5)],
        *[("queued", number) for number in (8, 11, 4, 7, 10)],
        *[("cancelled", 1), ("failed", 6), ("failed", 9), ("failed", 12)],
    ]
    for size in (1, 2, 5, 11):
        pages = [list_jobs(db, limit=size, offset=at) for at in range(0, 14, size)]
        assert [job for page in pages for job in page] == jobs


def test_jobs_are_listed_newest_first(db: Database, queued: Queued) -> None:
    _mixed(db, queued)
    assert [job.id for job in list_jobs(db, newest_first=True)] == list(range(12, 0, -1))
    page = list_jobs(db, newest_first=True, limit=3, offset=9)
    assert [job.id for job in page] == [3, 2, 1]


def test_jobs_are_listed_by_state(db: Database, queued: Queued) -> None:
    _mixed(db, queued)
    ended = {JobState.FAILED, JobState.CANCELLED}
    assert [job.id for job in list_jobs(db, states=ended, newest_first=True)] == [12, 9, 6, 1]
    assert [job.id for job in list_jobs(db, states=ended)] == [1, 6, 9, 12]
    assert [job.id for job in list_jobs(db, states=[JobState.RUNNING])] == [2, 3, 5]
    assert list_jobs(db, states=()) == []
    assert list_jobs(db, limit=0) == []


def test_jobs_are_counted_with_zeros(db: Database, queued: Queued) -> None:
    assert set(count_jobs(db).values()) == {0}
    _mixed(db, queued)
    assert count_jobs(db) == {
        JobState.QUEUED: 5,
        JobState.RUNNING: 3,
        JobState.DONE: 0,
        JobState.FAILED: 3,
        JobState.CANCELLED: 1,
    }


@pytest.mark.parametrize("newest_first", [False, True])
def test_no_page_of_jobs_sorts_them(
    db: Database, queued: Queued, plans: Callable[..., list[str]], newest_first: bool
) -> None:
    _mixed(db, queued)
    for states in (None, [JobState.FAILED], [JobState.FAILED, JobState.DONE]):
        seen = plans(lambda s=states: list_jobs(db, states=s, newest_first=newest_first))
        assert seen
        assert not [line for line in seen if "TEMP B-TREE" in line or line == "SCAN jobs"]


def test_claiming_reads_the_queue_only(
    db: Database, queued: Queued, plans: Callable[..., list[str]]
) -> None:
    _mixed(db, queued)
    seen = plans(lambda: claim(db, "w"))
    assert any("jobs_queue" in line for line in seen)
    assert not [line for line in seen if "TEMP B-TREE" in line]


def test_ended_jobs_are_forgotten_with_their_logs(
    db: Database,
    queued: Queued,
    separated: Callable[..., Track],
    new_job: Callable[..., NewJob],
    new_track: Callable[..., NewTrack],
) -> None:
    track = separated(1)
    failed = fail(db, queued(2).id, "No.", "")
    new = new_job(2)
    remember(db, Source(new.source, new.state, new.sha256, Outcome.JOB, failed.id, None, "", 1.0))
    record(db, Level.ERROR, "It failed.", failed.id)
    waiting = queued(3)
    pending = add_job(db, new_job(4, priority=9))
    assert pending is not None
    claim(db, "w")
    complete(
        db,
        pending.id,
        new_track(4),
        original=Original.PENDING,
        backend="cpu",
        realtime_factor=None,
    )
    assert clear_ended(db, [JobState.FAILED]) == 1
    assert job_events(db, failed.id) == []
    source = find_source(db, new.source)
    assert source is not None
    assert source.job_id is None
    assert clear_ended(db, list(JobState)) == 1
    # What is still to be done with an original is not forgotten.
    assert [job.id for job in list_jobs(db, newest_first=True)] == [pending.id, waiting.id]
    assert count_tracks(db) == 2
    assert track.id == 1
    assert clear_ended(db, []) == 0


def test_song_can_be_entered_again_after_its_job_was_forgotten(
    db: Database, queued: Queued
) -> None:
    fail(db, queued(1, source=Path("/a.mp3")).id, "No.", "")
    clear_ended(db, [JobState.FAILED])
    assert queued(1).state is JobState.QUEUED
