"""What people tell the queue: cancel this, try that again, do it first, forget the rest."""

from collections.abc import Collection

from core.errors import UsageError
from core.store.database import Database
from core.store.jobrows import change_job, get_job, moment
from core.store.pathtext import path_to_text, storable
from core.store.records import Job, JobState
from core.store.switches import request_rescan

_LARGEST = (1 << 63) - 1


def cancel(db: Database, job_id: int, *, now: float | None = None, reason: str = "") -> Job:
    """Cancel a job: a queued one at once, a running one as soon as its worker has stopped.

    Returns
    -------
    Job
        Cancelled, or running with `cancel_requested`.

    Raises
    ------
    UsageError
        There is no such job, or it has ended already.
    """
    with db.transaction():
        job = get_job(db, job_id)
        if job.state.ended:
            raise UsageError(
                f"Job {job_id} is {job.state}.", "Only queued and running jobs can be cancelled."
            )
        if job.state is JobState.RUNNING:
            return change_job(db, job_id, "cancel_requested = 1", JobState.RUNNING)
        return change_job(
            db,
            job_id,
            "state = 'cancelled', finished_at = :now, error_title = :reason, error_detail = NULL",
            JobState.QUEUED,
            now=moment(now),
            reason=storable(reason) or None,
        )


def retry(db: Database, job_id: int, *, now: float | None = None) -> Job:
    """Put a failed or cancelled job back into the queue, as if it were new.

    A song that could never be read has nothing to be queued with: its job and what is remembered
    of its file are forgotten, and the inboxes are looked through again.

    Returns
    -------
    Job
        Queued; or, as it was, the job that has been forgotten.

    Raises
    ------
    UsageError
        There is no such job, it has not failed, or another job for the same song is under way.
    """
    with db.transaction():
        job = get_job(db, job_id)
        if job.state not in (JobState.FAILED, JobState.CANCELLED):
            raise UsageError(
                f"Job {job_id} is {job.state}.",
                "Only failed and cancelled jobs can be tried again.",
            )
        if job.sha256 is None:
            db.change("DELETE FROM sources WHERE path = ?", (path_to_text(job.source),))
            db.change("DELETE FROM jobs WHERE id = ?", (job_id,))
            request_rescan(db)
            return job
        other = db.row(
            "SELECT id, state FROM jobs WHERE sha256 = ? AND state IN ('queued', 'running')",
            (job.sha256,),
        )
        if other is not None:
            raise UsageError(
                f"Job {other['id']}, which is {other['state']}, is for the same song.",
                f"Wait for it, or cancel it before job {job_id} is tried again.",
            )
        return change_job(
            db,
            job_id,
            "state = 'queued', attempts = 0, failures = 0, deaths = 0, not_before = 0,"
            " progress = 0, realtime_factor = NULL, backend = NULL, error_title = NULL,"
            " error_detail = NULL, queued_at = :now, started_at = NULL, finished_at = NULL",
            JobState.FAILED,
            JobState.CANCELLED,
            now=moment(now),
        )


def set_priority(db: Database, job_id: int, priority: int) -> Job:
    """Give a job that has not ended another priority; higher ones go first.

    Raises
    ------
    UsageError
        There is no such job, it has ended, or the number is too large.
    """
    if abs(priority) > _LARGEST:
        raise UsageError(f"{priority} is too large for a priority.", "Small numbers will do.")
    return change_job(
        db, job_id, "priority = :priority", JobState.QUEUED, JobState.RUNNING, priority=priority
    )


def move_to_front(db: Database, job_id: int) -> Job:
    """Make a queued job the next to be claimed; a running one is ahead of all anyway.

    Raises
    ------
    UsageError
        There is no such job, or it has ended.
    """
    with db.transaction():
        # The same change without effect tells that the job may be moved at all.
        job = change_job(db, job_id, "priority = priority", JobState.QUEUED, JobState.RUNNING)
        first = db.row(
            "SELECT id, priority FROM jobs INDEXED BY jobs_queue WHERE state = 'queued'"
            " ORDER BY priority DESC, id LIMIT 1"
        )
        if job.state is JobState.RUNNING or first is None or first["id"] == job_id:
            return job
        return set_priority(db, job_id, min(first["priority"] + 1, _LARGEST))


def clear_ended(db: Database, states: Collection[JobState]) -> int:
    """Forget ended jobs and their logs; the tracks stay, and so does what is known of the files.

    A job whose original is still to be moved or trashed is kept.

    Returns
    -------
    int
        How many were forgotten.
    """
    ended = ", ".join(f"'{state}'" for state in states if state.ended)
    return db.change(f"DELETE FROM jobs WHERE state IN ({ended}) AND original IS NOT 'pending'")
