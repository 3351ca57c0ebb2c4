"""Before the first song: library and inboxes are made, or recognized."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from core.audio.filenames import display_path
from core.errors import LibraryError
from core.library.root import LIBRARY_MARK, STAGING, create_library, found_library
from core.store.database import Database
from core.store.libraryid import library_id_of, set_library_id


def ready_library(db: Database, library: Path) -> str:
    """Return the id of the library that a database belongs to; make it at the very first start.

    A library that is away later is no error here: the queue waits for it.

    Parameters
    ----------
    db
        The database.
    library
        The folder that the configuration names.

    Raises
    ------
    LibraryError
        The database is new, but the folder holds the songs of another one.
    OutputError
        The folder cannot be made.
    StoreError
        The database refuses.
    """
    known = library_id_of(db)
    if known is not None:
        return known
    library_id = found_library(library, None).library_id
    if library_id is None:
        library_id = create_library(library)
    elif not _is_empty(library):
        raise LibraryError(
            f"{display_path(library)} holds a library already, and the database is new.",
            f"If this is its library (the database was lost, or moved): 'minusone library adopt', "
            f"then 'minusone library check --repair'. Otherwise name another folder. "
            f"Database: {display_path(db.path)}",
        )
    # Else an earlier first start ended between the mark and the row.
    set_library_id(db, library_id)
    return library_id


def make_inboxes(folders: Iterable[Path]) -> list[Path]:
    """Make the inboxes that are missing, at the very first start; return those that were made.

    Never later: a folder that has gone may be on a drive that is not mounted, and one that is made
    in its place would be hidden by it. What cannot be made is waited for, like any other.
    """
    made = []
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True)
            made.append(folder)
    return made


def _is_empty(library: Path) -> bool:
    with contextlib.suppress(OSError):
        return {path.name for path in library.iterdir()} <= {LIBRARY_MARK, STAGING}
    return False
