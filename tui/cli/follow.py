"""`minusone jobs watch`: the queue while it moves, as a screen, as lines or as records."""

import contextlib
import time
from collections.abc import Collection, Iterable, Iterator
from typing import IO

import click

from core.errors import UsageError
from core.store.database import Database
from core.store.jobs import get_job, list_jobs
from core.store.records import Job, JobState
from tui.cli.job_table import one_line, overview_lines
from tui.cli.overview import ENDED, EVERYTHING, later, read_overview
from tui.cli.records import write_line
from tui.cli.rows import job_record
from tui.cli.screen import Screen
from tui.cli.ticks import ticks
from tui.cli.times import local_time

PERIOD = 1.0
"""Seconds between two looks at the database, and how often a daemon reports its progress."""

HINT = "Ctrl-C ends this view; the daemon goes on."

_ACTIVE = frozenset(JobState) - ENDED

_ROOM_FOR_HEADER = 8
"""Lines of the screen that are not jobs: the summary, the head, the hint."""


def follow_screen(db: Database, states: Iterable[JobState], stream: IO[str]) -> None:
    """Keep the table of `minusone jobs` up to date until a signal comes.

    Parameters
    ----------
    db
        The database; may be open for reading only.
    states
        Jobs of other states are left out.
    stream
        A terminal.

    Raises
    ------
    Stopped
        A signal came; the terminal is as it was before.
    """
    chosen = tuple(states)
    seen: tuple[int, int] | None = None
    overview = None
    with Screen(stream) as screen:
        for _ in ticks(PERIOD):
            columns, height = screen.size()
            now = (db.data_version(), height)
            if overview is None or now != seen:
                seen = now
                overview = read_overview(db, chosen, max(1, height - _ROOM_FOR_HEADER))
            else:
                overview = later(overview, db.path)
            screen.show([*overview_lines(overview, columns), "", HINT])


def follow_lines(db: Database, states: Iterable[JobState]) -> None:
    """Print a line for every job that changes its state or its stage, until a signal comes."""
    for job in changes(db, states, with_progress=False):
        now = time.time()
        click.echo(f"{local_time(now)} {one_line(job, now)}")


def follow_records(db: Database, states: Iterable[JobState]) -> None:
    """Print a record for every job that changes, its progress included."""
    for job in changes(db, states, with_progress=True):
        write_line(job_record(job))


def changes(db: Database, states: Iterable[JobState], *, with_progress: bool) -> Iterator[Job]:
    """Give what runs or waits now, and from then on every job that has changed.

    Parameters
    ----------
    db
        The database; may be open for reading only.
    states
        Jobs that are in another state after the change are not given.
    with_progress
        Whether progress within a stage is a change.

    Yields
    ------
    Job
        As it is after the change. Of several changes within a second only the last is seen.
    """
    chosen = frozenset(states)
    known: dict[int, Job] = {}
    newest = max((job.id for job in list_jobs(db, limit=1, newest_first=True)), default=0)
    version: int | None = None
    for _ in ticks(PERIOD):
        before, version = version, db.data_version()
        if version == before:
            continue
        current = {job.id: job for job in list_jobs(db, states=_ACTIVE, limit=EVERYTHING)}
        ended = list(_ended(db, known.keys() - current.keys(), newest))
        for job in (*ended, *current.values()):
            if job.state in chosen and _differ(known.get(job.id), job, with_progress):
                yield job
        known = current
        newest = max(newest, *current, *(job.id for job in ended))


def _ended(db: Database, gone: Collection[int], newest: int) -> Iterator[Job]:
    """Give the jobs that were active and are no more, and those that came and went meanwhile."""
    for job_id in sorted(gone):
        # A job that was cleared away, or whose file is looked at anew, has no row any more.
        with contextlib.suppress(UsageError):
            yield get_job(db, job_id)
    offset = 0
    while batch := list_jobs(db, states=ENDED, limit=50, offset=offset, newest_first=True):
        for job in batch:
            if job.id <= newest:
                return
            if job.id not in gone:
                yield job
        offset += len(batch)


def _differ(before: Job | None, after: Job, with_progress: bool) -> bool:
    return before is None or _facts(before, with_progress) != _facts(after, with_progress)


def _facts(job: Job, with_progress: bool) -> tuple[object, ...]:
    progress = round(job.progress, 3) if with_progress else None
    return (
        job.state,
        job.stage,
        job.cancel_requested,
        job.attempts,
        job.priority,
        job.not_before,
        job.error_title,
        progress,
    )
