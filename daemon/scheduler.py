"""Which job runs when, and who hears how it ended."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.config import Settings
from core.errors import StoreError
from core.library.root import staging_folder
from core.store import jobs as store
from core.store.database import Database
from core.store.records import Job
from daemon.child import Child
from daemon.endings import Endings, discard
from daemon.log import Log
from daemon.messages import (
    Cancel,
    Failed,
    Progressed,
    Reply,
    Request,
    Separate,
    Separated,
    Stopped,
)
from daemon.pool import Pool

# Rows are written at most this often while a job runs, seconds.
_HEARTBEAT = 1.0


@dataclass(slots=True)
class _Running:
    """A claimed job and where its stems are being written."""

    job: Job
    staging: Path
    child: Child
    written_at: float = 0.0
    cancelling: bool = False
    last: Progressed | None = field(default=None)


class Scheduler:
    """Claims jobs, has them worked on, and gives each its end.

    Parameters
    ----------
    db
        The database.
    settings
        May be replaced by assigning `settings`.
    log
        The daemon's.
    pool
        The workers; its callbacks are this object's `replied` and `died`.
    came_back
        Called with a path that must go through intake again: another file has its name now.
    library_is_there
        Looks whether what stands at the library's place is the library.
    clock
        Unix seconds.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        log: Log,
        pool: Pool,
        came_back: Callable[[Path], None],
        library_is_there: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._db = db
        self._log = log
        self._pool = pool
        self._library_is_there = library_is_there
        self._clock = clock
        self._running: dict[int, _Running] = {}
        self._unsettled: list[tuple[int, Path | None]] = []
        self._endings = Endings(db, settings, log, came_back, library_is_there, clock)
        self._name = f"minusoned {os.getpid()}"

    @property
    def settings(self) -> Settings:
        """What the configuration says; jobs that run keep what they were begun with."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = self._endings.settings = settings

    @property
    def busy(self) -> bool:
        """Whether any job is being worked on."""
        return bool(self._running)

    @property
    def staging_folders(self) -> list[Path]:
        """Where stems are being written, or have been and are not settled yet."""
        unsettled = [staging for _, staging in self._unsettled if staging is not None]
        return [running.staging for running in self._running.values()] + unsettled

    def recover(self) -> None:
        """Deal with the jobs that were running when the last daemon ended.

        The lock on the database says that nobody works on them. The library must be there.
        """
        for job in store.running_jobs(self._db):
            if job.id not in self._running:
                self._endings.settle(job)

    def tick(self, now: float) -> None:
        """Claim what can be worked on; `now` in monotonic seconds.

        Raises
        ------
        StoreError
            The database refuses.
        """
        self.look_after(now)
        # Looked at once more: an empty mount point must not be written into.
        while self._pool.free and self._library_is_there():
            job = store.claim(self._db, self._name, now=self._clock())
            if job is None:
                return
            with self._settled_later(job):
                self._begin(job, now)

    def look_after(self, now: float) -> None:
        """Do what has to be done even when no new job may be claimed.

        Raises
        ------
        StoreError
            The database refuses.
        """
        self._retry_settling()
        self._look_for_cancellations(now)

    def replied(self, child: Child, request: Request, reply: Reply) -> None:
        """Take what a worker says."""
        assert isinstance(request, Separate)
        running = self._running.get(request.job)
        if running is None:
            return
        if isinstance(reply, Progressed):
            self._progressed(running, reply)
            return
        del self._running[request.job]
        with self._settled_later(running.job, running.staging):
            if isinstance(reply, Separated):
                self._endings.separated(running.job, running.staging, reply)
                return
            discard(running.staging)
            if isinstance(reply, Stopped):
                self._endings.cancelled(running.job, "")
            elif isinstance(reply, Failed):
                self._endings.failed(running.job, reply)

    def died(self, request: Request, how: str) -> None:
        """Deal with the death of a worker."""
        assert isinstance(request, Separate)
        running = self._running.pop(request.job, None)
        if running is None:
            return
        discard(running.staging)
        with self._settled_later(running.job):
            if running.cancelling:
                self._endings.cancelled(running.job, "")
            else:
                self._endings.died(running.job, how)

    def stop(self) -> None:
        """Put what is running back into the queue; the workers are dead."""
        for running in self._running.values():
            discard(running.staging)
            store.put_back(self._db, running.job.id)
            self._log.info("stopped with the daemon; its turn comes again", running.job.id)
        self._running.clear()

    def _begin(self, job: Job, now: float) -> None:
        if not self._endings.source_is_ready(job, now):
            return
        staging = staging_folder(self._settings.library, job.id)
        wishes = self._settings.separation
        request = Separate(
            job=job.id,
            source=str(job.source),
            staging=str(staging),
            facts=job.facts,
            model=job.model or wishes.model,
            preset=job.preset or wishes.preset,
            backend=wishes.backend,
            threads=wishes.threads,
            codec=wishes.format,
            bits=wishes.bits,
            bitrate=wishes.bitrate,
            stems=wishes.stems,
        )
        try:
            staging.parent.mkdir(exist_ok=True)
            staging.mkdir()
            child = self._pool.give(request, now)
        except OSError as exc:
            discard(staging)
            title = f"The job cannot be begun ({exc.strerror})."
            detail = "Check the library's disk and the memory; it is tried again by itself."
            self._endings.failed(job, Failed(type(exc).__name__, title, detail, True, job.id))
            return
        self._running[job.id] = _Running(job, staging, child)
        shown = f"{job.facts.artist} - {job.facts.title}" if job.facts.artist else job.facts.title
        again = f", attempt {job.attempts}" if job.attempts > 1 else ""
        self._log.info(f"separating {shown} ({request.model}, {request.preset}{again})", job.id)

    def _progressed(self, running: _Running, reply: Progressed) -> None:
        running.last = reply
        now = self._clock()
        # Also when the clock was set back, which must not silence a job.
        if abs(now - running.written_at) < _HEARTBEAT:
            return
        running.written_at = now
        worker = running.job.worker or ""
        # A database that refuses is noticed soon enough, and the worker may have said more already.
        with contextlib.suppress(StoreError):
            store.heartbeat(
                self._db,
                running.job.id,
                worker,
                reply.stage,
                reply.progress,
                reply.realtime_factor,
                now=now,
            )

    def _look_for_cancellations(self, now: float) -> None:
        for job_id, running in self._running.items():
            if not running.cancelling and store.get_job(self._db, job_id).cancel_requested:
                running.cancelling = True
                running.child.send(Cancel(job_id), now)

    @contextlib.contextmanager
    def _settled_later(self, job: Job, staging: Path | None = None) -> Iterator[None]:
        """Keep a job in mind when the database refuses to hear how it ended."""
        try:
            yield
        except StoreError:
            if job.id not in self._running:
                self._unsettled.append((job.id, staging))
            raise

    def _retry_settling(self) -> None:
        while self._unsettled:
            job_id, staging = self._unsettled[0]
            self._endings.settle(store.get_job(self._db, job_id))
            if staging is not None:
                discard(staging)
            del self._unsettled[0]
