"""The queue as other programs steer it through the database, and what becomes of doubles."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.intake import enter_file
from core.store.database import open_database
from core.store.jobs import cancel, move_to_front, retry, set_paused
from core.store.records import Outcome

Song = Callable[..., Path]


def staged(daemon: Any) -> list[Path]:
    return list((daemon.library / ".incoming").glob("*"))


def pause(daemon: Any, paused: bool) -> None:
    with open_database(daemon.database) as db:
        set_paused(db, paused)


def test_paused_queue_waits_and_goes_on_in_the_order_of_priorities(daemon, song: Song) -> None:
    daemon.start()
    pause(daemon, True)
    # Seen by the daemon before there is anything to claim.
    daemon.until(lambda: "the queue waits: The queue is paused" in daemon.said())
    added = {}
    with open_database(daemon.database) as db:
        for name, priority in (("second", 1), ("fourth", 0), ("first", 5), ("third", 0)):
            path = song(daemon.folder / f"{name}.wav", seed=len(added))
            entry = enter_file(db, path, priority=priority)
            assert entry.job is not None
            added[name] = entry.job.id
    song(daemon.inbox / "fifth.wav", seed=9)
    daemon.wait_for_jobs(queued=5)
    with open_database(daemon.database) as db:
        move_to_front(db, added["third"])
        assert move_to_front(db, added["second"]).priority > 5
        assert move_to_front(db, added["first"]).priority > 6
    assert [job["attempts"] for job in daemon.jobs()] == [0] * 5
    pause(daemon, False)
    daemon.wait_for_jobs(done=5)
    begun = sorted(daemon.jobs(), key=lambda job: job["started_at"])
    assert [job["title"] for job in begun] == ["first", "second", "third", "fourth", "fifth"]
    assert {job["attempts"] for job in begun} == {1}
    assert "the queue moves again" in daemon.said()


def test_song_added_by_another_program_begins_within_a_second(daemon, song: Song) -> None:
    daemon.start()
    first = song(daemon.folder / "first.wav")
    second = song(daemon.folder / "second.wav", seed=1)
    daemon.until(lambda: "STATUS=0 running" in daemon.heard())
    for number, path in enumerate((first, second), 1):
        with open_database(daemon.database) as db:
            assert enter_file(db, path).outcome is Outcome.JOB
        entered = time.time()
        daemon.wait_for_jobs(done=number)
        (job,) = daemon.rows("SELECT * FROM jobs WHERE source = ?", str(path))
        # One turn of the daemon's loop, and something for a machine that does other things too.
        assert job["started_at"] - entered < 1.7
    daemon.assert_sound()


def test_cancelled_jobs_leave_nothing(daemon, song: Song) -> None:
    daemon.start()
    song(daemon.inbox / "running.wav", seconds=30)
    worker = daemon.hold()
    song(daemon.inbox / "queued.wav", seed=1)
    daemon.wait_for_jobs(queued=1)
    ids = {job["title"]: job["id"] for job in daemon.jobs()}
    with open_database(daemon.database) as db:
        cancel(db, ids["queued"], reason="not this one")
        assert cancel(db, ids["running"]).cancel_requested
    os.kill(worker, signal.SIGCONT)
    daemon.wait_for_jobs(cancelled=2)
    daemon.until(lambda: staged(daemon) == [])
    assert daemon.folders() == []
    assert [job["attempts"] for job in daemon.jobs()] == [1, 0]
    # The worker is not lost by it, and neither are the songs.
    with open_database(daemon.database) as db:
        retry(db, ids["running"])
    daemon.wait_for_jobs(done=1, cancelled=1)
    assert daemon.separating() == [worker]
    assert daemon.folders() == ["running"]
    daemon.assert_sound()


def test_cancelling_a_job_whose_worker_hangs(daemon, song: Song) -> None:
    daemon.configure(jobs="stall = 3")
    daemon.start()
    song(daemon.inbox / "a.wav", seconds=30)
    daemon.hold()
    with open_database(daemon.database) as db:
        cancel(db, 1)
    daemon.wait_for_jobs(cancelled=1)
    assert staged(daemon) == []
    assert daemon.stop() == 0


def test_failed_job_is_tried_again_when_somebody_asks(daemon, song: Song) -> None:
    daemon.start()
    path = song(daemon.folder / "added.wav")
    away = daemon.folder / "away.wav"
    pause(daemon, True)
    with open_database(daemon.database) as db:
        enter_file(db, path)
        path.rename(away)
        set_paused(db, False)
    daemon.wait_for_jobs(failed=1)
    (job,) = daemon.jobs()
    assert "is gone" in job["error_title"]
    assert f"minusone jobs retry {job['id']}" in job["error_detail"]
    away.rename(path)
    with open_database(daemon.database) as db:
        retry(db, job["id"])
    daemon.wait_for_jobs(done=1)
    (job,) = daemon.jobs()
    assert (job["error_title"], job["attempts"], job["folder"]) == (None, 1, None)
    daemon.assert_sound()


@pytest.mark.parametrize("when", ["queued", "running", "done"])
def test_same_content_under_another_name_is_separated_once(daemon, song: Song, when: str) -> None:
    daemon.start()
    pause(daemon, when == "queued")
    path = song(daemon.inbox / "one.wav", seconds=20)
    if when == "running":
        worker = daemon.hold()
    else:
        daemon.wait_for_jobs(**{when: 1})
    shutil.copy(path, daemon.inbox / "two.wav")
    (daemon.inbox / "deeper").mkdir()
    os.link(path, daemon.inbox / "deeper" / "three.wav")
    doubles = "SELECT * FROM sources WHERE outcome = 'duplicate'"
    daemon.until(lambda: len(daemon.rows(doubles)) == 2)
    with open_database(daemon.database) as db:
        assert enter_file(db, daemon.inbox / "two.wav").outcome is Outcome.DUPLICATE
    if when == "queued":
        pause(daemon, False)
    elif when == "running":
        os.kill(worker, signal.SIGCONT)
    daemon.wait_for_jobs(done=1)
    (track,) = daemon.tracks()
    daemon.until(lambda: {row["track_id"] for row in daemon.rows(doubles)} == {track["id"]})
    assert len(daemon.jobs()) == 1
    assert daemon.folders() == ["one"]
    daemon.assert_sound()


def test_same_name_with_new_content_is_a_new_track(daemon, song: Song) -> None:
    daemon.start()
    song(daemon.inbox / "Band - Song.wav", seed=1)
    daemon.wait_for_jobs(done=1)
    song(daemon.inbox / "Band - Song.wav", seed=2)
    daemon.wait_for_jobs(done=2)
    assert daemon.folders() == ["Band - Song", "Band - Song (2)"]
    first, second = daemon.tracks()
    assert first["sha256"] != second["sha256"]
    daemon.assert_sound()


def test_several_workers_separate_at_the_same_time(daemon, song: Song) -> None:
    daemon.configure(jobs="workers = 3")
    daemon.start()
    song(daemon.inbox / "held.wav", seconds=30)
    worker = daemon.hold()
    for seed in range(1, 5):
        song(daemon.inbox / f"{seed}.wav", seed=seed, seconds=5)
    daemon.until(lambda: len(daemon.separating()) == 3)
    daemon.wait_for_jobs(done=4, running=1)
    os.kill(worker, signal.SIGCONT)
    daemon.wait_for_jobs(done=5)
    assert len(daemon.separating()) == 3
    assert {job["attempts"] for job in daemon.jobs()} == {1}
    daemon.assert_sound()


def test_error_that_may_pass_is_tried_again_at_growing_intervals(daemon, song: Song) -> None:
    daemon.configure(jobs="backoff = 0.4\nattempts = 4")
    daemon.start()
    path, away = song(daemon.folder / "a.wav"), daemon.folder / "away.wav"
    with open_database(daemon.database) as db:
        set_paused(db, True)
        enter_file(db, path)
        path.rename(away)
        # A link to itself: neither there nor gone, as on a disk that answers with errors.
        path.symlink_to(path.name)
        set_paused(db, False)
    daemon.wait_for_jobs(failed=1)
    events = daemon.rows("SELECT at FROM job_events WHERE text LIKE '%Tried again in%'")
    first, second, third = (event["at"] for event in events)
    assert 0.4 <= second - first < 2.4
    assert 0.8 <= third - second < 2.8
    (job,) = daemon.jobs()
    assert job["error_title"].endswith("It was tried 4 times.")
    assert (job["attempts"], job["deaths"]) == (4, 0)

    with open_database(daemon.database) as db:
        retry(db, job["id"])
    daemon.until(lambda: daemon.jobs()[0]["failures"] == 1)
    path.unlink()
    away.rename(path)
    daemon.wait_for_jobs(done=1)
    daemon.assert_sound()
