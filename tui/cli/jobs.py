"""`minusone jobs`: what the daemon does, has done and is to do."""

import time
from pathlib import Path
from typing import Any

import click

from tui.cli.default import DefaultGroup
from tui.cli.job_actions import (
    cancel_command,
    clear_command,
    front_command,
    pause_command,
    resume_command,
    retry_command,
)
from tui.cli.place import find_place, place_options
from tui.cli.records import write_line
from tui.cli.values import names
from tui.cli.wording import safe

# Mirrors `core.store.records.JobState`; a test compares the two.
STATES = ("queued", "running", "done", "failed", "cancelled")

DEFAULT_LIMIT = 20


@click.group("jobs", cls=DefaultGroup)
def command() -> None:
    """Look at the queue, and steer it."""


def _states(
    ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, ...], ...]
) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(name for piece in value for name in piece))
    for name in chosen:
        if name not in STATES:
            raise click.BadParameter(
                f"{safe(name)!r} is no state: choose from {', '.join(STATES)}."
            )
    return chosen or STATES


def _states_option(function: Any) -> Any:
    return click.option(
        "--state",
        "-s",
        "states",
        type=names,
        metavar="STATE,...",
        multiple=True,
        callback=_states,
        help=f"Only these: {', '.join(STATES)}.",
    )(function)


@command.command("list")
@_states_option
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=1),
    default=DEFAULT_LIMIT,
    show_default=True,
    help="Most jobs to show.",
)
@click.option("--all", "-a", "everything", is_flag=True, help="Show every job there ever was.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per job.")
@place_options
def list_command(
    states: tuple[str, ...],
    limit: int,
    everything: bool,
    as_json: bool,
    config: Path | None,
    database: Path | None,
) -> None:
    """Show what runs, what waits and what has ended.

    Waiting jobs stand in the order of their turn. 'minusone jobs' alone does the same.
    """
    from core.store.database import read_database
    from core.store.records import JobState
    from tui.cli.overview import EVERYTHING, read_overview

    most = EVERYTHING if everything else limit
    with read_database(find_place(config, database).database) as db:
        overview = read_overview(db, [JobState(state) for state in states], most)
    if as_json:
        from tui.cli.rows import job_record

        for job in overview.jobs:
            write_line(job_record(job))
        return
    from tui.cli.columns import line_width
    from tui.cli.job_table import overview_lines

    click.echo("\n".join(overview_lines(overview, line_width())))


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@place_options
def status_command(as_json: bool, config: Path | None, database: Path | None) -> None:
    """Say how the daemon and the queue are."""
    from core.store.database import read_database
    from tui.cli.job_table import status_lines
    from tui.cli.overview import read_overview
    from tui.cli.rows import status_record

    with read_database(find_place(config, database).database) as db:
        overview = read_overview(db, limit=0)
    if as_json:
        write_line(
            status_record(
                overview.status, overview.counts, running=overview.running, paused=overview.paused
            )
        )
    else:
        click.echo("\n".join(status_lines(overview)))


@command.command("show")
@click.argument("job_id", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@place_options
def show_command(job_id: int, as_json: bool, config: Path | None, database: Path | None) -> None:
    """Show everything about one job, with its log."""
    from core.store.database import read_database
    from core.store.events import job_events
    from core.store.jobs import get_job
    from tui.cli.job_table import detail_lines
    from tui.cli.rows import event_record, job_record

    with read_database(find_place(config, database).database) as db:
        job = get_job(db, job_id)
        events = list(job_events(db, job_id))
    if as_json:
        write_line({**job_record(job), "log": [event_record(event) for event in events]})
    else:
        click.echo("\n".join(detail_lines(job, events, time.time())))


@command.command("watch")
@_states_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per change.")
@place_options
def watch_command(
    states: tuple[str, ...], as_json: bool, config: Path | None, database: Path | None
) -> None:
    """Follow the queue until Ctrl-C.

    On a terminal the table of 'minusone jobs' keeps itself up to date; elsewhere, every change
    is a line.
    """
    import sys

    from core.store.database import read_database
    from core.store.records import JobState
    from tui.cli.follow import follow_lines, follow_records, follow_screen
    from tui.cli.terminal import moves

    chosen = [JobState(state) for state in states]
    with read_database(find_place(config, database).database) as db:
        if as_json:
            follow_records(db, chosen)
        elif moves(sys.stdout):
            follow_screen(db, chosen, sys.stdout)
        else:
            follow_lines(db, chosen)


for steering in (
    retry_command,
    cancel_command,
    front_command,
    pause_command,
    resume_command,
    clear_command,
):
    command.add_command(steering)
