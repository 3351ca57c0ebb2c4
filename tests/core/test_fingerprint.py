"""Content of a file, read while it stands still."""

import errno
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import AudioError
from core.fingerprint import FileChanged, ReadingCancelled, file_state, fingerprint
from core.transient import is_transient_error

_BLOCK = 1 << 18


def _after(blocks: int, act: Callable[[], None]) -> Callable[[], bool]:
    """Do something when so many blocks have been read; never cancel."""
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        if asked == blocks:
            act()
        asked += 1
        return False

    return cancelled


def _replace(source: Path, target: Path) -> None:
    source.replace(target)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mp3"
    path.write_bytes(os.urandom(5 * _BLOCK + 7))
    return path


def test_it_is_the_checksum_of_the_bytes_and_the_state_of_the_file(song: Path) -> None:
    found = fingerprint(song)
    assert found.sha256 == hashlib.sha256(song.read_bytes()).hexdigest()
    stat = song.stat()
    assert found.state == file_state(song)
    assert (found.state.size, found.state.mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert found.state.inode == stat.st_ino


def test_an_empty_file_has_a_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert fingerprint(tmp_path / "empty").sha256 == hashlib.sha256().hexdigest()


def test_a_link_is_followed(song: Path) -> None:
    link = song.with_name("link.mp3")
    link.symlink_to(song)
    assert fingerprint(link) == fingerprint(song)


def test_a_file_that_grows_is_refused(song: Path) -> None:
    def grow() -> None:
        with song.open("ab") as file:
            file.write(b"more")

    with pytest.raises(FileChanged, match=r"song\.mp3 changed while it was read"):
        fingerprint(song, cancelled=_after(2, grow))


def test_a_file_that_grows_for_ever_is_given_up(song: Path) -> None:
    asked = 0

    def grow() -> bool:
        nonlocal asked
        asked += 1
        assert asked < 100, "it is still read"
        with song.open("ab") as file:
            file.write(bytes(2 * _BLOCK))
        return False

    with pytest.raises(FileChanged):
        fingerprint(song, cancelled=grow)


def test_a_file_that_is_cut_is_refused(song: Path) -> None:
    with pytest.raises(FileChanged):
        fingerprint(song, cancelled=_after(2, lambda: os.truncate(song, 10)))


def test_a_file_written_over_at_equal_length_is_refused(song: Path) -> None:
    def write() -> None:
        before = song.stat().st_mtime_ns
        with song.open("r+b") as file:
            file.write(b"other")
        # The clock of the file system may not have moved on yet.
        os.utime(song, ns=(before + 1, before + 1))

    with pytest.raises(FileChanged):
        fingerprint(song, cancelled=_after(2, write))


def test_a_file_that_is_replaced_is_refused(song: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(song.read_bytes())
    with pytest.raises(FileChanged):
        fingerprint(song, cancelled=_after(2, lambda: _replace(other, song)))


def test_a_file_that_goes_away_meanwhile_is_refused(song: Path) -> None:
    with pytest.raises(FileChanged, match="not there any more"):
        fingerprint(song, cancelled=_after(2, song.unlink))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileChanged, match="not there any more"):
        fingerprint(tmp_path / "none.mp3")
    with pytest.raises(FileNotFoundError):
        file_state(tmp_path / "none.mp3")


def test_reading_can_be_cancelled_between_blocks(song: Path) -> None:
    answers = iter((False, False, True))
    with pytest.raises(ReadingCancelled, match=r"song\.mp3"):
        fingerprint(song, cancelled=lambda: next(answers))
    assert next(answers, None) is None


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(AudioError, match="a pipe"):
        fingerprint(tmp_path / "pipe.mp3")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="a folder"):
        fingerprint(tmp_path)
    with pytest.raises(AudioError, match="a device"):
        fingerprint(Path("/dev/null"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(AudioError, match="cannot be read"):
            fingerprint(tmp_path / "s")


def test_links_in_a_circle_are_an_error_that_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(AudioError, match="cannot be read") as caught:
        fingerprint(tmp_path / "a")
    assert not is_transient_error(caught.value)


def test_an_error_of_the_disk_may_pass(song: Path) -> None:
    def fail() -> bool:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(AudioError, match="Input/output error") as caught:
        fingerprint(song, cancelled=fail)
    assert is_transient_error(caught.value)


def test_names_that_are_no_text_are_shown(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"so\xffng.mp3")
    path.mkdir()
    with pytest.raises(AudioError) as caught:
        fingerprint(path)
    caught.value.title.encode()
