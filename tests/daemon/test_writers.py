"""Whether a file is open for writing, asked of the real kernel."""

import mmap
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.mounts import Mount
from daemon.writers import open_for_writing

HAMMER = """
import os, sys
ready = False
while not os.path.exists(sys.argv[2]):
    os.close(os.open(sys.argv[1], os.O_WRONLY))
    if not ready:
        ready = True
        print("ready", flush=True)
"""


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"sound")
    return path


def test_closed_file_is_not_written(song: Path) -> None:
    assert open_for_writing(song) is False


def test_file_open_for_reading_is_not_written(song: Path) -> None:
    with song.open("rb"):
        assert open_for_writing(song) is False


@pytest.mark.parametrize("mode", ["ab", "r+b", "wb"])
def test_file_open_for_writing_is(song: Path, mode: str) -> None:
    with song.open(mode):
        assert open_for_writing(song) is True
    assert open_for_writing(song) is False


@pytest.mark.parametrize(("fstype", "answer"), [("nfs4", None), ("cifs", None), ("fuse.x", True)])
def test_refusal_of_a_network_file_system_tells_nothing(
    song: Path, fstype: str, answer: bool | None
) -> None:
    def mount(path: Path) -> Mount:
        return Mount("nas:/", fstype, "/", path, "")

    with song.open("ab"):
        assert open_for_writing(song, mount=mount) is answer
    assert open_for_writing(song, mount=mount) is False


def test_file_open_in_another_process_under_another_name_is(song: Path) -> None:
    other = song.with_name("other.mp3")
    os.link(song, other)
    code = "import sys; f = open(sys.argv[1], 'ab'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(other)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        assert open_for_writing(song) is True
        child.communicate()
    assert open_for_writing(song) is False


def test_file_closed_but_still_mapped_for_writing_is(song: Path) -> None:
    with song.open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    with mapped:
        assert open_for_writing(song) is True
    assert open_for_writing(song) is False


def test_what_is_no_regular_file_cannot_be_told_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert open_for_writing(tmp_path / "fifo") is None
    assert open_for_writing(tmp_path) is None
    assert open_for_writing(tmp_path / "missing") is None


@pytest.fixture
def nobody() -> Iterator[None]:
    """Without the superuser's powers."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.usefixtures("nobody")
def test_file_of_somebody_else_cannot_be_told() -> None:
    assert open_for_writing(Path("/etc/passwd")) is None


def test_writers_that_come_while_it_is_asked_do_not_end_the_process(
    song: Path, tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    before = signal.getsignal(signal.SIGIO)
    with subprocess.Popen(
        [sys.executable, "-c", HAMMER, str(song), str(stop)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        # SIGIO ends a process that has not asked for it: coming through this at all is the test.
        answers = {open_for_writing(song) for _ in range(20_000)}
        stop.touch()
        assert child.wait(timeout=10) == 0
    assert answers == {True, False}
    assert signal.getsignal(signal.SIGIO) == before


def test_lease_that_is_broken_while_held_sends_a_harmless_signal(song: Path) -> None:
    code = (
        "import fcntl, os, signal, sys\n"
        "f = os.open(sys.argv[1], os.O_RDONLY)\n"
        "fcntl.fcntl(f, fcntl.F_SETSIG, signal.SIGURG)\n"
        "fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_RDLCK)\n"
        "print('leased', flush=True)\n"
        "sys.stdin.readline()\n"
        "fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_UNLCK)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(song)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"leased\n"
        with pytest.raises(BlockingIOError):
            os.open(song, os.O_WRONLY | os.O_NONBLOCK)
        child.communicate(b"go on\n", timeout=10)
    assert child.returncode == 0
