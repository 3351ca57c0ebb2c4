"""The parts of a running daemon, and one turn of its loop."""

import contextlib
import os
import selectors
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import minusone
from core.audio.filenames import display_path
from core.config import Settings
from core.errors import ConfigError, LibraryError, StoreError
from core.library.root import RootState, clear_staging, found_library
from core.store.database import Database
from core.store.jobs import count_jobs, is_paused, next_due, rescan_count
from core.store.libraryid import library_id_of
from core.store.records import DaemonStatus, JobState, WatchedFolder
from core.store.sources import forget
from core.store.status import host_name, report_status
from daemon.child import Politeness
from daemon.conditions import Conditions, look
from daemon.inboxes import Inboxes
from daemon.intake import Candidate, Intake
from daemon.log import Log
from daemon.originals import Originals
from daemon.pool import Pool
from daemon.scheduler import Scheduler
from daemon.sdnotify import Notifier
from daemon.startup import make_inboxes, ready_library

# The loop turns at least this often, seconds: other programs write to the database too.
TURN = 1.0

# The daemon writes at least this often that it lives, seconds. Rarely: a disk may want to sleep.
_STATUS = 600.0

# A prober that says nothing for so long is ended, seconds.
_PROBE_PATIENCE = 120.0

# How long a database that has refused is left alone, seconds.
_DATABASE_REST = 5.0

# How often originals that could not be moved are tried again, seconds.
_ORIGINALS_REST = 300.0


