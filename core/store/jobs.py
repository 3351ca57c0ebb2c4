"""The queue: how a job is entered, claimed, carried out and ended.

Every function here is one change that is made whole or not at all. A job that has been claimed
belongs to its worker until it ends, is put back, or fails.
"""

from pathlib import Path

from core.store.database import Database
from core.store.entering import add_failed_job, add_job
from core.store.joblist import (
    FAR,
    count_jobs,
    list_jobs,
    next_due,
    pending_originals,
    running_jobs,
)
from core.store.jobrows import change_job, get_job, job_of, moment
from core.store.orders import cancel, clear_ended, move_to_front, retry, set_priority
from core.store.pathtext import path_to_text, storable
from core.store.records import FileState, Job, JobState, NewTrack, Original, Track
from core.store.switches import is_paused, request_rescan, rescan_count, set_paused
from core.store.trackrows import put_track

__all__ = [
    "add_failed_job",
    "add_job",
    "cancel",
    "cancelled",
    "claim",
    "clear_ended",
    "complete",
    "count_jobs",
    "fail",
    "get_job",
    "heartbeat",
    "intend",
    "is_paused",
    "list_jobs",
    "move_to_front",
    "next_due",
    "pending_originals",
    "put_back",
    "put_off",
    "request_rescan",
    "rescan_count",
    "retry",
    "running_jobs",
    "set_original",
    "set_paused",
    "set_priority",
    "set_source",
]

_CLAIM = """
UPDATE jobs SET state = 'running', worker = :worker, attempts = attempts + 1, not_before = 0,
       started_at = :now, heartbeat_at = :now, stage = NULL, progress = 0, realtime_factor = NULL,
       cancel_requested = 0
WHERE id = (
  SELECT id FROM jobs INDEXED BY jobs_queue
  WHERE state = 'queued' AND (not_before <= :now OR not_before > :now + :far)
    AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'paused' AND value = '1')
  ORDER BY priority DESC, id LIMIT 1
)
RETURNING *
"""

# What a job has only while somebody works at it.
_RELEASED = "worker = NULL, heartbeat_at = NULL, stage = NULL, folder = NULL, cancel_requested = 0"


def claim(db: Database, worker: str, *, now: float | None = None) -> Job | None:
    """Take the next job, in one statement: no two workers get the same.

    The highest priority goes first, then what was entered first. Nothing is claimed while the
    queue is paused.

    Parameters
    ----------
    worker
        Who takes it.

    Returns
    -------
    Job or None
        None when nothing may be claimed now.
    """
    row = db.row(_CLAIM, {"worker": worker, "now": moment(now), "far": FAR})
    return None if row is None else job_of(row)


def heartbeat(
    db: Database,
    job_id: int,
    worker: str,
    stage: str,
    progress: float,
    realtime_factor: float | None,
    *,
    now: float | None = None,
) -> bool:
    """Say how far a job is.

    Parameters
    ----------
    progress
        0 to 1; what lies outside is brought to the border.
    realtime_factor
        Seconds of music per second of work; None when not known yet.

    Returns
    -------
    bool
        False: the job is not this worker's any more.
    """
    return bool(
        db.change(
            "UPDATE jobs SET heartbeat_at = ?, stage = ?, progress = ?, realtime_factor = ?"
            " WHERE id = ? AND worker = ? AND state = 'running'",
            (moment(now), stage, min(max(0.0, progress), 1.0), realtime_factor, job_id, worker),
        )
    )


def intend(db: Database, job_id: int, folder: str | None) -> None:
    """Note durably in which folder of the library a running job is about to be published.

    After a crash this tells whose a folder is that no track has.

    Raises
    ------
    UsageError
        The job is not running.
    """
    with db.transaction(durable=True):
        change_job(db, job_id, "folder = :folder", JobState.RUNNING, folder=folder)


def complete(
    db: Database,
    job_id: int,
    track: NewTrack,
    *,
    original: Original,
    backend: str,
    realtime_factor: float | None,
    now: float | None = None,
) -> Track:
    """Enter the track of a running job and end the job, durably and in one.

    A track of the same content keeps its number, the time it was added and its mixes; stems,
    folder and tags are replaced.

    Raises
    ------
    UsageError
        The job is not running.
    StoreError
        Another track has that folder.
    """
    with db.transaction(durable=True):
        at = moment(now)
        made = put_track(db, track, at)
        change_job(
            db,
            job_id,
            f"{_RELEASED}, state = 'done', track_id = :track, original = :original, progress = 1,"
            " backend = :backend, realtime_factor = :factor, finished_at = :now,"
            " error_title = NULL, error_detail = NULL",
            JobState.RUNNING,
            track=made.id,
            original=original,
            backend=backend,
            factor=realtime_factor,
            now=at,
        )
        # Duplicates that came while the job was under way had no track to point at.
        db.change(
            "UPDATE sources SET track_id = ? WHERE sha256 = ? AND outcome = 'duplicate'",
            (made.id, track.sha256),
        )
    return made


