"""The separated songs, for programs that only want to read them."""

from pathlib import Path
from types import TracebackType
from typing import Self

from core.config import load_settings
from core.errors import UsageError
from core.store.database import read_database
from core.store.records import Track
from core.store.tracks import SortBy, count_tracks, get_track, list_tracks, search_tracks


class Library:
    """What the daemon has separated; a context manager, for one thread.

    Made by `minusone.open_library`. Nothing is ever changed through it.

    Parameters
    ----------
    database
        Its file.
    folder
        Where the tracks' folders are.

    Raises
    ------
    StoreError
        There is no database yet, or it cannot be read.
    """

    def __init__(self, database: Path, folder: Path) -> None:
        self.folder = folder
        self._db = read_database(database)

    def __len__(self) -> int:
        return count_tracks(self._db)

    def tracks(
        self, *, sort: str = "artist", descending: bool = False, limit: int = 100, offset: int = 0
    ) -> list[Track]:
        """Return a page of the library.

        Parameters
        ----------
        sort
            "title", "artist", "album", "added", "length", "bpm" or "key".
        descending
            The other way round.
        limit, offset
            How many tracks at most, and how many to pass over.
        """
        try:
            by = SortBy(sort)
        except ValueError:
            raise UsageError(
                f"Tracks cannot be sorted by {sort!r}.", f"Choose from: {', '.join(SortBy)}."
            ) from None
        return list_tracks(self._db, sort=by, descending=descending, limit=limit, offset=offset)

    def search(self, words: str, *, limit: int = 100) -> list[Track]:
        """Return the tracks whose title, artist or album have words that begin like these."""
        return search_tracks(self._db, words, limit=limit)

    def track(self, number: int) -> Track:
        """Return one track.

        Raises
        ------
        UsageError
            There is no track with this number.
        """
        return get_track(self._db, number)

    def stem(self, track: Track, name: str) -> Path:
        """Return the file of a track's stem.

        Raises
        ------
        UsageError
            The track has no such stem.
        """
        for stem in track.stems:
            if stem.name == name:
                return self.folder / track.folder / stem.file
        known = ", ".join(stem.name for stem in track.stems)
        raise UsageError(f"{track.title} has no stem {name!r}.", f"Its stems: {known}.")

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_library(config: Path | None = None) -> Library:
    """Open the library that the configuration names; see `minusone.open_library`."""
    settings = load_settings(config)
    return Library(settings.database, settings.library)
