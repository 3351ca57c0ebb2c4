"""Workers and daemons that end in the middle of their work."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.store.database import open_database
from core.store.jobs import cancel, set_paused

Song = Callable[..., Path]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be noticed does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def staged(daemon: Any) -> list[Path]:
    return list((daemon.library / ".incoming").glob("*"))


def test_job_whose_worker_was_killed_is_taken_again_at_once(daemon, song: Song) -> None:
    daemon.configure(jobs="backoff = 3600")
    daemon.start()
    song(daemon.inbox / "a.wav", seconds=20)
    os.kill(daemon.hold(), signal.SIGKILL)
    killed = time.time()
    daemon.until(lambda: daemon.jobs()[0]["deaths"] == 1)
    daemon.wait_for_jobs(done=1)
    (job,) = daemon.jobs()
    assert (job["attempts"], job["deaths"], job["failures"]) == (2, 1, 0)
    assert job["started_at"] - killed < 1
    assert "killed by signal 9" in daemon.said()
    daemon.until(lambda: staged(daemon) == [])
    daemon.assert_sound()


def test_song_that_kills_its_worker_three_times_is_given_up(daemon, song: Song) -> None:
    daemon.start()
    with open_database(daemon.database) as db:
        set_paused(db, True)
        song(daemon.inbox / "poison.wav", seconds=20)
        daemon.until(lambda: len(daemon.jobs()) == 1)
        song(daemon.inbox / "wholesome.wav", seed=1)
        daemon.until(lambda: len(daemon.jobs()) == 2)
        set_paused(db, False)
    for deaths in range(1, 4):
        worker = daemon.hold()
        os.kill(worker, signal.SIGSEGV)
        os.kill(worker, signal.SIGCONT)
        daemon.until(lambda n=deaths: daemon.jobs()[0]["deaths"] == n)
    daemon.wait_for_jobs(failed=1, done=1)
    poison, _ = daemon.jobs()
    assert poison["state"] == "failed"
    assert poison["attempts"] == 3
    assert poison["error_title"].startswith("This song brought its worker down 3 times")
    assert "signal 11" in poison["error_title"]
    assert "minusone jobs retry" in poison["error_detail"]
    assert staged(daemon) == []
    assert daemon.folders() == ["wholesome"]
    assert daemon.stop() == 0
    daemon.start()
    daemon.until(lambda: "STATUS=0 running, 0 queued, 1 failed" in daemon.heard())
    daemon.assert_sound()


def test_worker_that_hangs_is_killed_and_the_job_goes_on(daemon, song: Song) -> None:
    daemon.configure(jobs="stall = 4")
    daemon.start()
    song(daemon.inbox / "a.wav", seconds=20)
    worker = daemon.hold()
    daemon.wait_for_jobs(done=1)
    assert not alive(worker)
    assert daemon.jobs()[0]["deaths"] == 1
    daemon.assert_sound()


def test_workers_die_with_the_daemon_and_the_job_runs_again(daemon, song: Song) -> None:
    daemon.start()
    song(daemon.inbox / "a.wav", seconds=20)
    daemon.hold()
    workers = daemon.children()
    assert len(workers) == 2
    daemon.kill()
    daemon.until(lambda: not any(map(alive, workers)), within=5)
    assert [job["state"] for job in daemon.jobs()] == ["running"]
    assert len(staged(daemon)) == 1

    daemon.start()
    daemon.wait_for_jobs(done=1)
    (job,) = daemon.jobs()
    assert (job["attempts"], job["deaths"]) == (2, 0)
    assert staged(daemon) == []
    daemon.assert_sound()


def test_job_that_was_to_be_cancelled_stays_so_over_a_crash(daemon, song: Song) -> None:
    daemon.start()
    song(daemon.inbox / "a.wav", seconds=20)
    daemon.hold()
    daemon.kill()
    with open_database(daemon.database) as db:
        assert cancel(db, 1).cancel_requested
    daemon.start()
    daemon.wait_for_jobs(cancelled=1)
    daemon.until(lambda: staged(daemon) == [])
    assert daemon.folders() == []


def test_nothing_is_lost_or_doubled_by_kills_at_random_moments(daemon, song: Song) -> None:
    rng = random.Random(20)
    daemon.configure(jobs="deaths = 100\nworkers = 2", inbox="quiet = 0.2")
    names = [f"song {number}" for number in range(10)]
    for number, name in enumerate(names):
        song(daemon.inbox / f"{name}.wav", seconds=rng.uniform(1, 12), seed=number)
    for _ in range(15):
        daemon.start()
        end = time.monotonic() + rng.uniform(0, 1.6)
        what = rng.choice(("daemon", "worker", "both"))
        with suppress(TimeoutError):
            daemon.until(lambda moment=end: time.monotonic() > moment)
        children = daemon.children()
        if children and what != "daemon":
            with suppress(ProcessLookupError):
                os.kill(rng.choice(children), signal.SIGKILL)
        if what == "worker":
            end = time.monotonic() + rng.uniform(0, 0.5)
            daemon.until(lambda moment=end: time.monotonic() > moment)
        daemon.kill()
        daemon.until(lambda pids=children: not any(map(alive, pids)), within=5)
        # What a person sees in the library is whole at every moment.
        for folder in daemon.folders():
            stems = daemon.library / folder
            assert {"accompaniment.flac", "vocals.flac"} <= {path.name for path in stems.iterdir()}
    daemon.start()
    daemon.wait_for_jobs(done=10)
    daemon.until(lambda: staged(daemon) == [])
    assert daemon.stop() == 0
    assert daemon.folders() == names
    assert len(daemon.jobs()) == 10
    assert sorted(track["title"] for track in daemon.tracks()) == names
    daemon.assert_sound()
