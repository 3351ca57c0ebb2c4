"""When a file has arrived: the decision, apart from any watching.

A file has arrived when nothing about it has changed for a while and nobody writes to it. Times of
files and the wall clock play no part: a copy may bring a time from years ago, and clocks get set.
Only what two looks saw, and the time that passed between them on a clock that never jumps, count.
"""

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.store.records import FileState

STEP = 0.25
"""Seconds between two looks at a file, and so the most that its arrival is noticed late."""

LOOKS_PER_SECOND = 800
"""Of all files together; a look takes some 10 microseconds. Many files are looked at less often."""

HELD_STEP = 1.0
"""Seconds between two looks at a file that is quiet but still open for writing."""

LONGEST_STEP = 60.0
"""Seconds between two looks at an empty file, when it has been empty for long."""

PATIENCE = 60
"""A file that is open for writing is taken after this many quiet times without a change."""

Look = Callable[[str], FileState | None]
"""Says what a file is like; None for what is gone, or is no regular file."""

Writing = Callable[[str], bool | None]
"""Says whether a file is open for writing; None when that cannot be told."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that is ready to be taken in.

    Attributes
    ----------
    path
        The file.
    state
        As it was found at the last look.
    """

    path: Path
    state: FileState


@dataclass(slots=True)
class _Waiting:
    state: FileState | None
    changed: float
    looked: float
    due: float
    announced: bool = False


class Candidates:
    """The files that may become songs and are watched until they are quiet.

    Not for several threads at once.

    Parameters
    ----------
    quiet
        How long nothing may change before a file counts as arrived, seconds.
    look, writing
        How to look at a file.
    clock
        Seconds, never going back.
    """

    def __init__(
        self,
        quiet: float,
        *,
        look: Look,
        writing: Writing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.quiet = quiet
        self._look = look
        self._writing = writing
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}
        # May hold several times for one file: only the one that its entry names counts.
        self._heap: list[tuple[float, str]] = []
        self._announced = False

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, path: Path | str) -> bool:
        return str(path) in self._waiting

    def __iter__(self) -> Iterator[Path]:
        """List the files that are waited for, in no order."""
        return map(Path, self._waiting)

    def note(self, path: Path | str) -> None:
        """Put a file under watch, or look again soon at one that is; any number of times."""
        name, now = str(path), self._clock()
        entry = self._waiting.get(name)
        if entry is None:
            self._waiting[name] = _Waiting(None, now, now, now)
            heapq.heappush(self._heap, (now, name))
            return
        # A file that is being written gives a thousand hints a second; a few looks do.
        soon = max(now, entry.looked + min(STEP, self.quiet) / 5)
        if soon < entry.due:
            self._look_again(name, entry, soon)

    def forget(self, path: Path | str) -> None:
        """Stop watching a file; nothing happens if it is not watched."""
        self._waiting.pop(str(path), None)

    def announced(self) -> bool:
        """Whether, since this was asked last, a file has been quiet for half of its time."""
        announced, self._announced = self._announced, False
        return announced

    def due(self) -> float | None:
        """Next time to look, on the clock; None when there is nothing to wait for."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def check(self, now: float | None = None) -> list[Arrived]:
        """Look at the files whose time has come.

        Parameters
        ----------
        now
            On the clock; what the clock says when None.

        Returns
        -------
        list of Arrived
            Those that are ready; they are not watched any longer.
        """
        moment = self._clock() if now is None else now
        arrived = []
        self._drop_stale()
        while self._heap and self._heap[0][0] <= moment:
            _, name = heapq.heappop(self._heap)
            state = self._examine(name, self._waiting[name], moment)
            if state is not None:
                arrived.append(Arrived(Path(name), state))
            self._drop_stale()
        return arrived

    def _examine(self, name: str, entry: _Waiting, now: float) -> FileState | None:
        state = self._look(name)
        if state is None:
            del self._waiting[name]
            return None
        if state != entry.state:
            # When exactly it changed is not known: counting from now errs towards patience.
            entry.state, entry.changed, entry.announced = state, now, False
        entry.looked = now
        still = now - entry.changed
        step = self._step()
        if state.size == 0:
            self._look_again(name, entry, now + min(max(step, still), LONGEST_STEP))
        elif still < self.quiet:
            if still >= self.quiet / 2 and not entry.announced:
                entry.announced = self._announced = True
            self._look_again(name, entry, min(now + step, entry.changed + self.quiet))
        elif still < PATIENCE * self.quiet and self._writing(name):
            self._look_again(name, entry, now + max(step, min(HELD_STEP, self.quiet)))
        else:
            del self._waiting[name]
            return state
        return None

    def _step(self) -> float:
        # At least four looks in a quiet time, however many files there are.
        return min(max(STEP, len(self._waiting) / LOOKS_PER_SECOND), max(STEP, self.quiet / 4))

    def _look_again(self, name: str, entry: _Waiting, due: float) -> None:
        entry.due = due
        heapq.heappush(self._heap, (due, name))

    def _drop_stale(self) -> None:
        while self._heap:
            due, name = self._heap[0]
            entry = self._waiting.get(name)
            if entry is not None and entry.due == due:
                return
            heapq.heappop(self._heap)
