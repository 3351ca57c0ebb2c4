"""`minusone jobs watch`: the queue as it moves."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.store.database import open_database
from core.store.jobs import clear_ended, fail, heartbeat
from core.store.records import JobState

PROGRAM = [sys.executable, "-P", "-c", "from tui.cli import main; main()"]

PATIENCE = 30.0
"""Seconds after which something that should have happened is a failure."""


@pytest.fixture
def watching(store: Any) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start the command, its output going to a pipe; ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*PROGRAM, "jobs", "watch", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def next_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
    assert ready, "nothing was printed"
    return process.stdout.readline()


def stop(process: "subprocess.Popen[str]", number: signal.Signals = signal.SIGINT) -> str:
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    return errors


def test_every_change_is_a_record(
    watching: Callable[..., "subprocess.Popen[str]"], store: Any
) -> None:
    job = store.start("now.mp3")
    process = watching("--json")
    first = json.loads(next_line(process))
    assert (first["id"], first["state"], first["progress"]) == (job.id, "running", 0.4)
    with open_database(store.database) as db:
        heartbeat(db, job.id, "tests", "writing", 0.9, 50.0)
    second = json.loads(next_line(process))
    assert (second["id"], second["stage"], second["progress"]) == (job.id, "writing", 0.9)
    with open_database(store.database) as db:
        fail(db, job.id, "It broke.", "")
    third = json.loads(next_line(process))
    assert (third["state"], third["error"]["title"]) == ("failed", "It broke.")
    assert stop(process) == "Stopped.\n"
    assert process.returncode == 130


def test_job_that_came_and_went_between_two_looks_is_told(
    watching: Callable[..., "subprocess.Popen[str]"], store: Any
) -> None:
    store.add_job("waiting.mp3")
    process = watching("--json")
    assert json.loads(next_line(process))["title"] == "waiting"
    # In one moment for the watcher: both changes are there when it looks.
    with open_database(store.database) as db, db.transaction():
        db.connection.execute(
            "INSERT INTO jobs (state, origin, source, size, mtime_ns, inode, title, error_title,"
            " queued_at) VALUES ('failed', 'inbox', '/x.mp3', 1, 1, 1, 'x', 'No audio.', 1)"
        )
    told = json.loads(next_line(process))
    assert (told["title"], told["state"]) == ("x", "failed")
    stop(process)


def test_without_a_terminal_changes_of_the_state_are_lines(
    watching: Callable[..., "subprocess.Popen[str]"], store: Any
) -> None:
    job = store.start("now\nand then.mp3")
    process = watching()
    assert "now\\nand then: running 40 % separating, 52x real time\n" in next_line(process)
    with open_database(store.database) as db:
        heartbeat(db, job.id, "tests", "separating", 0.6, 50.0)  # No news for a log.
    with open_database(store.database) as db:
        fail(db, job.id, "It broke.", "")
    assert next_line(process).endswith("now\\nand then: failed It broke.\n")
    stop(process, signal.SIGTERM)
    assert process.returncode == 143


def test_only_the_states_asked_for_are_told(
    watching: Callable[..., "subprocess.Popen[str]"], store: Any
) -> None:
    job = store.start("now.mp3")
    store.add_job("waiting.mp3")
    process = watching("--json", "--state", "running,failed")
    assert json.loads(next_line(process))["state"] == "running"
    with open_database(store.database) as db:
        fail(db, job.id, "It broke.", "")
    assert json.loads(next_line(process))["state"] == "failed"
    stop(process)


def test_job_that_is_cleared_away_meanwhile_does_no_harm(
    watching: Callable[..., "subprocess.Popen[str]"], store: Any
) -> None:
    job = store.start("now.mp3")
    process = watching("--json")
    next_line(process)
    with open_database(store.database) as db, db.transaction():
        fail(db, job.id, "It broke.", "")
        clear_ended(db, [JobState.FAILED])
    store.add_job("next.mp3")
    assert json.loads(next_line(process))["title"] == "next"
    stop(process)


def test_reader_that_went_away_ends_it_quietly(store: Any) -> None:
    store.start("now.mp3")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*PROGRAM, "jobs", "watch", "--json"],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


class Terminal:
    """A terminal of 80 columns and 24 lines that one program runs in."""

    def __init__(self, ours: int) -> None:
        self._ours = ours
        self.shown = ""

    def read_until(self, text: str) -> str:
        """Read until a text has come; return what came since the last call."""
        begun = len(self.shown)
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown[begun:]:
            ready, _, _ = select.select([self._ours], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{text!r} did not come; this did: {self.shown[begun:]!r}"
            self.shown += os.read(self._ours, 1 << 16).decode("utf-8")
        return self.shown[begun:]


@contextmanager
def at_a_terminal(*arguments: str) -> "Iterator[tuple[subprocess.Popen[bytes], Terminal]]":
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
    )
    os.close(theirs)
    try:
        yield process, Terminal(ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_terminal_shows_a_table_and_redraws_what_has_changed(store: Any) -> None:
    job = store.start("now.mp3")
    store.add_job("waiting.mp3")
    with at_a_terminal("jobs", "watch") as (process, terminal):
        shown = terminal.read_until("Ctrl-C ends this view")
        assert shown.startswith("\x1b[?1049h\x1b[?25l")
        assert "Somebody - now" in shown
        assert " 40  separating" in shown
        with open_database(store.database) as db:
            heartbeat(db, job.id, "tests", "separating", 0.5, 52.0)
        changed = terminal.read_until(" 50  separating")
        assert "Somebody - now" in changed
        assert "waiting" not in changed
        assert "The daemon" not in changed
        process.send_signal(signal.SIGINT)
        last = terminal.read_until("Stopped.")
        assert "\x1b[?25h\x1b[?1049l" in last
        assert process.wait(PATIENCE) == 130


def test_terminal_is_given_back_by_kill_too(store: Any) -> None:
    store.add_job("waiting.mp3")
    with at_a_terminal("jobs", "watch") as (process, terminal):
        terminal.read_until("Ctrl-C ends this view")
        process.send_signal(signal.SIGTERM)
        terminal.read_until("\x1b[?25h\x1b[?1049l")
        assert process.wait(PATIENCE) == 143
