"""`minusone library`: the songs that have been separated."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.errors import UsageError
from tui.cli.default import DefaultGroup
from tui.cli.library_care import adopt_command, remove_command
from tui.cli.library_check import check_command
from tui.cli.place import find_place, place_options
from tui.cli.records import write_line
from tui.cli.values import path
from tui.cli.wording import count, safe, size

if TYPE_CHECKING:
    from core.store.records import Track
    from tui.cli.place import Place

# Mirrors `core.store.tracks.SortBy`; a test compares the two.
SORTS = ("title", "artist", "album", "added", "length", "bpm", "key")

DEFAULT_LIMIT = 50


@click.group("library", cls=DefaultGroup)
def command() -> None:
    """Browse, check and export what was separated."""


def _page_options(function: Any) -> Any:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object per track."),
        click.option(
            "--offset",
            type=click.IntRange(min=0),
            default=0,
            metavar="N",
            help="Leave out so many at the beginning.",
        ),
        click.option(
            "--limit",
            "-n",
            type=click.IntRange(min=1),
            default=DEFAULT_LIMIT,
            show_default=True,
            help="Most tracks to show.",
        ),
    ):
        function = option(function)
    return function


@command.command("list")
@click.option(
    "--sort", "-s", type=click.Choice(SORTS), default="artist", show_default=True, help="Order by."
)
@click.option("--reverse", is_flag=True, help="The other way round.")
@_page_options
@place_options
def list_command(
    sort: str,
    reverse: bool,
    limit: int,
    offset: int,
    as_json: bool,
    config: Path | None,
    database: Path | None,
) -> None:
    """Show the library, page by page.

    'minusone library' alone does the same.
    """
    from core.store.database import read_database
    from core.store.tracks import SortBy, count_tracks, list_tracks

    place = find_place(config, database)
    with read_database(place.database) as db:
        tracks = list_tracks(db, sort=SortBy(sort), descending=reverse, limit=limit, offset=offset)
        total = count_tracks(db)
    _show(place, tracks, total, offset, as_json=as_json)


@command.command("search")
@click.argument("words", metavar="WORDS...", nargs=-1, required=True)
@_page_options
@place_options
def search_command(
    words: tuple[str, ...],
    limit: int,
    offset: int,
    as_json: bool,
    config: Path | None,
    database: Path | None,
) -> None:
    """Find tracks by title, artist and album.

    The beginnings of words are enough. The exit code is 1 when nothing is found.
    """
    from core.store.database import read_database
    from core.store.tracks import count_tracks, search_tracks

    place = find_place(config, database)
    text = " ".join(words)
    with read_database(place.database) as db:
        tracks = search_tracks(db, text, limit=limit, offset=offset)
        total = count_tracks(db, text)
    _show(place, tracks, total, offset, as_json=as_json)
    if not total:
        sys.exit(1)


@command.command("show")
@click.argument("track_id", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@place_options
def show_command(track_id: int, as_json: bool, config: Path | None, database: Path | None) -> None:
    """Show everything about one track."""
    from core.store.database import read_database
    from core.store.tracks import get_track

    place = find_place(config, database)
    with read_database(place.database) as db:
        track = get_track(db, track_id)
    if as_json:
        from tui.cli.rows import track_record

        write_line(track_record(track, place.settings.library))
    else:
        from tui.cli.track_table import detail_lines

        click.echo("\n".join(detail_lines(track, place.settings.library)))


@command.command("export")
@click.option("--json", "kind", flag_value="json", help="One JSON array.")
@click.option("--csv", "kind", flag_value="csv", help="A table for LibreOffice and the like.")
@click.option(
    "--output", "-o", metavar="FILE", type=path, help="Write to this file instead of the screen."
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")
@place_options
def export_command(
    kind: str | None,
    output: Path | None,
    overwrite: bool,
    config: Path | None,
    database: Path | None,
) -> None:
    """Write the whole library as JSON or CSV."""
    from core.store.database import read_database
    from tui.cli.exporting import export

    if kind is None:
        kind = output.suffix.lower().removeprefix(".") if output is not None else ""
        if kind not in {"json", "csv"}:
            raise UsageError("Export as what?", "Give --json or --csv.")
    with read_database(find_place(config, database).database) as db:
        export(db, kind, output, overwrite=overwrite)


@command.command("backup")
@click.argument("target", metavar="FILE", type=path)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@place_options
def backup_command(
    target: Path, overwrite: bool, as_json: bool, config: Path | None, database: Path | None
) -> None:
    """Copy the database to FILE, safely while the daemon works.

    The songs themselves are files in the library's folder: copy those as you copy other files.
    """
    from core.store.backup import backup_database
    from core.store.database import read_database

    with read_database(find_place(config, database).database) as db:
        backup_database(db, target, overwrite=overwrite)
    octets = target.stat().st_size
    if as_json:
        write_line({"path": str(target.absolute()), "bytes": octets})
    else:
        click.echo(f"{safe(target)}: {size(octets)}")


def _show(place: "Place", tracks: list["Track"], total: int, offset: int, *, as_json: bool) -> None:
    if as_json:
        from tui.cli.rows import track_record

        for track in tracks:
            write_line(track_record(track, place.settings.library))
        return
    if not tracks:
        click.echo("No tracks." if not total else f"There are only {count(total, 'track')}.")
        return
    from tui.cli.columns import line_width
    from tui.cli.track_table import table_lines

    click.echo("\n".join(table_lines(tracks, time.time(), line_width())))
    if len(tracks) < total:
        last = offset + len(tracks)
        click.echo(f"{offset + 1} to {last} of {total}; --offset {last} shows the next.")


for care in (check_command, remove_command, adopt_command):
    command.add_command(care)
