"""The last lines of the log of each job, and of the daemon's own, for the interface to show."""

import sqlite3

from core.store.database import Database
from core.store.jobrows import moment
from core.store.pathtext import storable
from core.store.records import Event, Level

KEPT_PER_JOB = 50
KEPT_OF_DAEMON = 500


def record(
    db: Database, level: Level, text: str, job_id: int | None = None, *, now: float | None = None
) -> None:
    """Keep a line; the oldest ones beyond `KEPT_PER_JOB` or `KEPT_OF_DAEMON` are dropped.

    Parameters
    ----------
    job_id
        Whose line it is; None for the daemon's own. A line of a job that is gone is not kept.
    """
    kept = KEPT_OF_DAEMON if job_id is None else KEPT_PER_JOB
    with db.transaction():
        db.change(
            "INSERT INTO job_events (job_id, at, level, text) SELECT :job, :now, :level, :text"
            " WHERE :job IS NULL OR EXISTS (SELECT 1 FROM jobs WHERE id = :job)",
            {"job": job_id, "now": moment(now), "level": level, "text": storable(text)},
        )
        db.change(
            "DELETE FROM job_events WHERE job_id IS :job AND id <= ("
            "SELECT id FROM job_events WHERE job_id IS :job ORDER BY id DESC LIMIT 1 OFFSET :kept)",
            {"job": job_id, "kept": kept},
        )


def job_events(db: Database, job_id: int, limit: int = KEPT_PER_JOB) -> list[Event]:
    """Return the last lines of a job's log, oldest first."""
    return _last(db, job_id, limit)


def daemon_events(db: Database, limit: int = 100) -> list[Event]:
    """Return the daemon's last own lines, oldest first."""
    return _last(db, None, limit)


def _last(db: Database, job_id: int | None, limit: int) -> list[Event]:
    rows = db.rows(
        "SELECT * FROM job_events WHERE job_id IS ? ORDER BY id DESC LIMIT ?", (job_id, limit)
    )
    return [_event(row) for row in reversed(rows)]


def _event(row: sqlite3.Row) -> Event:
    return Event(row["id"], row["job_id"], row["at"], Level(row["level"]), row["text"])
