"""A job's way through the queue."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import StoreError, UsageError
from core.store.database import Database, open_database
from core.store.joblist import FAR
from core.store.jobs import (
    add_failed_job,
    add_job,
    cancel,
    cancelled,
    claim,
    complete,
    fail,
    get_job,
    heartbeat,
    intend,
    is_paused,
    list_jobs,
    next_due,
    pending_originals,
    put_back,
    put_off,
    running_jobs,
    set_original,
    set_paused,
    set_priority,
    set_source,
)
from core.store.records import (
    FileState,
    Job,
    JobState,
    NewJob,
    NewTrack,
    Origin,
    Original,
    SongFacts,
    Stem,
    Track,
)
from core.store.tracks import count_tracks, find_track, get_track

Queued = Callable[..., Job]
HOUR = 3600.0


def _claimed(db: Database, now: float | None = None) -> Job:
    job = claim(db, "worker 1", now=now)
    assert job is not None
    return job


def _done(db: Database, job: Job, track: NewTrack, now: float | None = None) -> Track:
    return complete(
        db,
        job.id,
        track,
        original=Original.KEPT,
        backend="cpu",
        realtime_factor=4.0,
        now=now,
    )


def test_new_job_is_returned_as_it_was_entered(
    db: Database, new_job: Callable[..., NewJob]
) -> None:
    new = new_job(
        1,
        source=Path("/in/caf\udce9.mp3"),
        facts=SongFacts("T", "A", "B", 12.5, 48000, 1, "opus"),
        mount="uuid",
        priority=3,
        model="m",
        preset="best",
        replace=True,
        origin=Origin.ADDED,
    )
    job = add_job(db, new, now=100.0)
    assert job is not None
    assert job == get_job(db, job.id)
    assert job.state is JobState.QUEUED
    assert job.origin is Origin.ADDED
    assert (job.source, job.file, job.sha256) == (new.source, new.state, new.sha256)
    assert (job.facts, job.mount, job.priority) == (new.facts, "uuid", 3)
    assert (job.model, job.preset, job.replace) == ("m", "best", True)
    assert (job.attempts, job.failures, job.deaths) == (0, 0, 0)
    assert (job.queued_at, job.started_at, job.finished_at) == (100.0, None, None)
    assert (job.worker, job.track_id, job.original, job.folder) == (None, None, None, None)


def test_titles_from_names_of_any_bytes_can_be_entered(queued: Queued) -> None:
    assert queued(1, facts=SongFacts("caf\udce9")).facts.title == "caf\ufffd"


@pytest.mark.parametrize("running", [False, True])
def test_same_content_is_not_entered_twice_while_under_way(
    db: Database, queued: Queued, new_job: Callable[..., NewJob], running: bool
) -> None:
    first = queued(1)
    if running:
        _claimed(db)
    assert add_job(db, new_job(1, source=Path("/other.mp3"))) is None
    fail(db, first.id, "No.", "")
    assert add_job(db, new_job(1)) is not None


def test_song_that_cannot_be_queued_is_a_failed_job(
    db: Database, new_job: Callable[..., NewJob]
) -> None:
    new = new_job(1, sha256=None)
    job = add_failed_job(db, new, "It is empty.", "Get it again.", now=5.0)
    assert job.state is JobState.FAILED
    assert (job.error_title, job.error_detail) == ("It is empty.", "Get it again.")
    assert (job.sha256, job.finished_at) == (None, 5.0)
    assert claim(db, "w") is None
    # The same song may fail as often as it comes, also while it is in the queue.
    add_job(db, new_job(2))
    assert add_failed_job(db, new_job(2), "No.", "").state is JobState.FAILED


def test_claiming_takes_the_highest_priority_then_the_oldest(db: Database, queued: Queued) -> None:
    for number, priority in enumerate([0, 5, 0, 5, -1]):
        queued(number, priority=priority)
    order = []
    while job := claim(db, "w"):
        order.append(job.id)
    assert order == [2, 4, 1, 3, 5]


def test_claimed_job_belongs_to_its_worker(db: Database, queued: Queued) -> None:
    queued(1)
    job = _claimed(db, now=50.0)
    assert job.state is JobState.RUNNING
    assert (job.worker, job.attempts) == ("worker 1", 1)
    assert (job.started_at, job.heartbeat_at) == (50.0, 50.0)
    assert running_jobs(db) == [job]
    assert claim(db, "worker 2") is None


def test_job_is_not_claimed_before_its_time(db: Database, queued: Queued) -> None:
    queued(1)
    put_back(db, _claimed(db, now=1000.0).id, not_before=1060.0)
    assert next_due(db, now=1000.0) == 1060.0
    assert claim(db, "w", now=1059.0) is None
    assert claim(db, "w", now=1060.0) is not None
    assert next_due(db) is None


def test_job_that_waits_does_not_hold_up_those_behind_it(db: Database, queued: Queued) -> None:
    queued(1, priority=9)
    put_back(db, _claimed(db).id, not_before=1060.0)
    second = queued(2)
    assert _claimed(db, now=1000.0).id == second.id


def test_jobs_of_a_disk_that_is_away_are_put_off_together(db: Database, queued: Queued) -> None:
    away = [queued(number, mount="usb") for number in (1, 2)]
    here = queued(3, mount="disk")
    assert put_off(db, "usb", 1060.0, ("Away.", "Mount it.")) == 2
    assert get_job(db, away[1].id).error_title == "Away."
    assert _claimed(db, now=1000.0).id == here.id
    assert claim(db, "w", now=1000.0) is None
    assert _claimed(db, now=1060.0).id == away[0].id


def test_clock_that_was_set_back_does_not_hold_a_job(db: Database, queued: Queued) -> None:
    queued(1)
    now = 30 * FAR
    put_back(db, _claimed(db, now=now).id, not_before=now + 60)
    earlier = now - FAR / 2
    assert claim(db, "w", now=earlier) is None
    assert next_due(db, now=earlier) == now + 60
    earlier = now - FAR
    due = next_due(db, now=earlier)
    assert due is not None
    assert due <= earlier
    assert claim(db, "w", now=earlier) is not None


def test_nothing_is_claimed_while_paused(db: Database, queued: Queued) -> None:
    queued(1)
    assert not is_paused(db)
    set_paused(db, True)
    assert is_paused(db)
    assert claim(db, "w") is None
    set_paused(db, False)
    assert not is_paused(db)
    assert claim(db, "w") is not None


@pytest.mark.parametrize(
    ("said", "kept"), [(0.25, 0.25), (-0.1, 0.0), (1.0001, 1.0), (math.nan, 0.0)]
)
def test_heartbeat_tells_how_far_the_job_is(
    db: Database, queued: Queued, said: float, kept: float
) -> None:
    queued(1)
    job = _claimed(db, now=1.0)
    assert heartbeat(db, job.id, "worker 1", "separating", said, 3.5, now=9.0)
    job = get_job(db, job.id)
    assert (job.stage, job.progress, job.realtime_factor) == ("separating", kept, 3.5)
    assert job.heartbeat_at == 9.0


def test_heartbeat_of_a_worker_that_lost_its_job_changes_nothing(
    db: Database, queued: Queued
) -> None:
    queued(1)
    job = _claimed(db)
    assert not heartbeat(db, job.id, "worker 2", "separating", 0.5, None)
    put_back(db, job.id)
    assert not heartbeat(db, job.id, "worker 1", "separating", 0.5, None)
    assert get_job(db, job.id).progress == 0


def test_job_that_is_put_back_is_as_new_but_for_what_is_counted(
    db: Database, queued: Queued
) -> None:
    queued(1)
    job = _claimed(db)
    heartbeat(db, job.id, "worker 1", "separating", 0.5, 2.0)
    intend(db, job.id, "A - B")
    job = put_back(db, job.id, failure=True, error=("Full.", "Free some."), not_before=7.0)
    assert job.state is JobState.QUEUED
    assert (job.attempts, job.failures, job.deaths) == (1, 1, 0)
    assert (job.error_title, job.error_detail, job.not_before) == ("Full.", "Free some.", 7.0)
    assert (job.worker, job.stage, job.progress, job.folder) == (None, None, 0, None)
    _claimed(db)
    job = put_back(db, job.id, death=True)
    assert (job.attempts, job.failures, job.deaths) == (2, 1, 1)
    assert job.error_title == "Full."
    assert job.not_before == 0.0


def test_job_that_was_to_be_cancelled_is_not_put_back(db: Database, queued: Queued) -> None:
    queued(1)
    job = _claimed(db)
    cancel(db, job.id)
    job = put_back(db, job.id, death=True, now=9.0)
    assert job.state is JobState.CANCELLED
    assert (job.finished_at, job.cancel_requested, job.worker) == (9.0, False, None)


def test_intended_folder_is_kept_with_the_running_job(
    path: Path, new_job: Callable[..., NewJob]
) -> None:
    with open_database(path) as db:
        add_job(db, new_job(1))
        intend(db, _claimed(db).id, "A - B")
    with open_database(path) as db:
        assert [job.folder for job in running_jobs(db)] == ["A - B"]
        intend(db, 1, None)
        assert get_job(db, 1).folder is None


def test_completed_job_has_its_track(
    db: Database, queued: Queued, new_track: Callable[..., NewTrack]
) -> None:
    job = queued(1)
    _claimed(db)
    intend(db, job.id, "Somebody - Song 1")
    heartbeat(db, job.id, "worker 1", "writing", 0.9, 3.0)
    new = new_track(1, lyrics=("lyrics.lrc", "lyrics.cdg"), cover="cover.jpg", bpm=120.5, key="Am")
    track = complete(
        db,
        job.id,
        new,
        original=Original.PENDING,
        backend="gpu",
        realtime_factor=9.5,
        now=70.0,
    )
    assert track == get_track(db, track.id) == find_track(db, new.sha256)
    for name in NewTrack.__dataclass_fields__:
        assert getattr(track, name) == getattr(new, name)
    assert track.added_at == 70.0
    job = get_job(db, job.id)
    assert job.state is JobState.DONE
    assert (job.track_id, job.progress, job.finished_at) == (track.id, 1.0, 70.0)
    assert (job.original, job.backend, job.realtime_factor) == (Original.PENDING, "gpu", 9.5)
    assert (job.worker, job.stage, job.folder, job.error_title) == (None, None, None, None)


def test_song_separated_again_keeps_its_number_and_its_mixes(
    db: Database,
    queued: Queued,
    separated: Callable[..., Track],
    new_track: Callable[..., NewTrack],
) -> None:
    old = separated(1, now=10.0, bpm=99.0)
    other = separated(2)
    db.change("INSERT INTO mixes VALUES (5, ?, 'Karaoke', '{}', 0, 0)", (old.id,))
    queued(1, replace=True)
    stems = (Stem("drums", "drums.wav", "wav", 7),)
    new = new_track(1, folder="New", title="Renamed", stems=stems, preset="best", key="C")
    track = _done(db, _claimed(db), new, now=20.0)
    assert track.id == old.id
    assert (track.folder, track.title, track.preset) == ("New", "Renamed", "best")
    assert track.stems == stems
    assert (track.added_at, track.bpm, track.key) == (10.0, 99.0, "C")
    assert db.value("SELECT track_id FROM mixes") == old.id
    assert count_tracks(db) == 2
    assert count_tracks(db, "renamed") == 1
    assert get_track(db, other.id) == other


def test_nothing_is_completed_when_the_folder_is_another_tracks(
    db: Database,
    queued: Queued,
    separated: Callable[..., Track],
    new_track: Callable[..., NewTrack],
) -> None:
    separated(1)
    job = queued(2)
    _claimed(db)
    with pytest.raises(StoreError, match="has the folder"):
        _done(db, job, new_track(2, folder="SOMEBODY - song 1"))
    assert get_job(db, job.id).state is JobState.RUNNING
    assert count_tracks(db) == 1


def test_job_is_completed_once(
    db: Database, queued: Queued, new_track: Callable[..., NewTrack]
) -> None:
    queued(1)
    job = _claimed(db)
    _done(db, job, new_track(1))
    for state, end in [
        ("done", lambda: _done(db, job, new_track(1, title="Another"))),
        ("done", lambda: fail(db, job.id, "No.", "")),
        ("done", lambda: put_back(db, job.id)),
        ("done", lambda: cancelled(db, job.id, "")),
        ("done", lambda: intend(db, job.id, "A")),
        ("done", lambda: set_priority(db, job.id, 1)),
    ]:
        with pytest.raises(UsageError, match=f"Job {job.id} is {state}"):
            end()
    assert find_track(db, new_track(1).sha256).title == "Song 1"  # type: ignore[union-attr]
    with pytest.raises(UsageError, match="no job 99"):
        fail(db, 99, "No.", "")


def test_failed_job_says_why(db: Database, queued: Queued) -> None:
    first, second = queued(1), queued(2)
    _claimed(db)
    for job in (first, second):
        job = fail(db, job.id, "Damaged \udcff.", "Get it again.", now=3.0)
        assert job.state is JobState.FAILED
        assert (job.error_title, job.error_detail) == ("Damaged \ufffd.", "Get it again.")
        assert (job.worker, job.finished_at) == (None, 3.0)


def test_running_job_that_was_stopped_is_cancelled(db: Database, queued: Queued) -> None:
    queued(1)
    job = cancelled(db, _claimed(db).id, "Somebody wanted it.", now=4.0)
    assert job.state is JobState.CANCELLED
    assert (job.error_title, job.finished_at, job.worker) == ("Somebody wanted it.", 4.0, None)


def test_original_that_is_to_be_moved_is_remembered(
    db: Database, queued: Queued, new_track: Callable[..., NewTrack]
) -> None:
    job = queued(1)
    _claimed(db)
    complete(
        db,
        job.id,
        new_track(1),
        original=Original.PENDING,
        backend="cpu",
        realtime_factor=None,
    )
    assert [one.id for one in pending_originals(db)] == [job.id]
    set_source(db, job.id, Path("/originals/1.mp3"), FileState(1, 2, 3))
    set_original(db, job.id, Original.MOVED)
    assert pending_originals(db) == []
    after = get_job(db, job.id)
    assert after.source == Path("/originals/1.mp3")
    assert (after.file, after.original) == (FileState(1, 2, 3), Original.MOVED)


def test_numbers_are_not_used_again(db: Database, queued: Queued) -> None:
    first = queued(1)
    db.change("DELETE FROM jobs")
    assert queued(1).id > first.id
    assert len(list_jobs(db)) == 1
