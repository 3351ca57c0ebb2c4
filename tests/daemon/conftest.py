"""What tests of the daemon share."""

import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from daemon.arrivals import Arrival, Arrivals
from daemon.ignore import IgnoreRules
from daemon.watch import Watcher

DEADLINE = 15.0
"""Seconds after which a condition that did not come true fails a test."""


class Watched:
    """Inboxes that are really watched, and a loop over them like the daemon's."""

    def __init__(
        self,
        *inboxes: Path,
        quiet: float = 0.3,
        rules: IgnoreRules | None = None,
        follow_links: bool = False,
        known: set[int] | None = None,
        **watching: Any,
    ) -> None:
        rules = rules or IgnoreRules()
        self.quiet = quiet
        self.watcher = Watcher(inboxes, rules, follow_links=follow_links, **watching)
        self.arrivals = Arrivals(
            self.watcher, rules, quiet=quiet, follow_links=follow_links, known=known
        )
        self.arrived: list[Arrival] = []
        self.times: dict[Path, float] = {}
        self.arrivals.start()
        self.settle()

    def names(self) -> list[str]:
        """Names of what arrived, sorted."""
        return sorted(arrival.path.name for arrival in self.arrived)

    def turn(self, until: float) -> None:
        """Wait for the next thing to do, but not past a time, and do it."""
        left = min(self.arrivals.due(), until) - time.monotonic()
        select.select([self.arrivals], [], [], max(0.0, left))
        for arrival in self.arrivals.work():
            self.arrived.append(arrival)
            self.times[arrival.path] = time.monotonic()

    def until(self, condition: Callable[[], object], within: float = DEADLINE) -> None:
        """Go on until something is true."""
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"arrived: {self.names()}"
            self.turn(end)

    def go_on(self, seconds: float) -> None:
        """Go on for a while; for what is not to happen meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn(end)

    def settle(self) -> None:
        """Go on until nothing is scanned and no file is waited for."""
        self.turn(time.monotonic())
        self.until(lambda: not self.arrivals.scanning and not len(self.arrivals))


class Watch(Protocol):
    """Begins to watch inboxes."""

    def __call__(self, *inboxes: Path, **options: Any) -> Watched: ...


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Watch inboxes until the test is over."""
    begun: list[Watched] = []

    def begin(*inboxes: Path, **options: Any) -> Watched:
        begun.append(Watched(*inboxes, **options))
        return begun[-1]

    yield begin
    for one in begun:
        one.arrivals.stop()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def mount_tmpfs() -> Iterator[Callable[[Path], None]]:
    """Mount a file system in memory over a folder; unmounted afterwards at the latest."""
    mounted: list[Path] = []

    def mount(folder: Path) -> None:
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "minusone-test", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = f"mounting needs the superuser: {done.stderr.strip()}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        mounted.append(folder)

    if shutil.which("mount") is None:
        pytest.fail("the command mount is missing")
    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
