"""Which job runs when, and what follows from how it ended."""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.audio.filenames import display_path
from core.config import Settings
from core.errors import MinusoneError, StoreError
from core.library.root import staging_folder
from core.mounts import mount_of
from core.store import jobs as store
from core.store.database import Database
from core.store.records import Job, Origin, Original
from core.store.sources import same_content
from daemon.child import Child
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
from daemon.publish import Publisher
from daemon.sources import Verdict, examine_source, stands

_LONGEST_BACKOFF = 3600.0

# A disk that is away is asked for again this often, seconds.
_AWAY = 30.0

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
        self.settings = settings
        self._db = db
        self._log = log
        self._pool = pool
        self._came_back = came_back
        self._library_is_there = library_is_there
        self._clock = clock
        self._running: dict[int, _Running] = {}
        self._unsettled: list[tuple[int, Path | None]] = []
        self._missing_since: dict[int, float] = {}
        self._publisher = Publisher(db, settings.library, clock)
        self._name = f"minusoned {os.getpid()}"

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
                self._settle(job)

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
                self._separated(running, reply)
                return
            _discard(running.staging)
            if isinstance(reply, Stopped):
                self._cancelled(running.job, "")
            elif isinstance(reply, Failed):
                self._failed(running.job, reply)

    def died(self, request: Request, how: str) -> None:
        """Deal with the death of a worker."""
        assert isinstance(request, Separate)
        running = self._running.pop(request.job, None)
        if running is None:
            return
        _discard(running.staging)
        with self._settled_later(running.job):
            if running.cancelling:
                self._cancelled(running.job, "")
            else:
                self._count_death(running.job, how)

    def _count_death(self, job: Job, how: str) -> None:
        deaths, limit = job.deaths + 1, self.settings.jobs.deaths
        title = f"The worker {how} while it separated this song."
        if deaths >= limit:
            title = f"This song brought its worker down {deaths} times; at last it {how}."
            detail = (
                "The file may be damaged in a way that crashes a decoder: convert it to FLAC and "
                "drop that. If other songs fail too, run 'minusone doctor'; then 'minusone jobs "
                f"retry {job.id}'."
            )
            store.fail(self._db, job.id, title, detail, death=True, now=self._clock())
            self._log.error(f"{title} {detail}", job.id)
        else:
            store.put_back(self._db, job.id, death=True, error=(title, "It is tried again."))
            self._log.warning(f"{title} It is tried again ({deaths} of {limit}).", job.id)

    def stop(self) -> None:
        """Put what is running back into the queue; the workers are dead."""
        for running in self._running.values():
            _discard(running.staging)
            store.put_back(self._db, running.job.id)
            self._log.info("stopped with the daemon; its turn comes again", running.job.id)
        self._running.clear()

    def _begin(self, job: Job, now: float) -> None:
        if not self._source_is_ready(job, now):
            return
        staging = staging_folder(self.settings.library, job.id)
        wishes = self.settings.separation
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
            _discard(staging)
            title = f"The job cannot be begun ({exc.strerror})."
            detail = "Check the library's disk and the memory; it is tried again by itself."
            self._failed(job, Failed(type(exc).__name__, title, detail, True, job.id))
            return
        self._running[job.id] = _Running(job, staging, child)
        shown = f"{job.facts.artist} - {job.facts.title}" if job.facts.artist else job.facts.title
        again = f", attempt {job.attempts}" if job.attempts > 1 else ""
        self._log.info(f"separating {shown} ({request.model}, {request.preset}{again})", job.id)

    def _source_is_ready(self, job: Job, now: float) -> bool:
        """Look at the job's file; deal with the job here when it cannot be separated now."""
        try:
            verdict = examine_source(job, self.settings.inbox.folders)
        except OSError as exc:
            title = f"{display_path(job.source)} cannot be read ({exc.strerror})."
            failed = Failed(type(exc).__name__, title, "Check its disk.", True, job.id)
            self._failed(job, failed)
            return False
        if verdict is Verdict.READY:
            self._missing_since.pop(job.id, None)
            return True
        self._source_is_not_ready(job, verdict, now)
        return False

    def _source_is_not_ready(self, job: Job, verdict: Verdict, now: float) -> None:
        name = display_path(job.source)
        if verdict is Verdict.CHANGED:
            self._came_back(job.source)
        if verdict in (Verdict.CHANGED, Verdict.GONE) and self._has_moved(job):
            return
        if verdict is Verdict.CHANGED:
            self._cancelled(job, f"{name} was replaced by another version")
        elif verdict is Verdict.AWAY:
            text = f"{name} is not there, nor is the disk it was on: waiting for it"
            if job.error_title != text:
                self._log.warning(text, job.id)
            error = (text, "Mount the disk again; the job goes on by itself.")
            store.put_back(
                self._db, job.id, not_before=self._clock() + _AWAY, error=error, claimed=False
            )
        else:
            self._gone(job, now)

    def _has_moved(self, job: Job) -> bool:
        """Have the job go on with another file of the same content, if one is known."""
        for source in same_content(self._db, job.sha256 or ""):
            if source.path == job.source or stands(source.path) != source.file:
                continue
            mount = mount_of(source.path).identity
            store.set_source(self._db, job.id, source.path, source.file, mount)
            store.put_back(self._db, job.id, claimed=False)
            self._missing_since.pop(job.id, None)
            self._log.info(f"goes on with {display_path(source.path)}, the same content", job.id)
            return True
        return False

    def _gone(self, job: Job, now: float) -> None:
        """Give a file that has been moved inside the inbox time to be found there."""
        name = display_path(job.source)
        patience = 2 * self.settings.inbox.quiet + 10
        since = self._missing_since.setdefault(job.id, now)
        if job.origin is Origin.ADDED:
            self._missing_since.pop(job.id, None)
            detail = f"Put it back, then: minusone jobs retry {job.id}"
            store.fail(self._db, job.id, f"{name} is gone.", detail, now=self._clock())
            self._log.error(f"{name} is gone. {detail}", job.id)
        elif now - since < patience:
            wait = min(patience, 2.0)
            store.put_back(self._db, job.id, not_before=self._clock() + wait, claimed=False)
        else:
            self._missing_since.pop(job.id, None)
            self._cancelled(job, f"{name} was deleted before its turn came")

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

    def _separated(self, running: _Running, reply: Separated) -> None:
        job = running.job
        for warning in reply.warnings:
            self._log.warning(warning, job.id)
        try:
            verdict = examine_source(job, self.settings.inbox.folders)
        except OSError:
            verdict = Verdict.AWAY
        if verdict is Verdict.CHANGED:
            _discard(running.staging)
            self._source_is_not_ready(job, verdict, time.monotonic())
            return
        if not self._library_is_there():
            _discard(running.staging)
            self._library_left(job)
            return
        original = Original.KEPT
        if self.settings.inbox.after != "keep" and job.origin is Origin.INBOX:
            original = Original.PENDING
        try:
            track = self._publisher.publish(
                job, running.staging, reply.track, original, reply.realtime_factor
            )
        except StoreError:
            raise
        except (MinusoneError, OSError) as error:
            _discard(running.staging)
            title = getattr(error, "title", f"The stems cannot be put into the library ({error}).")
            detail = getattr(error, "detail", "Check the library's disk.")
            self._failed(job, Failed(type(error).__name__, title, detail, True, job.id))
            return
        self._log.info(
            f"done in {reply.seconds:.1f} s ({reply.realtime_factor:.0f}x real time, "
            f"{track.backend}): {track.folder}",
            job.id,
        )

    def _failed(self, job: Job, failed: Failed) -> None:
        try:
            verdict = examine_source(job, self.settings.inbox.folders)
        except OSError:
            verdict = Verdict.READY
        if verdict is not Verdict.READY:
            # The file was taken away under the worker: that, not the decoder's words, is the cause.
            self._source_is_not_ready(job, verdict, time.monotonic())
            return
        if not self._library_is_there():
            self._library_left(job)
            return
        failures = job.failures + 1
        if not failed.transient or failures >= self.settings.jobs.attempts:
            title = failed.title
            if failed.transient:
                title = f"{failed.title} It was tried {failures} times."
            store.fail(self._db, job.id, title, failed.detail, now=self._clock())
            self._log.error(f"{title} {failed.detail}", job.id)
            return
        wait = min(self.settings.jobs.backoff * 2.0**job.failures, _LONGEST_BACKOFF)
        store.put_back(
            self._db,
            job.id,
            not_before=self._clock() + wait,
            failure=True,
            error=(failed.title, failed.detail),
        )
        self._log.warning(
            f"{failed.title} {failed.detail} Tried again in {wait:.0f} s "
            f"({failures} of {self.settings.jobs.attempts}).",
            job.id,
        )

    def _library_left(self, job: Job) -> None:
        title = "The library went away while this song was separated."
        detail = "Mount its drive again; the job goes on by itself."
        store.put_back(self._db, job.id, error=(title, detail))
        self._log.warning(f"{title} {detail}", job.id)

    def _cancelled(self, job: Job, reason: str) -> None:
        store.cancelled(self._db, job.id, reason, now=self._clock())
        self._log.info(f"cancelled: {reason}" if reason else "cancelled", job.id)

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
            self._settle(store.get_job(self._db, job_id))
            if staging is not None:
                _discard(staging)
            del self._unsettled[0]

    def _settle(self, job: Job) -> None:
        original = Original.KEPT
        if self.settings.inbox.after != "keep" and job.origin is Origin.INBOX:
            original = Original.PENDING
        track = self._publisher.settle(job, original)
        if track is not None:
            self._log.info(f"was complete when the daemon ended: {track.folder}", job.id)
        elif job.cancel_requested:
            # Putting it back has cancelled it.
            self._log.info("cancelled", job.id)
        else:
            self._log.info("was interrupted; it is in the queue again", job.id)


def _discard(staging: Path) -> None:
    # What cannot be removed now is removed at the next start.
    shutil.rmtree(staging, ignore_errors=True)
