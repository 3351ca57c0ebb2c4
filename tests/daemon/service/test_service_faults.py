"""Disks that are full, read-only or away: the queue waits, nothing is lost, and it goes on."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.store.database import open_database
from core.store.jobs import set_paused

Song = Callable[..., Path]

FAST = 'preset = "fast"'


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill a disk up to so many bytes; return the file that does it."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        while (free := shutil.disk_usage(folder).free - leave) > 0:
            try:
                file.write(b"\0" * min(free, 1 << 16))
            except OSError:
                break
    return path


@contextmanager
def paused(daemon) -> Iterator[None]:
    """Pause the queue, as another program does."""
    with open_database(daemon.database) as db:
        set_paused(db, True)
    daemon.until(lambda: "The queue is paused" in waiting(daemon))
    yield
    with open_database(daemon.database) as db:
        set_paused(db, False)


def waiting(daemon) -> str:
    """Return what the daemon says that the queue waits for."""
    return "".join(row["waiting"] for row in daemon.rows("SELECT waiting FROM daemon"))


def do_not_wait(daemon) -> None:
    """Have every job's turn come now: minutes of patience are right, but not in a test."""
    with open_database(daemon.database) as db:
        db.change("UPDATE jobs SET not_before = 0 WHERE state = 'queued'")


def staged(daemon) -> list[str]:
    """Return what is unfinished in the library."""
    area = daemon.library / ".incoming"
    return sorted(path.name for path in area.iterdir()) if area.is_dir() else []


def test_library_that_fills_up_during_a_job(daemon, song: Song, mounts) -> None:
    mounts.small_disk(daemon.library, "3m")
    daemon.configure(jobs='reserve = "0 MB"\nbackoff = 1', rest=FAST)
    daemon.start()
    filler = fill(daemon.library, leave=40_000)
    song(daemon.inbox / "a.wav", 2.0)
    daemon.until(lambda: any(job["failures"] for job in daemon.jobs("queued")))
    (job,) = daemon.jobs()
    assert "the disk is full" in job["error_title"]
    assert "Free some space" in job["error_detail"]
    assert daemon.folders() == ["filler"]
    filler.unlink()
    daemon.wait_for_jobs(done=1)
    assert daemon.jobs()[0]["error_title"] is None
    assert staged(daemon) == []
    daemon.assert_sound()
    assert daemon.stop() == 0


def test_queue_waits_below_the_reserve(daemon, song: Song, mounts) -> None:
    mounts.small_disk(daemon.library, "3m")
    daemon.configure(jobs='reserve = "1 MB"', rest=FAST)
    daemon.start()
    filler = fill(daemon.library, leave=500_000)
    daemon.until(lambda: "are to stay free" in waiting(daemon))
    song(daemon.inbox / "a.wav", 0.5)
    daemon.wait_for_jobs(queued=1)
    daemon.until(lambda: "STATUS=Only 0.0 GB are free" in daemon.heard())
    assert daemon.jobs()[0]["attempts"] == 0
    filler.unlink()
    daemon.wait_for_jobs(done=1)
    assert waiting(daemon) == ""
    daemon.assert_sound()


def test_database_on_a_full_disk(daemon, song: Song, mounts) -> None:
    mounts.small_disk(daemon.database.parent, "2m")
    daemon.configure(rest=FAST)
    daemon.start()
    song(daemon.inbox / "before.wav", 0.5)
    daemon.wait_for_jobs(done=1)
    filler = fill(daemon.database.parent)
    for seed in range(3):
        song(daemon.inbox / f"{seed}.wav", 0.5, seed=seed + 1)
    daemon.until(lambda: "Everything waits for it" in daemon.said())
    assert "the disk is full" in daemon.said() or "the disk reports an error" in daemon.said()
    filler.unlink()
    daemon.wait_for_jobs(done=4)
    assert len(daemon.jobs()) == 4
    assert staged(daemon) == []
    daemon.assert_sound()
    assert daemon.stop() == 0


def test_read_only_library(daemon, song: Song, mounts) -> None:
    mounts.small_disk(daemon.library, "3m")
    daemon.configure(rest=FAST)
    daemon.start()
    mounts.again(daemon.library, "ro")
    daemon.until(lambda: "disk is read-only" in waiting(daemon))
    song(daemon.inbox / "a.wav", 0.5)
    daemon.wait_for_jobs(queued=1)
    assert daemon.jobs()[0]["attempts"] == 0
    mounts.again(daemon.library, "rw")
    daemon.wait_for_jobs(done=1)
    daemon.assert_sound()


