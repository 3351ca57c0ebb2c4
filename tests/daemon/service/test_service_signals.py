"""What the daemon does when it is told to stop, or to read its configuration again."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Song = Callable[..., Path]

# Some work, so that it can be met under way.
LONG = 30


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def leftovers(daemon: Any) -> list[Path]:
    return list((daemon.library / ".incoming").glob("*"))


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_idle_daemon_ends_at_once_and_so_do_its_workers(daemon, song: Song, signum: int) -> None:
    daemon.start()
    song(daemon.inbox / "a.wav")
    daemon.wait_for_jobs(done=1)
    workers = daemon.children()
    assert len(workers) == 2
    begun = time.monotonic()
    daemon.process.send_signal(signum)
    assert daemon.ended() == 0
    assert time.monotonic() - begun < 5
    assert not any(map(exists, workers))
    assert "STOPPING=1\nSTATUS=finishing" in daemon.heard()
    (status,) = daemon.rows("SELECT * FROM daemon")
    assert status["stopped_at"] >= status["started_at"]


def test_running_song_is_finished_within_the_grace_time(daemon, song: Song) -> None:
    daemon.configure(jobs="grace = 60")
    daemon.start()
    song(daemon.inbox / "long.wav", seconds=LONG)
    worker = daemon.hold()
    song(daemon.inbox / "next.wav", seed=1)
    daemon.wait_for_jobs(queued=1)
    daemon.process.send_signal(signal.SIGTERM)
    daemon.until(lambda: "STOPPING=1" in daemon.heard())
    os.kill(worker, signal.SIGCONT)
    assert daemon.ended() == 0
    assert [job["state"] for job in daemon.jobs()] == ["done", "queued"]
    assert leftovers(daemon) == []
    daemon.assert_sound()


def test_song_that_does_not_end_in_its_grace_time_is_put_back(daemon, song: Song) -> None:
    daemon.configure(jobs="grace = 0.2")
    daemon.start()
    song(daemon.inbox / "long.wav", seconds=LONG)
    daemon.hold()
    workers = daemon.children()
    begun = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - begun < 5
    assert not any(map(exists, workers))
    (job,) = daemon.jobs()
    assert (job["state"], job["deaths"], job["failures"]) == ("queued", 0, 0)
    assert leftovers(daemon) == []
    daemon.assert_sound()

    daemon.start()
    daemon.wait_for_jobs(done=1)
    assert daemon.stop() == 0
    daemon.assert_sound()


def test_second_signal_ends_the_grace_time(daemon, song: Song) -> None:
    daemon.configure(jobs="grace = 3600")
    daemon.start()
    song(daemon.inbox / "long.wav", seconds=LONG)
    worker = daemon.hold()
    daemon.process.send_signal(signal.SIGTERM)
    daemon.until(lambda: "STOPPING=1" in daemon.heard())
    begun = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - begun < 5
    assert not exists(worker)
    assert [job["state"] for job in daemon.jobs()] == ["queued"]


def reload(daemon: Any) -> None:
    """Have the configuration read again and wait for the end of that."""
    told = daemon.heard().count("READY=1")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: daemon.heard().count("READY=1") > told)


def test_reload_takes_up_inboxes_and_workers(daemon, song: Song) -> None:
    other = daemon.folder / "other inbox"
    other.mkdir()
    song(other / "lay there.wav", seconds=LONG, seed=1)
    daemon.start()
    song(daemon.inbox / "long.wav", seconds=LONG)
    worker = daemon.hold()
    former = daemon.inbox
    daemon.inbox = other
    daemon.configure(jobs="workers = 2")
    reload(daemon)
    assert "RELOADING=1\nMONOTONIC_USEC=" in daemon.heard()
    # The song of the former inbox goes on, and another one beside it.
    daemon.wait_for_jobs(done=1, running=1)
    os.kill(worker, signal.SIGCONT)
    daemon.wait_for_jobs(done=2)
    song(former / "nobody looks here.wav", seed=2)
    song(other / "dropped.wav", seed=3)
    daemon.wait_for_jobs(done=3)
    assert daemon.folders() == ["dropped", "lay there", "long"]
    assert daemon.stop() == 0
    assert len(daemon.jobs()) == 3


def test_reload_takes_up_the_quiet_time(daemon, song: Song) -> None:
    daemon.configure(inbox="quiet = 3600")
    daemon.start()
    song(daemon.inbox / "a.wav")
    daemon.until(lambda: "STATUS=0 running" in daemon.heard())
    assert daemon.jobs() == []
    daemon.configure(inbox="quiet = 0.3")
    reload(daemon)
    daemon.wait_for_jobs(done=1)
    assert daemon.stop() == 0


def test_wrong_configuration_changes_nothing_in_a_running_daemon(daemon, song: Song) -> None:
    daemon.start()
    good = daemon.config.read_text()
    for wrong, said in (
        ("workers = 0", "'workers' in [jobs]"),
        ("[inbox", "line "),
        (None, "There is no configuration "),
    ):
        if wrong is None:
            daemon.config.unlink()
        else:
            daemon.config.write_text(good.replace("[jobs]\n", f"[jobs]\n{wrong}\n"))
        before = len(daemon.said())
        reload(daemon)
        line = daemon.said()[before:]
        assert "ERROR" in line
        assert "The configuration stays as it was." in line
        assert said in line
    for name, place in (("library", "elsewhere"), ("database", "elsewhere.db")):
        former = getattr(daemon, name)
        setattr(daemon, name, daemon.folder / place)
        daemon.configure()
        setattr(daemon, name, former)
        reload(daemon)
        assert f"A running daemon cannot change its {name}. Restart it" in daemon.said()
        assert not (daemon.folder / place).exists()
    song(daemon.inbox / "a.wav")
    daemon.wait_for_jobs(done=1)
    daemon.assert_sound()
    assert daemon.stop() == 0
