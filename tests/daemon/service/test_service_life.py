"""The daemon from its start to its end, seen from outside."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.store.database import open_database
from core.store.jobs import set_paused

Song = Callable[..., Path]


def attempt(daemon: Any, *arguments: str, **environ: str) -> tuple[int, str]:
    """Run a daemon that ends by itself; return its exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "--config", str(daemon.config), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=daemon.folder,
        env={**os.environ, **environ},
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_a_song_that_is_dropped_becomes_a_track(daemon, song: Song) -> None:
    daemon.start()
    song(daemon.inbox / "Some Band - Some Song.wav")
    daemon.wait_for_jobs(done=1)
    assert daemon.folders() == ["Some Band - Some Song"]
    (track,) = daemon.tracks()
    assert (track["artist"], track["title"]) == ("Some Band", "Some Song")
    assert (daemon.inbox / "Some Band - Some Song.wav").exists()
    daemon.assert_sound()
    assert daemon.stop() == 0


def test_what_lay_there_at_the_start_is_taken_and_what_is_dropped_after_ready_is_noticed(
    daemon, song: Song
) -> None:
    daemon.configure(inbox='rescan = "24 h"')
    (daemon.inbox / "deep" / "down").mkdir(parents=True)
    song(daemon.inbox / "deep" / "down" / "lay there.wav", seed=1)
    song(daemon.inbox / "lay there too.wav", seed=2)
    daemon.start()
    song(daemon.inbox / "deep" / "dropped.wav", seed=3)
    # The scan of the start is over; only an event can tell of this one.
    daemon.until(lambda: "STATUS=0 running" in daemon.heard())
    song(daemon.inbox / "deep" / "down" / "dropped later.wav", seed=4)
    daemon.wait_for_jobs(done=4)
    assert daemon.folders() == ["dropped", "dropped later", "lay there", "lay there too"]
    assert daemon.stop() == 0

    daemon.start()
    daemon.until(lambda: "STATUS=0 running" in daemon.heard())
    assert daemon.stop() == 0
    assert len(daemon.jobs()) == 4
    daemon.assert_sound()


def test_the_service_manager_is_told_how_things_stand(daemon, song: Song) -> None:
    daemon.start()
    assert daemon.heard().startswith("READY=1\nSTATUS=watching")
    daemon.until(lambda: "STATUS=0 running, 0 queued, 0 failed" in daemon.heard())
    with open_database(daemon.database) as db:
        set_paused(db, True)
    daemon.until(lambda: "STATUS=The queue is paused" in daemon.heard())
    song(daemon.inbox / "a.wav", seconds=20)
    daemon.wait_for_jobs(queued=1)
    with open_database(daemon.database) as db:
        set_paused(db, False)
    daemon.until(lambda: "STATUS=1 running, 0 queued, 0 failed" in daemon.heard())
    daemon.until(lambda: daemon.heard().endswith("STATUS=0 running, 0 queued, 0 failed"))
    assert daemon.stop() == 0
    assert "STOPPING=1" in daemon.heard()


def test_wrong_configuration_is_refused_before_anything_is_made(daemon) -> None:
    daemon.configure(jobs="workers = 0")
    text = daemon.config.read_text()
    line = text.splitlines().index("workers = 0") + 1
    before = sorted(daemon.folder.iterdir())
    code, said = attempt(daemon)
    assert code == 78
    assert f"line {line}" in said
    assert "'workers' in [jobs]" in said
    assert str(daemon.config) in said
    assert sorted(daemon.folder.iterdir()) == before
    assert attempt(daemon, "--check-config")[0] == 78


def test_second_daemon_says_who_holds_the_database(daemon, song: Song) -> None:
    daemon.start()
    code, said = attempt(daemon)
    assert code == 1
    assert f"process {daemon.process.pid} on " in said
    assert str(daemon.database) in said
    song(daemon.inbox / "a.wav")
    daemon.wait_for_jobs(done=1)
    daemon.kill()
    # The lock goes with its holder, however that ends.
    daemon.start()
    assert daemon.stop() == 0