class Running:
    """Everything between start and stop.

    Parameters
    ----------
    settings
        What the configuration says.
    db
        Open and locked.
    log
        The daemon's.
    notifier
        Tells systemd.
    selector
        What the loop waits for; its data are functions of the time.
    wake
        Wakes the loop from another thread.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        log: Log,
        notifier: Notifier,
        selector: selectors.BaseSelector,
        wake: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._db = db
        self._log = log
        self._notifier = notifier
        self._selector = selector
        self._started_at = time.time()
        first_start = library_id_of(db) is None
        self._library_id = ready_library(db, settings.library)
        if first_start:
            for folder in make_inboxes(settings.inbox.folders):
                log.info(f"made the inbox {display_path(folder)}")
        self._conditions = Conditions("", None, False)
        self._recovered = self._tidy = False
        self._looked_at = self._reported_at = self._alive_at = self._originals_at = float("-inf")
        self._claim_at = float("-inf")
        self._rest_until = float("-inf")
        self._reported: tuple[str, tuple[WatchedFolder, ...]] | None = None
        self._version = -1
        self._paused = False
        self._refusal = ""
        self._summed_up: tuple[int, int] | None = None
        self._summed_at = float("-inf")
        self._rescans = rescan_count(db)
        politeness = Politeness(settings.jobs.nice, settings.jobs.io_priority)
        # Workers first: what is made last is stopped first.
        self._workers = Pool(
            selector,
            settings.jobs.workers,
            politeness,
            settings.jobs.worker_idle,
            on_reply=lambda child, request, reply: self._scheduler.replied(child, request, reply),
            on_death=lambda request, how: self._scheduler.died(request, how),
        )
        self._scheduler = Scheduler(
            db, settings, log, self._workers, self._came_back, self._library_is_there
        )
        self._prober = Pool(
            selector,
            1,
            politeness,
            settings.jobs.worker_idle,
            on_reply=lambda child, request, reply: self._intake.replied(child, request, reply),
            on_death=lambda request, how: self._intake.died(request, how),
        )
        self._originals = Originals(db, log)
        self._inboxes = Inboxes(settings.inbox, db, log, self._take)
        self._intake = Intake(
            db,
            settings.library,
            log,
            self._prober,
            wake,
            look_again=lambda path: self._inboxes.look_again(path),
        )

    @property
    def settings(self) -> Settings:
        """What the configuration says, as it was adopted last."""
        return self._settings

    def start(self) -> None:
        """Watch the inboxes, then say that the daemon is ready."""
        for warning in self._settings.warnings:
            self._log.warning(warning)
        self._watch()
        self._log.info(f"minusone {minusone.__version__} is ready: {self._settings.library}")
        self._notifier.ready("watching")

    def hear(self, act: Callable[[float], None]) -> None:
        """Deal with something that the selector has seen."""
        with self._database_may_refuse():
            act(time.monotonic())
        self._claim_at = float("-inf")

    def turn(self) -> None:
        """Do all that is due."""
        now = time.monotonic()
        self._keep_alive(now)
        if now < self._rest_until:
            return
        with self._database_may_refuse():
            self._notice_other_programs()
            self._look(now)
            self._inboxes.tick()
            if self._inboxes.announced():
                # Up by the time that it is needed. If it cannot be started, that is said then.
                with contextlib.suppress(OSError):
                    self._prober.prepare(now)
            self._intake.tick(now)
            self._prober.tick(now, _PROBE_PATIENCE)
            self._workers.tick(now, self._settings.jobs.stall)
            self._claim(now)
            if now - self._originals_at >= _ORIGINALS_REST:
                self._originals_at = now
                self._originals.try_again()
            self._originals.tick(self._settings)
            self._report(now)

    def timeout(self) -> float:
        """Seconds until the next turn, if nothing happens before."""
        now = time.monotonic()
        longest = min(self._notifier.interval or TURN, TURN)
        if now < self._rest_until:
            return longest
        return min(max(self._inboxes.due() - now, 0.0), longest)

    def settled(self) -> bool:
        """Whether nothing is left to do, or nothing can be done without somebody's help."""
        if not self._inboxes.settled or self._intake.waiting or self._scheduler.busy:
            return False
        if self._conditions.waiting:
            return True
        with self._database_may_refuse():
            return next_due(self._db) is None
        return False

    def adopt(self, settings: Settings) -> None:
        """Go on with another configuration.

        Raises
        ------
        ConfigError
            It says something that only a restart can change.
        StoreError
            The database refuses.
        """
        for name in ("database", "library"):
            if getattr(settings, name) != getattr(self._settings, name):
                raise ConfigError(
                    f"A running daemon cannot change its {name}.", "Restart it for that."
                )
        before, self._settings = self._settings, settings
        for warning in settings.warnings:
            self._log.warning(warning)
        self._scheduler.settings = settings
        politeness = Politeness(settings.jobs.nice, settings.jobs.io_priority)
        for pool in (self._workers, self._prober):
            pool.politeness, pool.idle = politeness, settings.jobs.worker_idle
        self._workers.size = settings.jobs.workers
        if settings.inbox != before.inbox:
            self._selector.unregister(self._inboxes.fileno())
            self._inboxes.stop()
            self._inboxes = Inboxes(settings.inbox, self._db, self._log, self._take)
            self._watch()

    def summary(self) -> str:
        """Say in one line how things stand."""
        if self._conditions.waiting:
            return self._conditions.waiting
        counts = count_jobs(self._db)
        return (
            f"{counts[JobState.RUNNING]} running, {counts[JobState.QUEUED]} queued, "
            f"{counts[JobState.FAILED]} failed"
        )

    def finish(self) -> bool:
        """Let what runs come to its end; True when nothing runs any more."""
        now = time.monotonic()
        self._keep_alive(now)
        with self._database_may_refuse():
            self._workers.tick(now, self._settings.jobs.stall)
        return not self._scheduler.busy

    def end(self) -> None:
        """Stop every part; songs that are not finished go back into the queue."""
        with self._database_may_refuse():
            self._workers.stop()
            self._scheduler.stop()
        self._prober.stop()
        self._intake.stop()
        self._selector.unregister(self._inboxes.fileno())
        self._inboxes.stop()
        with self._database_may_refuse():
            self._write_status(time.time())
        self._log.info("stopped")

    def _watch(self) -> None:
        # Before anything can fail: `end` takes it away in any case.
        self._selector.register(
            self._inboxes.fileno(), selectors.EVENT_READ, lambda now: self._inboxes.tick()
        )
        self._inboxes.start()
        # What is known now, so that the status says how each inbox is watched from the start.
        self._inboxes.tick()

    def _take(self, candidate: Candidate) -> None:
        self._intake.take(candidate)

    def _came_back(self, path: Path) -> None:
        """Take in another file that has the name of a job's."""
        forget(self._db, path)
        self._inboxes.look_again(path)

    def _notice_other_programs(self) -> None:
        version = self._db.data_version()
        if version == self._version:
            return
        self._claim_at = float("-inf")
        self._paused = is_paused(self._db)
        rescans = rescan_count(self._db)
        if rescans != self._rescans:
            self._inboxes.rescan()
            self._rescans = rescans
        # Last: what a refusing database has not told is asked for again.
        self._version = version

    def _look(self, now: float) -> None:
        """See whether the queue may move."""
        if now - self._looked_at < TURN:
            return
        self._looked_at = now
        before = self._conditions
        self._conditions = look(
            self._settings.library, self._library_id, self._settings.jobs.reserve, self._paused
        )
        if self._conditions.waiting != before.waiting:
            if self._conditions.waiting:
                self._log.warning(f"the queue waits: {self._conditions.waiting}")
            else:
                self._log.info("the queue moves again")
            self._claim_at = float("-inf")
        if not self._conditions.library_ready:
            self._tidy = False
        elif not self._tidy:
            if not self._recovered:
                self._scheduler.recover()
                self._recovered = True
            # Jobs that ran when the library went away have left something there, too.
            clear_staging(self._settings.library, self._scheduler.staging_folders)
            self._tidy = True

    def _library_is_there(self) -> bool:
        found = found_library(self._settings.library, self._library_id)
        if found.state is RootState.READY:
            return True
        # It may be back before anybody looks again.
        self._tidy = False
        return False

    def _claim(self, now: float) -> None:
        if self._conditions.waiting or not self._conditions.library_ready:
            self._scheduler.look_after(now)
            return
        if now >= self._claim_at:
            self._scheduler.tick(now)
            if not self._workers.free:
                return
            due = next_due(self._db)
            # Until then only an ended job, a new one, or another program changes anything.
            wait = float("inf") if due is None else max(due - time.time(), 0.0)
            self._claim_at = now + min(wait, _STATUS)
        else:
            self._scheduler.look_after(now)

    def _report(self, now: float) -> None:
        state = (self._conditions.waiting, self._inboxes.folders)
        if state != self._reported or now - self._reported_at >= _STATUS:
            self._reported, self._reported_at = state, now
            self._write_status(None)
        changes = (self._version, self._db.connection.total_changes)
        if (
            self._notifier.listened_to
            and changes != self._summed_up
            # A thousand files at once are not a thousand lines, each of which a manager with a
            # full buffer would make the loop wait for.
            and now - self._summed_at >= TURN
        ):
            self._summed_up, self._summed_at = changes, now
            self._notifier.status(self.summary())

    def _write_status(self, stopped_at: float | None) -> None:
        report_status(
            self._db,
            DaemonStatus(
                pid=os.getpid(),
                host=host_name(),
                version=minusone.__version__,
                started_at=self._started_at,
                heartbeat_at=time.time(),
                stopped_at=stopped_at,
                waiting=self._conditions.waiting,
                folders=self._inboxes.folders,
                library=self._settings.library,
                free_bytes=self._conditions.free_bytes,
            ),
        )

    def _keep_alive(self, now: float) -> None:
        # From the loop itself: a thread of its own would go on when the loop hangs.
        interval = self._notifier.interval
        if interval is not None and now - self._alive_at >= min(interval, TURN):
            self._alive_at = now
            self._notifier.alive()

    @contextlib.contextmanager
    def _database_may_refuse(self) -> Iterator[None]:
        """Go on without the database for a while when it cannot be written."""
        try:
            yield
        except (StoreError, LibraryError) as error:
            self._rest_until = time.monotonic() + _DATABASE_REST
            self._claim_at = float("-inf")
            if error.title != self._refusal:
                self._refusal = error.title
                self._log.error(f"{error} Everything waits for it.")
        else:
            self._refusal = ""
