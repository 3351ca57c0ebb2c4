"""The daemon and the queue at one moment, read from the database."""

import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from core.store.database import Database
from core.store.jobs import count_jobs, is_paused, list_jobs
from core.store.lock import is_locked
from core.store.records import DaemonStatus, Job, JobState
from core.store.status import read_status

EVERYTHING = 1 << 62
"""As a limit: none."""

ENDED = frozenset(state for state in JobState if state.ended)


@dataclass(frozen=True, slots=True)
class Overview:
    """What `minusone jobs` shows.

    Attributes
    ----------
    at
        When it was read, Unix seconds.
    status
        What the daemon said last; None when it has never run.
    running
        Whether the daemon runs now.
    paused
        Whether somebody stopped the queue.
    counts
        Jobs per state, all of them.
    jobs
        Running ones, then those that wait in the order of their turn, then ended ones with the
        latest first.
    hidden
        How many more there are of the states asked for.
    """

    at: float
    status: DaemonStatus | None
    running: bool
    paused: bool
    counts: dict[JobState, int]
    jobs: tuple[Job, ...]
    hidden: int


def read_overview(
    db: Database, states: Collection[JobState] = tuple(JobState), limit: int = EVERYTHING
) -> Overview:
    """Read it.

    Parameters
    ----------
    db
        The database.
    states
        Jobs of other states are left out.
    limit
        Most jobs to give. When there are more, what waits and what has ended share the room.
    """
    now = time.time()
    status = read_status(db)
    counts = count_jobs(db)
    jobs = _choose(db, frozenset(states), limit)
    return Overview(
        at=now,
        status=status,
        running=status is not None and is_locked(db.path),
        paused=is_paused(db),
        counts=counts,
        jobs=jobs,
        hidden=max(0, sum(counts.get(state, 0) for state in states) - len(jobs)),
    )


def later(overview: Overview, database: Path) -> Overview:
    """Return an overview of the same rows a moment later: the daemon may have been killed."""
    running = overview.status is not None and is_locked(database)
    return replace(overview, at=time.time(), running=running)


def _choose(db: Database, states: frozenset[JobState], limit: int) -> tuple[Job, ...]:
    running = _jobs(db, states & {JobState.RUNNING}, limit)
    room = limit - len(running)
    ended = _jobs(db, states & ENDED, room)
    waiting = _jobs(db, states & {JobState.QUEUED}, room)
    if len(waiting) + len(ended) > room:
        waiting = waiting[: max(room - len(ended), room - room // 2)]
        ended = ended[: room - len(waiting)]
    return (*running, *waiting, *ended)


def _jobs(db: Database, states: frozenset[JobState], limit: int) -> list[Job]:
    if not states or limit <= 0:
        return []
    return list_jobs(db, states=states, limit=limit, newest_first=bool(states & ENDED))