def damaged(path: Path) -> None:
    open_database(path).close()
    whole = path.read_bytes()
    # Behind the header, that is the list of tables.
    path.write_bytes(whole[:100] + bytes(3996) + whole[4096:])


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def newer(path: Path) -> None:
    open_database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def no_database(path: Path) -> None:
    path.write_text("Dear diary, ...")


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (damaged, "damaged"),
        (no_database, "no database"),
        (foreign, "another program"),
        (newer, "newer version"),
    ],
)
def test_database_that_cannot_be_used_is_left_as_it_is(
    daemon, spoil: Callable[[Path], None], word: str
) -> None:
    daemon.database.parent.mkdir()
    spoil(daemon.database)
    before = daemon.database.read_bytes()
    code, said = attempt(daemon)
    assert code == 1
    assert re.search(word, said)
    assert str(daemon.database) in said
    assert daemon.database.read_bytes() == before
    assert not daemon.library.exists()


def test_database_on_a_read_only_disk_is_refused(daemon, mounts) -> None:
    daemon.database.parent.mkdir()
    open_database(daemon.database).close()
    before = daemon.database.read_bytes()
    mounts.drive(daemon.database.parent, daemon.database.parent)
    mounts.again(daemon.database.parent, "bind,ro")
    code, said = attempt(daemon)
    assert code == 1
    assert "Read-only" in said or "read-only" in said
    assert str(daemon.database) in said
    assert daemon.database.read_bytes() == before


def test_library_of_another_database_is_refused(daemon, song: Song) -> None:
    song(daemon.inbox / "a.wav")
    assert attempt(daemon, "--once")[0] == 0
    before = {path: path.stat().st_mtime_ns for path in daemon.library.rglob("*")}

    other = daemon.folder / "other.db"
    code, said = attempt(daemon, MINUSONE_DATABASE=str(other))
    assert code == 1
    assert "holds a library already" in said
    assert "minusone library adopt" in said
    assert {path: path.stat().st_mtime_ns for path in daemon.library.rglob("*")} == before


def test_first_start_makes_the_inbox(daemon, song: Song) -> None:
    daemon.inbox.rmdir()
    daemon.start()
    assert "made the inbox" in daemon.said()
    song(daemon.inbox / "a.wav")
    daemon.wait_for_jobs(done=1)


def test_inbox_that_is_missing_is_waited_for(daemon, song: Song) -> None:
    daemon.start()
    assert daemon.stop() == 0
    daemon.inbox.rmdir()
    daemon.start()
    daemon.until(lambda: "is away" in daemon.said())
    watched = "SELECT 1 FROM daemon WHERE folders LIKE ?"
    daemon.until(lambda: daemon.rows(watched, '%"missing"%'))
    daemon.inbox.mkdir()
    song(daemon.inbox / "a.wav")
    daemon.wait_for_jobs(done=1)
    daemon.until(lambda: daemon.rows(watched, '%"inotify"%'))
    assert daemon.stop() == 0


def test_once_ends_when_everything_is_done(daemon, song: Song) -> None:
    for seed in range(3):
        song(daemon.inbox / f"{seed}.wav", seed=seed)
    (daemon.inbox / "broken.wav").write_bytes(b"RIFF, so they say")
    code, said = attempt(daemon, "--once")
    assert code == 0
    assert said.count(" done in ") == 3
    assert {job["state"] for job in daemon.jobs()} == {"done", "failed"}
    daemon.assert_sound()
    begun = time.monotonic()
    assert attempt(daemon, "--once")[0] == 0
    assert time.monotonic() - begun < 5
    assert len(daemon.jobs()) == 4


def test_every_line_about_a_job_is_kept_with_it(daemon, song: Song) -> None:
    found = daemon.log
    found.touch()
    state = found.stat()
    daemon.start(JOURNAL_STREAM=f"{state.st_dev}:{state.st_ino}")
    song(daemon.inbox / "good.wav")
    (daemon.inbox / "broken.wav").write_bytes(b"RIFF, so they say")
    daemon.wait_for_jobs(done=1, failed=1)
    assert daemon.stop() == 0

    lines = daemon.said().splitlines()
    assert {line[:3] for line in lines} == {"<6>", "<3>"}
    for job in daemon.jobs():
        kept = daemon.rows("SELECT level, text FROM job_events WHERE job_id = ?", job["id"])
        level = {"info": 6, "error": 3}
        printed = [line for line in lines if f"job {job['id']}: " in line]
        assert printed == [f"<{level[r['level']]}>job {job['id']}: {r['text']}" for r in kept]
        assert kept
    (error,) = daemon.rows("SELECT text FROM job_events WHERE level = 'error'")
    assert "broken.wav" in error["text"]
    assert daemon.rows("SELECT 1 FROM job_events WHERE job_id IS NULL AND text = 'stopped'")
