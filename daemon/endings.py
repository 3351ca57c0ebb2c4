"""What follows from how a job ended: done, put back, failed or cancelled, with the reason."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from core.audio.filenames import display_path
from core.config import Settings
from core.errors import MinusoneError, StoreError
from core.mounts import mount_of
from core.store import jobs as store
from core.store.database import Database
from core.store.records import Job, JobState, Origin, Original
from core.store.sources import same_content
from daemon.log import Log
from daemon.messages import Failed, Separated
from daemon.publish import Publisher
from daemon.sources import Verdict, examine_source, stands

_LONGEST_BACKOFF = 3600.0

# A disk that is away is asked for again this often, seconds.
_AWAY = 30.0
_AWAY_ERROR = (
    "The disk that this song was on is away.",
    "Mount it again; the job goes on by itself.",
)


class Endings:
    """Gives each claimed job its end; every method writes to the database once.

    Parameters
    ----------
    db
        The database.
    settings
        May be replaced by assigning `settings`.
    log
        The daemon's.
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
        came_back: Callable[[Path], None],
        library_is_there: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self.settings = settings
        self._db = db
        self._log = log
        self._came_back = came_back
        self._library_is_there = library_is_there
        self._clock = clock
        self._missing_since: dict[int, float] = {}
        self._publisher = Publisher(db, settings.library, clock)

    def source_is_ready(self, job: Job, now: float) -> bool:
        """Look at the job's file; deal with the job here when it cannot be separated now."""
        try:
            verdict = examine_source(job, self.settings.inbox.folders)
        except OSError as exc:
            title = f"{display_path(job.source)} cannot be read ({exc.strerror})."
            failed = Failed(type(exc).__name__, title, "Check its disk.", True, job.id)
            self.failed(job, failed)
            return False
        if verdict is Verdict.READY:
            self._missing_since.pop(job.id, None)
            return True
        self._not_ready(job, verdict, now)
        return False

    def separated(self, job: Job, staging: Path, reply: Separated) -> None:
        """Publish a complete staging folder, unless the song is another one by now.

        Raises
        ------
        StoreError
            The database refuses; `settle` finds out later how far it came.
        """
        for warning in reply.warnings:
            self._log.warning(warning, job.id)
        try:
            verdict = examine_source(job, self.settings.inbox.folders)
        except OSError:
            verdict = Verdict.AWAY
        if verdict is Verdict.CHANGED:
            discard(staging)
            self._not_ready(job, verdict, time.monotonic())
            return
        if not self._library_is_there():
            discard(staging)
            self._library_left(job)
            return
        original = Original.KEPT
        if self.settings.inbox.after != "keep" and job.origin is Origin.INBOX:
            original = Original.PENDING
        try:
            track = self._publisher.publish(
                job, staging, reply.track, original, reply.realtime_factor
            )
        except StoreError:
            raise
        except (MinusoneError, OSError) as error:
            discard(staging)
            title = getattr(error, "title", f"The stems cannot be put into the library ({error}).")
            detail = getattr(error, "detail", "Check the library's disk.")
            self.failed(job, Failed(type(error).__name__, title, detail, True, job.id))
            return
        self._log.info(
            f"done in {reply.seconds:.1f} s ({reply.realtime_factor:.0f}x real time, "
            f"{track.backend}): {track.folder}",
            job.id,
        )

    def failed(self, job: Job, failed: Failed) -> None:
        """Put back what may pass, for later; fail what does not."""
        try:
            verdict = examine_source(job, self.settings.inbox.folders)
        except OSError:
            verdict = Verdict.READY
        if verdict is not Verdict.READY:
            # The file was taken away under the worker: that, not the decoder's words, is the cause.
            self._not_ready(job, verdict, time.monotonic())
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

    def died(self, job: Job, how: str) -> None:
        """Put a job back whose worker died, but not for ever: the song may be what kills them."""
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

    def cancelled(self, job: Job, reason: str) -> None:
        """End a job that is not wanted any more."""
        store.cancelled(self._db, job.id, reason, now=self._clock())
        self._log.info(f"cancelled: {reason}" if reason else "cancelled", job.id)

    def settle(self, job: Job) -> None:
        """Bring a job whose end was not written down to a state that is true."""
        if job.state is not JobState.RUNNING:
            return
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

    def _not_ready(self, job: Job, verdict: Verdict, now: float) -> None:
        name = display_path(job.source)
        if verdict is Verdict.CHANGED:
            self._came_back(job.source)
        if verdict in (Verdict.CHANGED, Verdict.GONE) and self._has_moved(job):
            return
        if verdict is Verdict.CHANGED:
            self.cancelled(job, f"{name} was replaced by another version")
        elif verdict is Verdict.AWAY:
            self._away(job)
        else:
            self._gone(job, now)

    def _away(self, job: Job) -> None:
        """Wait for a disk, with all songs that were on it."""
        if job.error_title != _AWAY_ERROR[0]:
            name = display_path(job.source)
            self._log.warning(
                f"{name} is not there, nor is the disk it was on: waiting for it", job.id
            )
        later = self._clock() + _AWAY
        store.put_back(self._db, job.id, not_before=later, error=_AWAY_ERROR, claimed=False)
        if mount_of(job.source).identity != job.mount:
            store.put_off(self._db, job.mount, later, _AWAY_ERROR)

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
            self.cancelled(job, f"{name} was deleted before its turn came")

    def _library_left(self, job: Job) -> None:
        title = "The library went away while this song was separated."
        detail = "Mount its drive again; the job goes on by itself."
        store.put_back(self._db, job.id, error=(title, detail))
        self._log.warning(f"{title} {detail}", job.id)


def discard(staging: Path) -> None:
    """Remove a staging folder; what cannot be removed now is removed at the next start."""
    shutil.rmtree(staging, ignore_errors=True)
