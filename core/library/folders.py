"""What lies in the library besides the tracks that the database knows."""

import json
import os
import unicodedata
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from core.errors import LibraryError
from core.library.naming import caseless_key
from core.library.problems import Problem, ProblemKind
from core.library.record import read_record
from core.library.root import STAGING
from core.store.database import Database
from core.store.pathtext import storable
from core.store.tracks import find_track

_BATCH = 200
"""Folders looked at together: so many names are in memory at a time."""

_BY_HAND = "Nothing in it is used. Move it elsewhere if you miss its space."


def folder_problems(db: Database, library: Path) -> Iterator[Problem]:
    """Look at every folder of the library that no track accounts for.

    Raises
    ------
    LibraryError
        The library cannot be looked through.
    """
    for batch in _folders(library):
        owners = _owners(db, batch)
        for name in batch:
            problem = _of_folder(db, library, name, owners.get(caseless_key(name)))
            if problem is not None:
                yield problem


def _folders(library: Path) -> Iterator[list[str]]:
    """Give the names of the folders, a batch at a time."""
    try:
        with os.scandir(library) as scan:
            folders = (
                entry.name
                for entry in scan
                # Names with a dot are the library's own: its mark, what is unfinished, the trash.
                if not entry.name.startswith(".") and _is_folder(entry)
            )
            while batch := sorted(islice(folders, _BATCH)):
                yield batch
    except OSError as exc:
        raise _unlistable(library, exc) from exc


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # A circle of links, a bad sector: looked at by itself.
        return True


def _owners(db: Database, names: list[str]) -> dict[str, str]:
    """Return the folders of the tracks that have, or nearly have, one of these names, by key."""
    keys = json.dumps([storable(caseless_key(name)) for name in names])
    rows = db.rows(
        "SELECT folder_key, folder FROM tracks"
        " WHERE folder_key IN (SELECT value FROM json_each(?))",
        (keys,),
    )
    return {row["folder_key"]: row["folder"] for row in rows}


def _of_folder(db: Database, library: Path, name: str, owner: str | None) -> Problem | None:
    path = library / name
    if owner is not None:
        # A disk from a Mac gives names back in another composition.
        if owner == name or unicodedata.normalize("NFC", name) == owner or _same(path, owner):
            return None
        text = f"The folders {name} and {owner} in {library} differ only in capitals or the like."
        advice = f"{owner} is in the library; move {name} elsewhere."
        return Problem(ProblemKind.CLASH, None, path, text, advice)
    try:
        record = read_record(path)
    except LibraryError as error:
        return Problem(ProblemKind.UNREADABLE, None, path, error.title, error.detail)
    # It may have come, or gone, while this was looking elsewhere.
    if being_published(db, name) or _owners(db, [name]) or not os.path.lexists(path):
        return None
    if record is None:
        text = f"The folder {path} is not of this library: it has no record in it."
        return Problem(ProblemKind.FOREIGN, None, path, text, _BY_HAND)
    track = find_track(db, record[1].sha256)
    if track is not None:
        text = f"The folder {path} is a copy of track {track.id}, which is in {track.folder}."
        return Problem(ProblemKind.COPY, track.id, path, text, _BY_HAND)
    text = f"The folder {path} holds {record[1].title}, which the database does not know."
    advice = "'minusone library check --repair' enters it."
    return Problem(ProblemKind.ORPHAN, None, path, text, advice)


def _same(path: Path, owner: str) -> bool:
    """Tell whether two names lead to one folder: on file systems that ignore capitals."""
    try:
        return path.samefile(path.with_name(owner))
    except OSError:
        return False


def leftovers(db: Database, library: Path) -> Iterator[Problem]:
    """Look for folders that separations have left unfinished.

    Raises
    ------
    LibraryError
        The staging area cannot be looked through.
    """
    area = library / STAGING
    try:
        names = sorted(path.name for path in area.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as exc:
        raise _unlistable(area, exc) from exc
    running = {str(row[0]) for row in db.rows("SELECT id FROM jobs WHERE state = 'running'")}
    for name in names:
        path = area / name
        # A folder is called like its job; see `core.library.root.staging_folder`.
        if name.partition("-")[0] not in running and os.path.lexists(path):
            text = f"{path} was left by a separation that was cut off."
            advice = "The daemon clears it away when it starts next time."
            yield Problem(ProblemKind.LEFTOVER, None, path, text, advice)


def _unlistable(folder: Path, error: OSError) -> LibraryError:
    return LibraryError(
        f"The folder {folder} cannot be read ({error.strerror}).",
        "Check the library's disk and its permissions.",
    )


def being_published(db: Database, folder: str) -> bool:
    """Tell whether a folder is what a running job is about to put into the library."""
    statement = "SELECT 1 FROM jobs WHERE state = 'running' AND folder = ?"
    return db.row(statement, (storable(folder),)) is not None
