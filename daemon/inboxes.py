"""The inboxes as the daemon sees them: files that are ready go to intake, the rest is explained."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from core.audio.filenames import display_path
from core.config import InboxSettings
from core.store.database import Database
from core.store.pathtext import text_to_path
from core.store.records import FileState, Outcome, Source, WatchedFolder
from core.store.sources import all_signatures, remember
from daemon.arrivals import Arrival, Arrivals
from daemon.ignore import Choice, IgnoreRules
from daemon.intake import Candidate
from daemon.log import Log
from daemon.scan import signature
from daemon.watch import Watcher


class Inboxes:
    """Hands over each file that has arrived, once, and remembers what is left alone.

    Parameters
    ----------
    settings
        Of the inboxes.
    db
        Where what has been dealt with is remembered.
    log
        The daemon's.
    take
        Gets each file that is ready.
    """

    def __init__(
        self,
        settings: InboxSettings,
        db: Database,
        log: Log,
        take: Callable[[Candidate], None],
    ) -> None:
        self._settings = settings
        self._db = db
        self._log = log
        self._take = take
        self._known: set[int] = set()
        self._arrived: deque[Arrival] = deque()
        rules = IgnoreRules(settings.ignore, settings.max_size)
        self._arrivals = Arrivals(
            Watcher(
                settings.folders,
                rules,
                watch=settings.watch,
                rescan=settings.rescan,
                poll=settings.poll,
                follow_links=settings.follow_links,
            ),
            rules,
            quiet=settings.quiet,
            follow_links=settings.follow_links,
            known=self._known,
        )
        self._told: dict[Path, str] = {}

    def start(self) -> None:
        """Begin to watch; every inbox is scanned with the first ticks.

        Raises
        ------
        StoreError
            What is known cannot be read.
        """
        self._learn()
        self._arrivals.start()

    def stop(self) -> None:
        """Watch nothing any longer."""
        self._arrivals.stop()

    def fileno(self) -> int:
        """Descriptor that is readable while there are hints."""
        return self._arrivals.fileno()

    @property
    def folders(self) -> tuple[WatchedFolder, ...]:
        """How each inbox is watched."""
        return self._arrivals.folders()

    @property
    def settled(self) -> bool:
        """Whether everything that lies in the inboxes has been handed over or left alone."""
        return self._arrivals.settled and not self._arrived

    def announced(self) -> bool:
        """Whether, since this was asked last, a file has come to be ready before long."""
        return self._arrivals.announced()

    def rescan(self) -> None:
        """Forget what is known, and look through all inboxes now.

        Raises
        ------
        StoreError
            The database refuses.
        """
        self._learn()
        self._arrivals.rescan()

    def look_again(self, path: Path) -> None:
        """Have a file go through everything once more."""
        self._arrivals.again(path)

    def tick(self) -> None:
        """Do what is due.

        Raises
        ------
        StoreError
            The database refuses.
        """
        self._tell()
        self._arrived.extend(self._arrivals.work())
        while self._arrived:
            arrival = self._arrived[0]
            if arrival.verdict.choice is Choice.IGNORE:
                self._leave(arrival)
            else:
                self._take(Candidate(arrival.path, arrival.verdict.choice is Choice.TAKE))
            # Only now: when the database refuses, it comes again with the next tick.
            self._arrived.popleft()

    def due(self) -> float:
        """When `tick` is to be called next, monotonic seconds."""
        return self._arrivals.due()

    def _learn(self) -> None:
        # The same object: scans under way look into it.
        self._known.clear()
        self._known.update(
            signature(text_to_path(path), FileState(size, mtime_ns, inode))
            for path, size, mtime_ns, inode in all_signatures(self._db)
        )

    def _leave(self, arrival: Arrival) -> None:
        reason = arrival.verdict.reason
        source = Source(
            arrival.path, arrival.state, None, Outcome.IGNORED, None, None, reason, time.time()
        )
        remember(self._db, source)
        self._log.warning(f"{display_path(arrival.path)} is left alone. {reason}")

    def _tell(self) -> None:
        """Say once what has become of each inbox, and what cannot be read in it."""
        for folder in self._arrivals.folders():
            state = f"{folder.how} {folder.reason}"
            if self._told.get(folder.path) == state:
                continue
            self._told[folder.path] = state
            name = display_path(folder.path)
            if folder.how == "missing":
                self._log.warning(f"the inbox {name} is away: {folder.reason} Waiting for it.")
            elif folder.how == "poll":
                every = f"looked through every {self._settings.poll:g} s"
                self._log.warning(f"the inbox {name} is {every}: {folder.reason}")
            else:
                self._log.info(f"watching the inbox {name}")
        for problem in self._arrivals.take_problems():
            self._log.warning(f"{display_path(problem.path)} cannot be read: {problem.text}")
