"""Real worker processes: how they start, answer, idle, hang and die."""

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.audio.encode import open_writer
from core.audio.formats import Codec, OutputFormat
from core.store.records import SongFacts
from daemon.child import Child, Politeness
from daemon.messages import (
    Cancel,
    Failed,
    Probe,
    Probed,
    Progressed,
    Reply,
    Request,
    Separate,
    Separated,
    Stopped,
)
from daemon.pool import Pool

DEADLINE = 60.0


class Office:
    """A pool and a loop around it that writes down what it hears."""

    def __init__(self, size: int = 1, idle: float = 60.0) -> None:
        self.selector = selectors.DefaultSelector()
        self.replies: list[Reply] = []
        self.deaths: list[tuple[Request, str]] = []
        self.pool = Pool(
            self.selector,
            size,
            Politeness(3, "low"),
            idle,
            on_reply=lambda child, request, reply: self.replies.append(reply),
            on_death=lambda request, how: self.deaths.append((request, how)),
        )

    def give(self, request: Request) -> Child:
        return self.pool.give(request, time.monotonic())

    def until(self, condition: Callable[[], object], stall: float = DEADLINE) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, (self.replies, self.deaths)
            for key, _ in self.selector.select(0.1):
                key.data(time.monotonic())
            self.pool.tick(time.monotonic(), stall)

    def last(self) -> Reply:
        self.until(lambda: self.replies and not isinstance(self.replies[-1], Progressed))
        return self.replies[-1]


@pytest.fixture
def office() -> Iterator[Callable[..., Office]]:
    offices: list[Office] = []

    def make(**options: float) -> Office:
        offices.append(Office(**options))  # type: ignore[arg-type]
        return offices[-1]

    yield make
    for one in offices:
        one.pool.stop()
        one.selector.close()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "Moon - Tide.wav"
    noise = np.random.default_rng(1).normal(0, 0.1, (22050, 1)).astype(np.float32)
    with open_writer(path, OutputFormat(Codec.WAV, 16), 22050, 1) as writer:
        writer.write(noise)
    return path


def separate(song: Path, staging: Path) -> Separate:
    staging.mkdir(parents=True)
    facts = SongFacts("Tide", "Moon", rate=22050, channels=1)
    return Separate(
        job=7,
        source=str(song),
        staging=str(staging),
        facts=facts,
        model="spleeter-2stems",
        preset="fast",
        backend="cpu",
        threads=1,
        codec="flac",
        bits=16,
        bitrate=None,
        stems=None,
    )


def test_a_song_is_probed(office: Callable[..., Office], song: Path) -> None:
    one = office()
    one.give(Probe(str(song)))
    reply = one.last()
    assert isinstance(reply, Probed)
    assert (reply.facts.artist, reply.facts.rate) == ("Moon", 22050)


def test_what_is_no_song_is_refused_and_the_worker_lives(
    office: Callable[..., Office], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(b"nothing")
    one = office()
    worker = one.give(Probe(str(bad))).pid
    reply = one.last()
    assert isinstance(reply, Failed)
    assert (reply.kind, reply.transient) == ("AudioError", False)
    assert one.give(Probe(str(bad))).pid == worker


def test_a_song_becomes_a_complete_folder(
    office: Callable[..., Office], song: Path, tmp_path: Path
) -> None:
    staging = tmp_path / "staging"
    song.with_suffix(".lrc").write_text("[00:00.00]la")
    one = office()
    one.give(separate(song, staging))
    reply = one.last()
    assert isinstance(reply, Separated)
    assert [stem.name for stem in reply.track.stems] == ["vocals", "accompaniment"]
    for stem in reply.track.stems:
        assert (staging / stem.file).stat().st_size == stem.bytes
    assert (staging / "lyrics.lrc").read_text() == "[00:00.00]la"
    assert (reply.track.rate, reply.track.channels) == (22050, 1)
    assert any(isinstance(told, Progressed) for told in one.replies)


def test_a_worker_has_the_priority_that_was_asked_for(
    office: Callable[..., Office], song: Path
) -> None:
    one = office()
    worker = one.give(Probe(str(song)))
    one.last()
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) >= 3
    assert int(Path(f"/proc/{worker.pid}/oom_score_adj").read_text()) == 500


def test_a_death_is_told_with_what_was_being_done(
    office: Callable[..., Office], song: Path, tmp_path: Path
) -> None:
    one = office()
    request = separate(song, tmp_path / "staging")
    worker = one.give(request)
    os.kill(worker.pid, signal.SIGKILL)
    one.until(lambda: one.deaths)
    ((what, how),) = one.deaths
    assert what == request
    assert "signal 9" in how
    one.give(Probe(str(song)))
    assert isinstance(one.last(), Probed)


def test_the_death_of_an_idle_worker_is_nobodys_business(
    office: Callable[..., Office], song: Path
) -> None:
    one = office()
    worker = one.give(Probe(str(song))).pid
    one.last()
    os.kill(worker, signal.SIGKILL)
    one.until(lambda: not Path(f"/proc/{worker}").exists())
    assert one.deaths == []
    assert one.give(Probe(str(song))).pid != worker


def test_a_silent_worker_is_ended(
    office: Callable[..., Office], song: Path, tmp_path: Path
) -> None:
    one = office()
    worker = one.give(separate(song, tmp_path / "staging"))
    os.kill(worker.pid, signal.SIGSTOP)
    one.until(lambda: one.deaths, stall=0.3)
    assert len(one.deaths) == 1


def test_a_job_can_be_cancelled(office: Callable[..., Office], song: Path, tmp_path: Path) -> None:
    one = office()
    worker = one.give(separate(song, tmp_path / "staging"))
    worker.send(Cancel(7), time.monotonic())
    assert isinstance(one.last(), Stopped)
    assert list((tmp_path / "staging").iterdir()) == []


def test_an_idle_worker_is_let_go(office: Callable[..., Office], song: Path) -> None:
    one = office(idle=0.2)
    worker = one.give(Probe(str(song))).pid
    one.last()
    one.until(lambda: not Path(f"/proc/{worker}").exists())
    assert one.deaths == []


def test_several_workers_work_at_once(
    office: Callable[..., Office], song: Path, tmp_path: Path
) -> None:
    one = office(size=2)
    first = one.give(separate(song, tmp_path / "a"))
    assert one.pool.free
    second = one.give(separate(song, tmp_path / "b"))
    assert not one.pool.free
    assert first.pid != second.pid
    one.until(lambda: sum(isinstance(reply, Separated) for reply in one.replies) == 2)


def test_workers_do_not_speak_for_the_daemon(
    office: Callable[..., Office], song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/somewhere")
    one = office()
    worker = one.give(Probe(str(song)))
    one.last()
    assert b"NOTIFY_SOCKET" not in Path(f"/proc/{worker.pid}/environ").read_bytes()


def test_stopping_the_pool_ends_every_process_and_says_what_was_unfinished(
    office: Callable[..., Office], song: Path, tmp_path: Path
) -> None:
    one = office(size=2)
    request = separate(song, tmp_path / "staging")
    worker = one.give(request)
    assert one.pool.stop() == [request]
    assert not Path(f"/proc/{worker.pid}").exists()
