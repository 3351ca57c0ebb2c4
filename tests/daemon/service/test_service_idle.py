"""The daemon while there is little to do: what it costs, and that it is seen to be alive."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.intake import enter_file
from core.store.database import open_database

Song = Callable[..., Path]
MIB = 1 << 20


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def processor_time(pid: int) -> float:
    """Seconds that a process has computed, all of its threads together; finer than `times`."""
    paths = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(path.read_text().split()[0]) for path in paths) / 1e9


def pass_time(daemon: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    daemon.until(lambda: time.monotonic() > end)


def remember_many_jobs(daemon: Any) -> None:
    daemon.start("--once")
    assert daemon.ended() == 0
    with open_database(daemon.database) as db, db.transaction():
        db.connection.executemany(
            "INSERT INTO jobs (state, origin, source, sha256, size, mtime_ns, inode, title,"
            " queued_at) VALUES ('done', 'inbox', ?, printf('%064d', ?), 1, 1, 1, 'x', 1)",
            ((f"/music/{number}.mp3", number) for number in range(20_000)),
        )


def test_idle_workers_end_and_the_daemon_alone_is_small_and_cheap(daemon, song: Song) -> None:
    remember_many_jobs(daemon)
    daemon.configure(jobs="worker_idle = 1")
    daemon.start()
    song(daemon.inbox / "a.wav")
    daemon.until(lambda: len(daemon.children()) == 2)
    daemon.until(lambda: len(daemon.tracks()) == 1)
    daemon.until(lambda: daemon.children() == [], within=20)
    pid = daemon.process.pid
    before, begun = processor_time(pid), time.monotonic()
    pass_time(daemon, 8)
    assert (processor_time(pid) - before) / (time.monotonic() - begun) < 0.002
    assert resident(pid) < 60 * MIB

    # There is a new one as soon as there is work.
    song(daemon.inbox / "b.wav", seed=1)
    daemon.until(lambda: len(daemon.tracks()) == 2)
    assert daemon.stop() == 0


def lives(daemon: Any) -> int:
    return daemon.heard().count("WATCHDOG=1")


def test_watchdog_is_told_in_time_while_idle_and_while_a_song_is_separated(
    daemon, song: Song
) -> None:
    daemon.start(WATCHDOG_USEC="2000000")
    begun = time.monotonic()
    pass_time(daemon, 3)
    # Every second at least, with something for a machine that does other things too.
    assert lives(daemon) >= time.monotonic() - begun - 1.5
    song(daemon.inbox / "a.wav", seconds=60)
    daemon.wait_for_jobs(running=1)
    begun, before = time.monotonic(), lives(daemon)
    daemon.wait_for_jobs(done=1)
    assert lives(daemon) - before >= time.monotonic() - begun - 1.5


def test_watchdog_is_not_told_when_nobody_asks(daemon) -> None:
    daemon.start(WATCHDOG_USEC="2000000", WATCHDOG_PID="1")
    pass_time(daemon, 1.5)
    assert lives(daemon) == 0


def test_watchdog_that_wants_to_hear_often_does(daemon) -> None:
    daemon.start(WATCHDOG_USEC="600000")
    pass_time(daemon, 3)
    assert lives(daemon) >= 7


def test_watchdog_hears_nothing_while_the_loop_hangs_and_nothing_is_lost(
    daemon, song: Song
) -> None:
    daemon.start(WATCHDOG_USEC="2000000")
    daemon.until(lambda: lives(daemon) > 0)
    with open_database(daemon.database) as db:
        enter_file(db, song(daemon.folder / "added.wav", seed=1))
        db.connection.execute("BEGIN IMMEDIATE")
        song(daemon.inbox / "dropped.wav", seed=2)
        # The daemon waits for its turn to write, and gives up after five seconds.
        longest, last, told = 0.0, time.monotonic(), lives(daemon)
        while "Everything waits for it." not in daemon.said():
            time.sleep(0.05)
            if lives(daemon) > told:
                last, told = time.monotonic(), lives(daemon)
            longest = max(longest, time.monotonic() - last)
            assert longest < 40
        db.connection.execute("ROLLBACK")
    assert longest > 4
    daemon.until(lambda: lives(daemon) > told)
    daemon.wait_for_jobs(done=2)
    assert daemon.folders() == ["added", "dropped"]
    assert len(daemon.jobs()) == 2
    daemon.assert_sound()
