"""Files that have arrived in the inboxes: hints, scans and patience put together."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.store.records import FileState, WatchedFolder
from daemon.ignore import IgnoreRules, Verdict
from daemon.scan import Found, Problem, Scan, file_state, look_at, signature
from daemon.stability import Arrived, Candidates
from daemon.watch import Watcher
from daemon.writers import open_for_writing

TICK = 1.0
"""Seconds between two looks at the inboxes themselves."""

SLICE = 0.02
"""Seconds that one `Arrivals.work` scans at most, so that its caller gets to other things."""

BREATH = 0.02
"""Seconds until a scan that is under way goes on."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is ready to be taken in, or that is not and somebody should hear why.

    Attributes
    ----------
    inbox
        The inbox that it is in.
    path
        The file.
    state
        As it was at the last look.
    verdict
        TAKE, TRY, or IGNORE with a reason.
    """

    inbox: Path
    path: Path
    state: FileState
    verdict: Verdict


class Arrivals:
    """Watches the inboxes and hands out every file once, in each of its states.

    Parameters
    ----------
    watcher
        Watches the inboxes; started and stopped by this.
    rules
        The same that the watcher has.
    quiet
        Seconds that a file must not change for.
    follow_links
        The same that the watcher has.
    known
        Signatures of what was dealt with before, see `daemon.scan.signature`; added to.
    clock
        Seconds, never going back; the same that the watcher has.
    """

    def __init__(
        self,
        watcher: Watcher,
        rules: IgnoreRules,
        *,
        quiet: float,
        follow_links: bool = False,
        known: set[int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watcher = watcher
        self._rules = rules
        self._follow = follow_links
        self._known = set() if known is None else known
        self._clock = clock
        self._candidates = Candidates(quiet, look=file_state, writing=open_for_writing, clock=clock)
        self._scans: deque[_Running] = deque()
        self._told: set[Problem] = set()
        self._problems: list[Problem] = []
        self._next_tick = 0.0

    def __len__(self) -> int:
        """Count the files that are waited for."""
        return len(self._candidates)

    @property
    def scanning(self) -> bool:
        """Whether a scan is under way."""
        return bool(self._scans)

    @property
    def settled(self) -> bool:
        """Whether nothing is waited for; a file that stays empty is nobody's song."""
        states = (file_state(path) for path in self._candidates)
        return not self._scans and not any(state and state.size for state in states)

    def start(self) -> None:
        """Begin to watch; every inbox is scanned first."""
        self._watcher.start()
        self._next_tick = self._clock()

    def stop(self) -> None:
        """Stop watching; may be called again."""
        self._watcher.stop()
        self._scans.clear()

    def fileno(self) -> int:
        """File descriptor that is readable when `work` is to be called before its time."""
        return self._watcher.fileno()

    def folders(self) -> tuple[WatchedFolder, ...]:
        """Say how each inbox is watched, and why not better."""
        return self._watcher.folders()

    def due(self) -> float:
        """Time on the clock when `work` is to be called next."""
        times = [self._next_tick]
        if self._scans:
            times.append(self._clock() + BREATH)
        if (candidate := self._candidates.due()) is not None:
            times.append(candidate)
        return min(times)

    def work(self) -> list[Arrival]:
        """Do what is due: take hints, go on scanning, look at files.

        Returns
        -------
        list of Arrival
            What is ready. It is not handed out again unless it changes, or `again` is called.
        """
        for hint in self._watcher.take():
            if hint.is_folder:
                self._scan(hint.inbox, hint.path)
            else:
                found = look_at(hint.inbox, hint.path, self._rules, follow_links=self._follow)
                if found is not None:
                    self._met(found)
        now = self._clock()
        if now >= self._next_tick:
            for inbox in self._watcher.tick(now):
                self._scan(inbox, inbox)
            self._next_tick = min(now + TICK, max(now + BREATH, self._watcher.scan_due()))
        self._go_on_scanning()
        ready = [self._arrived(arrived) for arrived in self._candidates.check()]
        return [arrival for arrival in ready if arrival is not None]

    def announced(self) -> bool:
        """Whether, since this was asked last, a file has come to be ready before long."""
        return self._candidates.announced()

    def rescan(self) -> None:
        """Scan every inbox from end to end as soon as possible."""
        for folder in self._watcher.folders():
            self._scan(folder.path, folder.path)

    def again(self, path: Path) -> None:
        """Have a file handed out again, once it has been quiet, that was handed out before."""
        state = file_state(path)
        if state is not None:
            self._known.discard(signature(path, state))
            self._candidates.note(path)

    def take_problems(self) -> list[Problem]:
        """Take what could not be read in the scans since the last call, each once."""
        problems, self._problems = self._problems, []
        return problems

    def _scan(self, inbox: Path, start: Path) -> None:
        if any(run.covers(inbox, start) for run in self._scans):
            return
        scan = Scan(inbox, self._rules, follow_links=self._follow, known=self._known, start=start)
        self._scans.append(_Running(inbox, start, scan))

    def _go_on_scanning(self) -> None:
        until = self._clock() + SLICE
        while self._scans and (begun := self._clock()) < until:
            run = self._scans[0]
            run.begun = True
            for found in run.scan.step():
                self._met(found)
            run.took += self._clock() - begun
            if run.scan.done:
                self._scans.popleft()
                self._finished(run)

    def _finished(self, run: "_Running") -> None:
        if run.start == run.inbox:
            self._watcher.scanned(run.inbox, run.took)
            # Readable again since: worth a word when it stops being so.
            below = {one for one in self._told if one.path.is_relative_to(run.inbox)}
            self._told -= below - set(run.scan.problems)
        self._problems += [one for one in run.scan.problems if one not in self._told]
        self._told.update(run.scan.problems)

    def _met(self, found: Found) -> None:
        # What is to be refused waits like the rest: a file may grow over a limit for an hour.
        if signature(found.path, found.state) not in self._known:
            self._candidates.note(found.path)

    def _arrived(self, arrived: Arrived) -> Arrival | None:
        path = arrived.path
        inbox = next(
            (box.path for box in self._watcher.folders() if path.is_relative_to(box.path)), None
        )
        if inbox is None:
            return None
        # Looked at as at the first time: a link may have taken the file's place.
        found = look_at(inbox, path, self._rules, follow_links=self._follow)
        if found is None or (mark := signature(path, found.state)) in self._known:
            return None
        if found.state != arrived.state:
            self._candidates.note(path)
            return None
        self._known.add(mark)
        return Arrival(inbox, path, found.state, found.verdict)


@dataclass(slots=True)
class _Running:
    """A scan that waits for its turn or is under way."""

    inbox: Path
    start: Path
    scan: Scan
    took: float = 0.0
    begun: bool = False

    def covers(self, inbox: Path, start: Path) -> bool:
        """Whether it will come by a folder; one that is under way may have passed it."""
        return self.inbox == inbox and not self.begun and start.is_relative_to(self.start)
