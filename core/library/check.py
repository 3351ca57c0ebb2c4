"""Whether the library holds what the database says, and what it holds besides."""

from collections.abc import Iterator
from pathlib import Path

from core.errors import LibraryError
from core.library.folders import being_published, folder_problems, leftovers
from core.library.problems import Problem
from core.library.root import RootState, found_library
from core.library.track_files import track_problems
from core.store.database import Database
from core.store.libraryid import library_id_of
from core.store.records import Track
from core.store.trackrows import tracks_of

_BATCH = 200
"""Tracks read together: so many are in memory at a time."""


def check_library(db: Database, library: Path, *, thorough: bool = False) -> Iterator[Problem]:
    """Compare every track with its files, then every folder with the tracks. Changes nothing.

    What the daemon does meanwhile is no problem: whatever looks wrong is looked at twice.

    Parameters
    ----------
    db
        The database; may be open for reading only.
    library
        Its folder.
    thorough
        Decode every stem to its end, which takes a second or so per track.

    Returns
    -------
    iterator of Problem
        Those of the tracks in the order of their numbers, then those of folders.

    Raises
    ------
    LibraryError
        The library is not there, or goes away meanwhile: nothing can be concluded.
    """
    ensure_library(db, library)
    return _all_problems(db, library, thorough)


def ensure_library(db: Database, library: Path) -> None:
    """Make sure that the folder is there and is the database's library.

    Raises
    ------
    LibraryError
        It is not.
    """
    found = found_library(library, library_id_of(db))
    if found.state is RootState.READY:
        return
    advice = "Nothing was concluded and nothing was changed. Mount its drive"
    if found.state is RootState.STRANGE:
        advice += ", or, if this is the library all the same, run 'minusone library adopt'"
    raise LibraryError(found.text, f"{advice}.")


def _all_problems(db: Database, library: Path, thorough: bool) -> Iterator[Problem]:
    for track in _tracks(db):
        found = list(track_problems(track, library, thorough))
        if found and _stands_still(db, track):
            ensure_library(db, library)
            yield from found
    yield from folder_problems(db, library)
    yield from leftovers(db, library)


def _tracks(db: Database) -> Iterator[Track]:
    last = 0
    while True:
        with db.snapshot():
            rows = db.rows("SELECT id FROM tracks WHERE id > ? ORDER BY id LIMIT ?", (last, _BATCH))
            tracks = tracks_of(db, [row[0] for row in rows])
        if not tracks:
            return
        yield from tracks
        last = tracks[-1].id


def _stands_still(db: Database, track: Track) -> bool:
    """Tell whether a track is still the same and is not being replaced in this moment."""
    return tracks_of(db, [track.id]) == [track] and not being_published(db, track.folder)
