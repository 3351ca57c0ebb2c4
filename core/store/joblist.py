"""Looking at the queue and at its history."""

import time
from collections.abc import Collection, Sequence

from core.store.database import Database
from core.store.jobrows import job_of
from core.store.records import Job, JobState

FAR = 2 * 3600.0
"""Seconds: nothing is put off for longer, so what seems to be was before the clock was set back."""


# Left to itself SQLite takes another index, and sorts.
_QUEUE = (
    "SELECT id FROM jobs INDEXED BY jobs_queue WHERE state = 'queued' ORDER BY priority DESC, id"
)


def list_jobs(
    db: Database,
    *,
    states: Collection[JobState] | None = None,
    limit: int = 50,
    offset: int = 0,
    newest_first: bool = False,
) -> list[Job]:
    """Return one page of the jobs.

    Parameters
    ----------
    states
        Only jobs in these; None for all.
    newest_first
        Latest entered first. Otherwise as their turn comes: what is running, then the queue in
        the order in which it is claimed, then what has ended, oldest first.
    """
    wanted = [state for state in JobState if states is None or state in states]
    ended = [state for state in wanted if state.ended]
    if newest_first:
        parts = [(wanted, _merged(wanted, "DESC"))]
    else:
        parts = [
            ([JobState.RUNNING], _merged([JobState.RUNNING], "ASC")),
            ([JobState.QUEUED], _QUEUE),
            (ended, _merged(ended, "ASC")),
        ]
    ids: list[int] = []
    with db.snapshot():
        for part, query in parts:
            if part and set(part) <= set(wanted) and len(ids) < limit:
                rows = db.rows(f"{query} LIMIT ? OFFSET ?", (limit - len(ids), offset))
                ids += [row[0] for row in rows]
                offset = 0 if ids else max(0, offset - _count(db, part))
        return _jobs(db, ids)


def count_jobs(db: Database) -> dict[JobState, int]:
    """Return how many jobs there are in each state, with zeros."""
    rows = db.rows("SELECT state, count(*) FROM jobs GROUP BY state")
    return dict.fromkeys(JobState, 0) | {JobState(state): count for state, count in rows}


def running_jobs(db: Database) -> list[Job]:
    """Return the jobs that workers hold, oldest first."""
    rows = db.rows("SELECT * FROM jobs WHERE state = 'running' ORDER BY id")
    return [job_of(row) for row in rows]


def pending_originals(db: Database) -> list[Job]:
    """Return the jobs whose original is still to be moved or trashed, oldest first."""
    rows = db.rows("SELECT * FROM jobs WHERE original = 'pending' ORDER BY id")
    return [job_of(row) for row in rows]


def next_due(db: Database, *, now: float | None = None) -> float | None:
    """Return when the next queued job may be claimed, Unix seconds; None with an empty queue.

    A time that has passed means that one may be claimed at once.
    """
    far = (time.time() if now is None else now) + FAR
    due = db.value(
        "SELECT min(iif(not_before > ?, 0, not_before)) FROM jobs WHERE state = 'queued'", (far,)
    )
    return None if due is None else float(due)


def _merged(states: Collection[JobState], way: str) -> str:
    # Each state is a stretch of an index in order; merging them needs no sorting.
    stretches = [f"SELECT id FROM jobs WHERE state = '{state}'" for state in states]
    return f"{' UNION ALL '.join(stretches)} ORDER BY id {way}"


def _jobs(db: Database, ids: Sequence[int]) -> list[Job]:
    rows = db.rows(f"SELECT * FROM jobs WHERE id IN ({', '.join(map(str, ids))})")
    found = {row["id"]: job_of(row) for row in rows}
    return [found[job_id] for job_id in ids]


def _count(db: Database, states: Collection[JobState]) -> int:
    counts = count_jobs(db)
    return sum(counts[state] for state in states)