def put_back(
    db: Database,
    job_id: int,
    *,
    not_before: float = 0.0,
    failure: bool = False,
    death: bool = False,
    claimed: bool = True,
    error: tuple[str, str] | None = None,
    now: float | None = None,
) -> Job:
    """Put a running job back into the queue; one that was to be cancelled is cancelled instead.

    Parameters
    ----------
    not_before
        Unix seconds: it is not claimed earlier.
    failure
        It ended with an error that may pass.
    death
        Its worker died of it.
    claimed
        Whether this was an attempt at it; False when its file was not even there.
    error
        Title and detail of what happened.

    Raises
    ------
    UsageError
        The job is not running.
    """
    title, detail = error or (None, None)
    return change_job(
        db,
        job_id,
        "state = iif(cancel_requested, 'cancelled', 'queued'),"
        " finished_at = iif(cancel_requested, :now, NULL),"
        f" {_RELEASED}, progress = 0, realtime_factor = NULL, not_before = :not_before,"
        " failures = failures + :failure, deaths = deaths + :death,"
        " attempts = attempts - iif(:claimed, 0, 1),"
        " error_title = coalesce(:title, error_title),"
        " error_detail = iif(:title IS NULL, error_detail, :detail)",
        JobState.RUNNING,
        not_before=not_before,
        failure=failure,
        death=death,
        claimed=claimed,
        title=_storable(title),
        detail=_storable(detail),
        now=moment(now),
    )


def put_off(db: Database, mount: str, not_before: float, error: tuple[str, str]) -> int:
    """Let no queued job of a file system be claimed before a time, Unix seconds; return how many.

    For a disk that is away: asking for each of its songs in turn would be a lot of writing.

    Parameters
    ----------
    error
        Title and detail of why.
    """
    return db.change(
        "UPDATE jobs SET not_before = :time, error_title = :title, error_detail = :detail"
        " WHERE state = 'queued' AND mount = :mount AND not_before < :time",
        {"time": not_before, "mount": mount, "title": error[0], "detail": error[1]},
    )


def fail(
    db: Database,
    job_id: int,
    title: str,
    detail: str,
    *,
    death: bool = False,
    now: float | None = None,
) -> Job:
    """End a queued or running job with an error that will not pass.

    Parameters
    ----------
    title, detail
        What happened and what to do.
    death
        Its worker died of it, once more.

    Raises
    ------
    UsageError
        The job has ended already.
    """
    return change_job(
        db,
        job_id,
        f"state = 'failed', {_RELEASED}, error_title = :title, error_detail = :detail,"
        " deaths = deaths + :death, finished_at = :now",
        JobState.RUNNING,
        JobState.QUEUED,
        death=death,
        title=storable(title),
        detail=storable(detail),
        now=moment(now),
    )


def cancelled(db: Database, job_id: int, reason: str, *, now: float | None = None) -> Job:
    """End a running job whose worker has stopped because it was told to.

    Raises
    ------
    UsageError
        The job is not running.
    """
    return change_job(
        db,
        job_id,
        f"state = 'cancelled', {_RELEASED}, error_title = :reason, error_detail = NULL,"
        " finished_at = :now",
        JobState.RUNNING,
        reason=storable(reason) or None,
        now=moment(now),
    )


def set_source(db: Database, job_id: int, path: Path, state: FileState, mount: str = "") -> None:
    """Note that the original of a job is now another file, on a file system with this identity."""
    db.change(
        "UPDATE jobs SET source = ?, size = ?, mtime_ns = ?, inode = ?, mount = ? WHERE id = ?",
        (path_to_text(path), state.size, state.mtime_ns, state.inode, mount, job_id),
    )


def set_original(db: Database, job_id: int, original: Original) -> None:
    """Note what became of the original of a job."""
    db.change("UPDATE jobs SET original = ? WHERE id = ?", (original, job_id))


def _storable(text: str | None) -> str | None:
    return None if text is None else storable(text)
