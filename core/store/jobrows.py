"""Rows of the table of jobs as records, and one job by its number."""

import sqlite3
import time

from core.errors import UsageError
from core.store.database import Database
from core.store.pathtext import text_to_path
from core.store.records import FileState, Job, JobState, Origin, Original, SongFacts


def get_job(db: Database, job_id: int) -> Job:
    """Return a job.

    Raises
    ------
    UsageError
        There is no such job.
    """
    row = db.row("SELECT * FROM jobs WHERE id = ?", (job_id,))
    if row is None:
        raise UsageError(
            f"There is no job {job_id}.", "`minusone jobs list` shows those there are."
        )
    return job_of(row)


def job_of(row: sqlite3.Row) -> Job:
    """Return the record of a whole row."""
    return Job(
        id=row["id"],
        state=JobState(row["state"]),
        origin=Origin(row["origin"]),
        priority=row["priority"],
        source=text_to_path(row["source"]),
        file=FileState(row["size"], row["mtime_ns"], row["inode"]),
        sha256=row["sha256"],
        mount=row["mount"],
        facts=SongFacts(
            title=row["title"],
            artist=row["artist"],
            album=row["album"],
            duration=row["duration"],
            rate=row["rate"],
            channels=row["channels"],
            codec=row["codec"],
        ),
        model=row["model"],
        preset=row["preset"],
        replace=bool(row["replace"]),
        attempts=row["attempts"],
        failures=row["failures"],
        deaths=row["deaths"],
        not_before=row["not_before"],
        cancel_requested=bool(row["cancel_requested"]),
        worker=row["worker"],
        heartbeat_at=row["heartbeat_at"],
        stage=row["stage"],
        progress=row["progress"],
        realtime_factor=row["realtime_factor"],
        backend=row["backend"],
        folder=row["folder"],
        track_id=row["track_id"],
        original=None if row["original"] is None else Original(row["original"]),
        error_title=row["error_title"],
        error_detail=row["error_detail"],
        queued_at=row["queued_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def change_job(
    db: Database, job_id: int, assignments: str, *states: JobState, **values: object
) -> Job:
    """Change a job that is in one of some states, in one statement.

    Parameters
    ----------
    assignments
        What comes after SET, with named parameters.
    values
        The parameters.

    Raises
    ------
    UsageError
        There is no such job, or it is in another state.
    """
    allowed = ", ".join(f"'{state}'" for state in states)
    row = db.row(
        f"UPDATE jobs SET {assignments} WHERE id = :job AND state IN ({allowed}) RETURNING *",
        {**values, "job": job_id},
    )
    if row is not None:
        return job_of(row)
    state = get_job(db, job_id).state
    raise UsageError(
        f"Job {job_id} is {state}.", f"This can be done with {' or '.join(states)} jobs only."
    )


def moment(now: float | None) -> float:
    """Return the time that was given, or the time."""
    return time.time() if now is None else now