def test_library_that_this_user_may_not_write(daemon, song: Song, without_override) -> None:
    daemon.configure(rest=FAST)
    daemon.start(under=without_override)
    daemon.library.chmod(0o555)
    daemon.until(lambda: "This user may not write" in waiting(daemon))
    song(daemon.inbox / "a.wav", 0.5)
    daemon.wait_for_jobs(queued=1)
    assert daemon.jobs()[0]["attempts"] == 0
    daemon.library.chmod(0o755)
    daemon.wait_for_jobs(done=1)
    daemon.assert_sound()


def test_unmounted_library(daemon, song: Song, mounts) -> None:
    drive = daemon.folder / "drive"
    drive.mkdir()
    mounts.drive(drive, daemon.library)
    daemon.configure(rest=FAST)
    daemon.start()
    first = song(daemon.inbox / "first.wav", 0.5)
    daemon.wait_for_jobs(done=1)
    before = daemon.tracks()
    mounts.unmount(daemon.library)
    daemon.until(lambda: "holds no library: is its drive mounted?" in waiting(daemon))
    shutil.copy(first, daemon.inbox / "copy of the first.wav")
    song(daemon.inbox / "second.wav", 0.5, seed=2)
    daemon.wait_for_jobs(queued=1)
    daemon.until(lambda: "copy of the first.wav is in the library already" in daemon.said())
    assert list(daemon.library.iterdir()) == []
    assert daemon.tracks() == before
    mounts.drive(drive, daemon.library)
    daemon.wait_for_jobs(done=2)
    assert daemon.folders() == ["first", "second"]
    daemon.assert_sound()
    assert daemon.stop() == 0


def test_library_that_is_pulled_out_during_a_job(daemon, song: Song, mounts) -> None:
    drive = daemon.folder / "drive"
    drive.mkdir()
    mounts.drive(drive, daemon.library)
    daemon.configure(jobs="backoff = 1", rest=FAST)
    daemon.start()
    song(daemon.inbox / "long.wav", 60.0)
    daemon.until(lambda: any(job["progress"] > 0.02 for job in daemon.jobs("running")))
    mounts.unmount(daemon.library, by_force=True)
    daemon.until(lambda: daemon.jobs("queued"))
    (job,) = daemon.jobs()
    assert (job["failures"], job["deaths"]) == (0, 0)
    assert list(daemon.library.iterdir()) == []
    mounts.drive(drive, daemon.library)
    daemon.wait_for_jobs(done=1)
    daemon.until(lambda: staged(daemon) == [])
    daemon.assert_sound()


def test_unmounted_inbox_with_queued_jobs(daemon, song: Song, mounts) -> None:
    drive = daemon.folder / "drive"
    drive.mkdir()
    mounts.drive(drive, daemon.inbox)
    daemon.configure(rest=FAST)
    daemon.start()
    with paused(daemon):
        for seed in range(2):
            song(daemon.inbox / f"{seed}.wav", 0.5, seed=seed)
        daemon.wait_for_jobs(queued=2)
        mounts.unmount(daemon.inbox)
    daemon.until(lambda: all(job["error_title"] for job in daemon.jobs("queued")))
    for job in daemon.jobs():
        assert (job["state"], job["attempts"], job["failures"]) == ("queued", 0, 0)
        assert job["error_title"] == "The disk that this song was on is away."
    # Asked for once, not for each of its songs.
    assert daemon.said().count("nor is the disk it was on: waiting for it") == 1
    mounts.drive(drive, daemon.inbox)
    do_not_wait(daemon)
    daemon.wait_for_jobs(done=2)
    song(daemon.inbox / "new.wav", 0.5, seed=9)
    daemon.wait_for_jobs(done=3)
    assert list(daemon.inbox.iterdir()) != []
    daemon.assert_sound()


def test_inbox_that_is_deleted_and_made_anew(daemon, song: Song) -> None:
    daemon.configure(rest=FAST)
    daemon.start()
    with paused(daemon):
        song(daemon.inbox / "old.wav", 0.5)
        daemon.wait_for_jobs(queued=1)
        shutil.rmtree(daemon.inbox)
        daemon.until(lambda: "is away" in daemon.said())
        daemon.inbox.mkdir()
        song(daemon.inbox / "new.wav", 0.5, seed=1)
        daemon.wait_for_jobs(queued=2)
    daemon.wait_for_jobs(done=1, cancelled=1)
    (job,) = daemon.jobs("cancelled")
    assert job["error_title"].endswith("old.wav was deleted before its turn came")
    assert daemon.folders() == ["new"]
    daemon.assert_sound()


def test_disk_of_the_inbox_that_is_away_at_the_start(daemon, song: Song) -> None:
    daemon.configure(rest=FAST)
    daemon.start()
    daemon.stop()
    daemon.inbox.rmdir()
    daemon.start()
    daemon.until(lambda: "Make it, or mount the drive that it is on" in daemon.said())
    daemon.inbox.mkdir()
    song(daemon.inbox / "a.wav", 0.5)
    daemon.wait_for_jobs(done=1)
    daemon.assert_sound()
