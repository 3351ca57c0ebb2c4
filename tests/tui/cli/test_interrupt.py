"""Ctrl-C and `kill` in the middle of a song: nothing half-written stays."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-P", "-c", "from tui.cli import main; main()"]

PATIENCE = 60.0
"""Seconds after which something that should have happened is a failure."""


@pytest.fixture
def songs(make_song: Callable[..., Path], tmp_path: Path) -> list[Path]:
    """Short, long enough to be caught in the middle, and one that is never reached."""
    music = tmp_path / "music"
    return [
        make_song(music / "1.wav", 0.5),
        make_song(music / "2.wav", 900.0),
        make_song(music / "3.wav", 0.5),
    ]


def unfinished(folder: Path) -> list[Path]:
    """Give the files that are being written."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name.startswith(".")]


@contextmanager
def separating(songs: list[Path], output: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the program and wait until it writes the stems of the second song."""
    with subprocess.Popen(
        [*PROGRAM, "separate", *map(os.fspath, songs), "-o", os.fspath(output), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + PATIENCE
        try:
            while not unfinished(output / "2"):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_signal_leaves_whole_songs_and_says_what_was_done(
    songs: list[Path], tmp_path: Path, signum: signal.Signals, code: int
) -> None:
    with separating(songs, tmp_path / "out") as process:
        process.send_signal(signum)
        said, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert errors == ""
    assert said.splitlines()[-1].startswith("Stopped. 3 songs: 1 separated, 2 not done. 0:0")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert sorted(path.relative_to(tmp_path / "out").parts for path in files) == [
        ("1", "accompaniment.wav"),
        ("1", "vocals.wav"),
    ]


def test_second_signal_does_not_wait_and_leaves_nothing_either(
    songs: list[Path], tmp_path: Path
) -> None:
    with separating(songs, tmp_path / "out") as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    # The second one may also come when the first has done its work and nobody listens any more.
    assert process.returncode in {130, 143, -signal.SIGTERM}
    assert unfinished(tmp_path / "out") == []


def test_reader_that_went_away_is_no_traceback(
    make_song: Callable[..., Path], tmp_path: Path
) -> None:
    song = make_song(tmp_path / "1.wav", 0.5)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*PROGRAM, "separate", song, "-o", tmp_path / "out", "--json", "--quiet"],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 1
    assert (tmp_path / "out" / "1" / "vocals.wav").is_file()
