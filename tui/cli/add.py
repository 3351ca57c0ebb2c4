"""`minusone add`: songs from anywhere into the queue of the daemon."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.errors import AudioError, MinusoneError, StoreError, UsageError
from tui.cli.complaint import complain
from tui.cli.place import find_place, place_options
from tui.cli.records import failed, write_line
from tui.cli.separate import PRESETS
from tui.cli.values import path
from tui.cli.wording import count, safe

if TYPE_CHECKING:
    from core.intake import Entry
    from core.store.database import Database


@click.command("add")
@click.argument("inputs", metavar="SONG_OR_FOLDER...", nargs=-1, required=True, type=path)
@click.option("--recursive", "-r", is_flag=True, help="Look into folders inside folders.")
@click.option(
    "--model",
    "-m",
    metavar="NAME",
    help="See 'minusone models list'; what the configuration says unless given.",
)
@click.option(
    "--preset",
    "-p",
    type=click.Choice(PRESETS),
    help="What the configuration says unless given.",
)
@click.option(
    "--priority", type=int, default=0, show_default=True, metavar="N", help="Higher goes first."
)
@click.option("--front", is_flag=True, help="Before everything that waits now.")
@click.option("--again", is_flag=True, help="Separate songs that the library has already, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per song.")
@place_options
def command(
    inputs: tuple[Path, ...],
    recursive: bool,
    model: str | None,
    preset: str | None,
    priority: int,
    front: bool,
    again: bool,
    as_json: bool,
    config: Path | None,
    database: Path | None,
) -> None:
    """Queue songs for the daemon.

    Folders stand for the songs in them. The songs stay where they are and must stay there until
    their turn has come. One song that fails does not stop the others.

    Exit code: 0 all good, 1 some song failed, 2 the command makes no sense, 130 after Ctrl-C.
    """
    from core.intake import enter_file
    from core.store.database import open_database
    from tui.cli.songs import Missing, find_songs

    if front and priority:
        raise UsageError(
            "--front and --priority exclude each other.", "--front finds the priority by itself."
        )
    place = find_place(config, database)
    if model is not None:
        # Deferred: only this option needs the catalog. A model that is not there is said now.
        from core.catalog.registry import find_model

        find_model(model)
    library = place.settings.library
    _refuse_stems(inputs, library)
    songs = find_songs(inputs, recursive=recursive, leave_out=library)
    wrong = 0
    with open_database(place.database) as db:
        if front:
            priority = _before_all(db)
        for item in songs:
            try:
                if isinstance(item, Missing):
                    raise item.error
                _refuse_nothing(item.path)
                entry = enter_file(
                    db,
                    item.path,
                    priority=priority,
                    model=model,
                    preset=preset,
                    replace=again,
                    library=library,
                )
                moved = _move(db, entry, priority)
            except MinusoneError as error:
                wrong += 1
                complain(error)
                if as_json:
                    write_line(failed(item.path, error))
                if not isinstance(error, AudioError):
                    _stop_at(error)
            else:
                _tell(item.path, entry, moved=moved, as_json=as_json)
        _tell_of_daemon(db)
    if wrong:
        sys.exit(1)


def _before_all(db: "Database") -> int:
    """Return a priority above those of all that waits."""
    from core.store.jobs import list_jobs
    from core.store.records import JobState

    first = list_jobs(db, states={JobState.QUEUED}, limit=1)
    return first[0].priority + 1 if first else 0


def _move(db: "Database", entry: "Entry", priority: int) -> bool:
    """Give a job that waited already the priority that was asked for."""
    from core.store.jobs import set_priority
    from core.store.records import JobState

    job = entry.job
    if job is None or job.state is not JobState.QUEUED or job.priority >= priority:
        return False
    set_priority(db, job.id, priority)
    return True


def _refuse_stems(inputs: tuple[Path, ...], library: Path) -> None:
    from tui.cli.songs import identity

    place = identity(library)
    for given in inputs:
        if given.is_dir() and identity(given).is_relative_to(place):
            raise UsageError(
                f"{given} is in the library: what is there has been separated already.",
                "Name a single file to separate a stem once more.",
            )


def _refuse_nothing(song: Path) -> None:
    if not os.path.lexists(song):
        raise AudioError(f"There is no file {song}.", "Check the name, and the folder it is in.")


def _stop_at(error: MinusoneError) -> None:
    """Leave when the next song would meet the same error."""
    if isinstance(error, StoreError):
        sys.exit(1)


def _tell(song: Path, entry: "Entry", *, moved: bool, as_json: bool) -> None:
    if as_json:
        write_line(_record(song, entry))
        return
    name = safe(song.name)
    from core.store.records import Outcome

    if entry.outcome is Outcome.JOB and entry.job is not None:
        text = f"queued as job {entry.job.id}"
    elif entry.job is not None:
        text = f"is job {entry.job.id} already ({entry.job.state})"
        text += ", with a higher priority now" * moved
    elif entry.track is not None:
        text = (
            f"is track {entry.track.id} of the library already, in {safe(entry.track.folder)};"
            " --again separates it again"
        )
    else:
        text = "was queued by somebody else in this moment"
    click.echo(f"{name}: {text}")


def _record(song: Path, entry: "Entry") -> dict[str, Any]:
    return {
        "input": str(song),
        "outcome": str(entry.outcome),
        "job": None if entry.job is None else entry.job.id,
        "state": None if entry.job is None else str(entry.job.state),
        "track": None if entry.track is None else entry.track.id,
    }


def _tell_of_daemon(db: "Database") -> None:
    from core.store.jobs import count_jobs, is_paused
    from core.store.lock import is_locked
    from core.store.records import JobState
    from tui.cli.job_table import HOW_TO_START

    waiting = count_jobs(db)[JobState.QUEUED]
    if not waiting:
        return
    if not is_locked(db.path):
        click.echo(
            f"{count(waiting, 'song')} in the queue, but the daemon is not running.\n"
            f"{HOW_TO_START}",
            err=True,
        )
    elif is_paused(db):
        click.echo("The queue is paused. Let it go on with 'minusone jobs resume'.", err=True)
