"""Steering the queue: retry, cancel, front, pause, resume, clear."""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.errors import MinusoneError, UsageError
from tui.cli.complaint import complain
from tui.cli.place import find_place, place_options
from tui.cli.records import write_line
from tui.cli.wording import count, safe

if TYPE_CHECKING:
    from core.store.database import Database
    from core.store.records import Job, JobState

ids_argument = click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON objects.")


@click.command("retry")
@ids_argument
@click.option("--failed", is_flag=True, help="Every job that has failed.")
@json_option
@place_options
def retry_command(
    ids: tuple[int, ...], failed: bool, as_json: bool, config: Path | None, database: Path | None
) -> None:
    """Put failed or cancelled jobs back into the queue."""
    from core.store.database import open_database
    from core.store.jobs import retry
    from core.store.records import JobState

    def again(db: "Database", job_id: int) -> tuple["Job", str]:
        job = retry(db, job_id, now=time.time())
        if job.sha256 is None:
            # It could not even be read: the daemon looks at the file anew.
            return job, "its file will be looked at again"
        return job, "queued again"

    with open_database(find_place(config, database).database) as db:
        wanted = _wanted(db, ids, failed, JobState.FAILED, "--failed")
        _each(db, wanted, again, as_json=as_json)


@click.command("cancel")
@ids_argument
@click.option("--queued", is_flag=True, help="Every job that waits for its turn.")
@json_option
@place_options
def cancel_command(
    ids: tuple[int, ...], queued: bool, as_json: bool, config: Path | None, database: Path | None
) -> None:
    """Take jobs out of the queue, or stop them."""
    from core.store.database import open_database
    from core.store.jobs import cancel
    from core.store.records import JobState

    def stop(db: "Database", job_id: int) -> tuple["Job", str]:
        job = cancel(db, job_id, now=time.time())
        if job.state is JobState.CANCELLED:
            return job, "cancelled"
        return job, "will stop within seconds"

    with open_database(find_place(config, database).database) as db:
        wanted = _wanted(db, ids, queued, JobState.QUEUED, "--queued")
        _each(db, wanted, stop, as_json=as_json)


@click.command("front")
@click.argument("job_id", metavar="ID", type=int)
@json_option
@place_options
def front_command(job_id: int, as_json: bool, config: Path | None, database: Path | None) -> None:
    """Let a waiting job be the next one."""
    from core.store.database import open_database
    from core.store.jobs import move_to_front

    with open_database(find_place(config, database).database) as db:
        _each(db, [job_id], lambda db, job: (move_to_front(db, job), "is next"), as_json=as_json)


@click.command("pause")
@json_option
@place_options
def pause_command(as_json: bool, config: Path | None, database: Path | None) -> None:
    """Begin no more jobs; the running one goes on to its end."""
    _set_paused(config, database, paused=True, as_json=as_json)


@click.command("resume")
@json_option
@place_options
def resume_command(as_json: bool, config: Path | None, database: Path | None) -> None:
    """Go on with the queue."""
    _set_paused(config, database, paused=False, as_json=as_json)


@click.command("clear")
@click.option("--done", is_flag=True, help="Those that went well.")
@click.option("--failed", is_flag=True, help="Those that failed.")
@click.option("--cancelled", is_flag=True, help="Those that were cancelled.")
@json_option
@place_options
def clear_command(
    done: bool,
    failed: bool,
    cancelled: bool,
    as_json: bool,
    config: Path | None,
    database: Path | None,
) -> None:
    """Forget jobs that have ended.

    Those that went well and those that were cancelled, unless told which. The library and the
    originals are not touched.
    """
    from core.store.database import open_database
    from core.store.jobs import clear_ended
    from core.store.records import JobState

    chosen = [
        state
        for state, asked in (
            (JobState.DONE, done),
            (JobState.FAILED, failed),
            (JobState.CANCELLED, cancelled),
        )
        if asked
    ]
    with open_database(find_place(config, database).database) as db:
        cleared = clear_ended(db, chosen or [JobState.DONE, JobState.CANCELLED])
    if as_json:
        write_line({"cleared": cleared})
    else:
        click.echo(f"Forgot {count(cleared, 'job')}.")


def _set_paused(config: Path | None, database: Path | None, *, paused: bool, as_json: bool) -> None:
    from core.store.database import open_database
    from core.store.jobs import set_paused

    with open_database(find_place(config, database).database) as db:
        set_paused(db, paused)
    if as_json:
        write_line({"paused": paused})
    elif paused:
        click.echo("Paused: no more jobs are begun until 'minusone jobs resume'.")
    else:
        click.echo("The queue goes on.")


def _wanted(
    db: "Database", ids: tuple[int, ...], everything: bool, state: "JobState", option: str
) -> list[int]:
    from core.store.jobs import list_jobs
    from tui.cli.overview import EVERYTHING

    if bool(ids) == everything:
        raise UsageError(
            "Which jobs?" if not ids else f"Either numbers of jobs or {option}, not both.",
            f"Name them by their numbers, which 'minusone jobs' shows, or give {option} for all.",
        )
    if everything:
        return [job.id for job in list_jobs(db, states={state}, limit=EVERYTHING)]
    return list(dict.fromkeys(ids))


def _each(
    db: "Database",
    ids: Iterable[int],
    act: Callable[["Database", int], tuple["Job", str]],
    *,
    as_json: bool,
) -> None:
    """Do it to every job, one by one; one that refuses does not keep the others from it."""
    from tui.cli.job_table import song_name
    from tui.cli.rows import job_record

    done = failed = 0
    for job_id in ids:
        try:
            job, text = act(db, job_id)
        except MinusoneError as error:
            failed += 1
            complain(error)
            if as_json:
                problem = {"title": error.title, "detail": error.detail}
                write_line({"id": job_id, "error": problem})
        else:
            done += 1
            if as_json:
                write_line(job_record(job))
            else:
                click.echo(f"Job {job.id}, {safe(song_name(job))}: {text}")
    if not as_json and done + failed == 0:
        click.echo("There is no such job.")
    if failed:
        sys.exit(1)
