"""Changing what is in the library, and where it is: remove, adopt."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.errors import LibraryError, MinusoneError, OutputError, UsageError
from tui.cli.complaint import complain
from tui.cli.place import Place, find_place, place_options
from tui.cli.records import write_line
from tui.cli.wording import count, safe

if TYPE_CHECKING:
    from core.store.database import Database
    from core.store.records import Track


@click.command("remove")
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=int)
@click.option("--files", is_flag=True, help="Move its folder to the trash, too.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per track.")
@place_options
def remove_command(
    ids: tuple[int, ...],
    files: bool,
    yes: bool,
    as_json: bool,
    config: Path | None,
    database: Path | None,
) -> None:
    """Take tracks out of the library, with their saved mixes.

    Their folders stay unless --files is given. The original songs are never touched.
    """
    from core.library.check import ensure_library
    from core.store.database import open_database
    from core.store.tracks import get_track

    place = find_place(config, database)
    with open_database(place.database) as db:
        tracks = [get_track(db, track_id) for track_id in dict.fromkeys(ids)]
        if files:
            ensure_library(db, place.settings.library)
        if not yes:
            _ask(tracks, files=files)
        failed = 0
        for track in tracks:
            try:
                text, trash = _remove(db, place.settings.library, track, files=files)
            except (LibraryError, OutputError, UsageError) as error:
                failed += 1
                complain(error)
                if as_json:
                    problem = {"title": error.title, "detail": error.detail}
                    write_line({"id": track.id, "error": problem})
                continue
            if as_json:
                place_of = {"folder": str(place.settings.library / track.folder), "trash": trash}
                write_line({"id": track.id, "title": track.title, **place_of})
            else:
                click.echo(text)
    if failed:
        sys.exit(1)


@click.command("adopt")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@place_options
def adopt_command(yes: bool, as_json: bool, config: Path | None, database: Path | None) -> None:
    """Make the configured folder the library.

    For after it was moved to another disk, or renewed from a backup. Writes one small file, the
    library's mark, into the folder. 'minusone library check' then tells what is missing in it.
    """
    from core.library.root import adopt_library, found_library
    from core.store.database import open_database
    from core.store.libraryid import library_id_of, set_library_id

    place = find_place(config, database)
    library = place.settings.library
    with open_database(place.database) as db:
        library_id = known = library_id_of(db)
        if library_id is None:
            # The database was lost: the new one belongs to the library that is there.
            library_id = found_library(library, None).library_id
        if library_id is None:
            raise LibraryError(
                "The database has no library yet.",
                "The daemon makes one when it starts: there is nothing to adopt.",
            )
        if not library.is_dir():
            raise LibraryError(
                f"{library} is no folder, or its drive is not mounted.",
                "Mount the drive, or name the folder as 'library' in the configuration"
                " ('minusone config path' tells where that is).",
            )
        before = found_library(library, library_id)
        if known is None:
            set_library_id(db, library_id)
        elif before.library_id != library_id:
            _ask_about(place, before.library_id, yes=yes)
            adopt_library(library, library_id)
        adopted = known is None or before.library_id != library_id
    if as_json:
        record = {"library": str(library), "id": library_id}
        write_line({**record, "adopted": adopted})
    elif not adopted:
        click.echo(f"{safe(library)} is the library of this database already.")
    else:
        click.echo(
            f"{safe(library)} is the library now. Look with 'minusone library check' whether all"
            " tracks are in it."
        )


def _ask(tracks: list["Track"], *, files: bool) -> None:
    from tui.cli.track_table import track_name

    for track in tracks:
        click.echo(f"{track.id}: {safe(track_name(track))}", err=True)
    what = f"Remove {count(len(tracks), 'track')} from the library"
    what += " and move the folders to the trash?" if files else "? The folders stay."
    _confirm(what)


def _ask_about(place: Place, other: str | None, *, yes: bool) -> None:
    if yes:
        return
    what = "holds the library of another database" if other is not None else "has no mark yet"
    _confirm(f"{safe(place.settings.library)} {what}. Make it the library of this database?")


def _confirm(question: str) -> None:
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort as exc:
        # Nobody there to ask, or Ctrl-C at the question.
        raise UsageError("Nothing was changed.", "Without a terminal, agree with --yes.") from exc
    if not agreed:
        click.echo("Nothing was changed.", err=True)
        sys.exit(1)


def _remove(
    db: "Database", library: Path, track: "Track", *, files: bool
) -> tuple[str, str | None]:
    """Remove one track; return what to tell, and where its folder is if that is known."""
    from core.library.trash import discard_folder
    from core.store.tracks import remove_track
    from tui.cli.track_table import track_name

    folder = library / track.folder
    name = f"{track.id}: {safe(track_name(track))}"
    moved: Path | None = None
    there = files and folder.is_dir()
    if there:
        moved = discard_folder(folder, library)
    # After the files: a row without a folder is found by a check, a folder without a row would
    # be entered again by its repair.
    try:
        remove_track(db, track.id)
    except MinusoneError:
        if there:
            click.echo(f"{name}: its folder is in the trash, its row is still there.", err=True)
        raise
    if moved is not None:
        return f"{name}: removed, its folder is {safe(moved)} now", str(moved)
    if there:
        return f"{name}: removed, its folder is in the trash", "desktop"
    if files:
        return f"{name}: removed, it had no folder any more", None
    return f"{name}: removed, its folder stays: {safe(folder)}", None
