"""`minusone library check`: the database against the files."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli.place import find_place, place_options
from tui.cli.records import write_line
from tui.cli.wording import count, safe

if TYPE_CHECKING:
    from core.library.problems import Problem
    from core.library.repair import Repair
    from core.store.database import Database


@click.command("check")
@click.option(
    "--repair",
    "mend",
    is_flag=True,
    help="Enter folders that the database does not know; separate anew what is damaged.",
)
@click.option("--thorough", is_flag=True, help="Decode every stem to its end; takes long.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per problem.")
@place_options
def check_command(
    mend: bool, thorough: bool, as_json: bool, config: Path | None, database: Path | None
) -> None:
    """Compare the database with the files.

    Finds missing and damaged files, and folders that the database does not know. Never deletes
    a file. The exit code is 1 when something is wrong and was not mended.
    """
    from core.library.check import check_library
    from core.store.database import open_database, read_database
    from core.store.tracks import count_tracks

    place = find_place(config, database)
    with (open_database if mend else read_database)(place.database) as db:
        total = count_tracks(db)
        problems = check_library(db, place.settings.library, thorough=thorough)
        left = found = 0
        for problem, outcome in _mended(db, problems, mend):
            found += 1
            left += outcome is None or not outcome.mended
            _tell(problem, outcome, as_json=as_json)
    if not as_json:
        mended = f", {found - left} mended" if mend and found else ""
        click.echo(
            f"{count(total, 'track')} checked, {count(found, 'problem')}{mended}."
            if found
            else f"{count(total, 'track')} checked, all is well."
        )
    if left:
        sys.exit(1)


def _mended(
    db: "Database", problems: Iterator["Problem"], mend: bool
) -> Iterator[tuple["Problem", "Repair | None"]]:
    """Give each problem with what became of it; a track is mended once for all its problems."""
    from core.library.repair import repair

    last: tuple[int | None, Repair | None] = (None, None)
    for problem in problems:
        outcome = None
        if mend:
            same = problem.track_id is not None and problem.track_id == last[0]
            outcome = last[1] if same else None
            if outcome is None or not outcome.mended:
                outcome = repair(db, problem)
            last = (problem.track_id, outcome)
        yield problem, outcome


def _tell(problem: "Problem", outcome: "Repair | None", *, as_json: bool) -> None:
    if as_json:
        write_line(_record(problem, outcome))
        return
    click.echo(safe(problem.text))
    if outcome is not None and outcome.text:
        click.echo(f"  {safe(outcome.text)}")
    elif outcome is None or not outcome.mended:
        click.echo(f"  {safe(problem.advice)}")


def _record(problem: "Problem", outcome: "Repair | None") -> dict[str, Any]:
    return {
        "kind": str(problem.kind),
        "track": problem.track_id,
        "path": str(problem.path),
        "text": problem.text,
        "advice": problem.advice,
        "mended": outcome is not None and outcome.mended,
        "repair": None if outcome is None else outcome.text,
    }
