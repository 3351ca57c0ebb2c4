"""The library as rows: pages of it, searching it, and changing one entry."""

from enum import StrEnum

from core.errors import UsageError
from core.library.naming import caseless_key
from core.store.database import Database
from core.store.paging import BY_ARTIST, Order, page_ids
from core.store.pathtext import storable
from core.store.records import Track
from core.store.search import count_matches, matching, search_ids
from core.store.sorting import sort_key
from core.store.trackrows import tracks_of

__all__ = [
    "SortBy",
    "count_tracks",
    "find_track",
    "folder_taken",
    "get_track",
    "list_tracks",
    "remove_track",
    "rename_track",
    "search_tracks",
    "sort_key",
]


class SortBy(StrEnum):
    """What a list of tracks is sorted by."""

    TITLE = "title"
    ARTIST = "artist"
    ALBUM = "album"
    ADDED = "added"
    LENGTH = "length"
    BPM = "bpm"
    KEY = "key"


_ORDERS = {
    SortBy.TITLE: Order("tracks_by_title", ("title_sort", "id")),
    SortBy.ARTIST: BY_ARTIST,
    SortBy.ALBUM: Order("tracks_by_album", ("album_sort", "title_sort", "id")),
    SortBy.ADDED: Order("tracks_by_added", ("added_at", "id")),
    SortBy.LENGTH: Order("tracks_by_length", ("duration", "id")),
    SortBy.BPM: Order("tracks_by_bpm", ("bpm", "id"), nullable=True),
    SortBy.KEY: Order("tracks_by_key", ("key", "id"), nullable=True),
}


def list_tracks(
    db: Database,
    *,
    sort: SortBy = SortBy.ARTIST,
    descending: bool = False,
    limit: int = 100,
    offset: int = 0,
    with_lyrics: bool | None = None,
    added_since: float | None = None,
) -> list[Track]:
    """Return one page of the library.

    Parameters
    ----------
    sort
        Tracks whose tempo or key is unknown come last.
    with_lyrics
        Only those with lyrics, or only those without; None for both.
    added_since
        Unix seconds: only what was added then or later.
    """
    conditions = ["true"]
    if with_lyrics is not None:
        some = "IN" if with_lyrics else "NOT IN"
        conditions.append(f"+id {some} (SELECT id FROM tracks WHERE lyrics <> '[]')")
    if added_since is not None:
        conditions.append("+id IN (SELECT id FROM tracks WHERE added_at >= :since)")
    values = {"since": added_since}
    with db.snapshot():
        ids = page_ids(
            db,
            _ORDERS[sort],
            " AND ".join(conditions),
            values,
            _count(db, with_lyrics, added_since),
            limit=limit,
            offset=offset,
            descending=descending,
        )
        return tracks_of(db, ids)


def _count(db: Database, with_lyrics: bool | None, added_since: float | None) -> int:
    since = "added_at >= :since" if added_since is not None else "true"
    values = {"since": added_since}
    if with_lyrics is None:
        return int(db.value(f"SELECT count(*) FROM tracks WHERE {since}", values))
    have = f"SELECT count(*) FROM tracks WHERE lyrics <> '[]' AND {since}"
    if with_lyrics:
        return int(db.value(have, values))
    return int(db.value(f"SELECT (SELECT count(*) FROM tracks WHERE {since}) - ({have})", values))


def search_tracks(db: Database, text: str, *, limit: int = 100, offset: int = 0) -> list[Track]:
    """Return one page of the tracks that have every word of a text, sorted by artist.

    A word stands for all words that begin with it, in title, artist or album; case, accents and
    punctuation make no difference. A text without words stands for the whole library.
    """
    match = matching(text)
    if match is None:
        return list_tracks(db, limit=limit, offset=offset)
    with db.snapshot():
        return tracks_of(db, search_ids(db, match, limit, offset))


def count_tracks(db: Database, text: str = "") -> int:
    """Return how many tracks there are, or how many `search_tracks` finds."""
    match = matching(text)
    if match is None:
        return int(db.value("SELECT count(*) FROM tracks"))
    return count_matches(db, match)


def get_track(db: Database, track_id: int) -> Track:
    """Return a track.

    Raises
    ------
    UsageError
        There is no such track.
    """
    with db.snapshot():
        found = tracks_of(db, [track_id])
    if not found:
        raise UsageError(
            f"There is no track {track_id}.", "`minusone library list` shows those there are."
        )
    return found[0]


def find_track(db: Database, sha256: str) -> Track | None:
    """Return the track that was made of these bytes, or None."""
    with db.snapshot():
        rows = db.rows("SELECT id FROM tracks WHERE sha256 = ?", (sha256,))
        found = tracks_of(db, [row[0] for row in rows])
    return found[0] if found else None


def folder_taken(db: Database, folder: str) -> bool:
    """Tell whether a track has this folder, whatever the case of its letters."""
    found = db.row("SELECT 1 FROM tracks WHERE folder_key = ?", (caseless_key(folder),))
    return found is not None


def remove_track(db: Database, track_id: int) -> Track:
    """Remove a track's row, its stems' and its mixes' rows; the files are the caller's affair.

    Returns
    -------
    Track
        As it was.

    Raises
    ------
    UsageError
        There is no such track.
    """
    with db.transaction():
        track = get_track(db, track_id)
        db.change("DELETE FROM tracks WHERE id = ?", (track_id,))
    return track


def rename_track(
    db: Database,
    track_id: int,
    *,
    title: str | None = None,
    artist: str | None = None,
    album: str | None = None,
) -> Track:
    """Change what a track is called in the library; its folder and files stay as they are.

    Parameters
    ----------
    title, artist, album
        None leaves it.

    Raises
    ------
    UsageError
        There is no such track, or the title is empty.
    """
    if title is not None and not title.strip():
        raise UsageError("A track needs a title.", "Give it at least one letter.")
    given = {"title": title, "artist": artist, "album": album}
    with db.transaction():
        get_track(db, track_id)
        for column, text in given.items():
            if text is not None:
                plain = storable(text.strip())
                db.change(
                    f"UPDATE tracks SET {column} = ?, {column}_sort = ? WHERE id = ?",
                    (plain, sort_key(plain), track_id),
                )
        return get_track(db, track_id)
