"""Rows of the tables of tracks and stems as records, and back."""

import json
import sqlite3
from collections.abc import Sequence

from core.errors import StoreError
from core.library.naming import caseless_key
from core.store.database import Database
from core.store.pathtext import storable
from core.store.records import NewTrack, Stem, Track
from core.store.sorting import sort_key

_VALUES = (
    "folder",
    "folder_key",
    "title",
    "artist",
    "album",
    "date",
    "genre",
    "title_sort",
    "artist_sort",
    "album_sort",
    "duration",
    "rate",
    "channels",
    "bpm",
    "key",
    "source_name",
    "cover",
    "lyrics",
    "model",
    "preset",
    "backend",
)
# The same bytes have the same tempo and key: what is known stays known.
_KEPT = ("bpm", "key")
_PUT = (
    f"INSERT INTO tracks (sha256, added_at, {', '.join(_VALUES)})"
    f" VALUES (:sha256, :added_at, {', '.join(f':{name}' for name in _VALUES)})"
    " ON CONFLICT (sha256) DO UPDATE SET "
    + ", ".join(
        f"{name} = coalesce(excluded.{name}, {name})"
        if name in _KEPT
        else f"{name} = excluded.{name}"
        for name in _VALUES
    )
    + " RETURNING id"
)


def put_track(db: Database, track: NewTrack, now: float) -> Track:
    """Enter a track and its stems, inside a transaction; see `core.store.jobs.complete`."""
    key = caseless_key(track.folder)
    other = db.row(
        "SELECT id FROM tracks WHERE folder_key = ? AND sha256 <> ?", (key, track.sha256)
    )
    if other is not None:
        raise StoreError(
            f"Track {other['id']} has the folder {track.folder} already.",
            "Nothing was changed. Please report this.",
        )
    track_id = db.value(
        _PUT,
        {
            "sha256": track.sha256,
            "added_at": now,
            "folder": track.folder,
            "folder_key": key,
            "title": storable(track.title),
            "artist": storable(track.artist),
            "album": storable(track.album),
            "date": storable(track.date),
            "genre": storable(track.genre),
            "title_sort": sort_key(storable(track.title)),
            "artist_sort": sort_key(storable(track.artist)),
            "album_sort": sort_key(storable(track.album)),
            "duration": track.duration,
            "rate": track.rate,
            "channels": track.channels,
            "bpm": track.bpm,
            "key": track.key,
            "source_name": storable(track.source_name),
            "cover": track.cover,
            "lyrics": json.dumps(track.lyrics, ensure_ascii=False),
            "model": track.model,
            "preset": track.preset,
            "backend": track.backend,
        },
    )
    db.change("DELETE FROM stems WHERE track_id = ?", (track_id,))
    for position, stem in enumerate(track.stems):
        db.change(
            "INSERT INTO stems (track_id, name, position, file, codec, bytes)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (track_id, stem.name, position, stem.file, stem.codec, stem.bytes),
        )
    return tracks_of(db, [track_id])[0]


def tracks_of(db: Database, ids: Sequence[int]) -> list[Track]:
    """Return the tracks with these numbers, in this order, in two queries; missing ones left out.

    Call it in a snapshot together with what found the numbers.
    """
    wanted = json.dumps(list(ids))
    stems: dict[int, list[Stem]] = {}
    for row in db.rows(
        "SELECT track_id, name, file, codec, bytes FROM stems"
        " WHERE track_id IN (SELECT value FROM json_each(?)) ORDER BY track_id, position",
        (wanted,),
    ):
        track_id, *values = row
        stems.setdefault(track_id, []).append(Stem(*values))
    rows = db.rows("SELECT * FROM tracks WHERE id IN (SELECT value FROM json_each(?))", (wanted,))
    found = {row["id"]: track_of(row, stems.get(row["id"], ())) for row in rows}
    return [found[track_id] for track_id in ids if track_id in found]


def track_of(row: sqlite3.Row, stems: Sequence[Stem]) -> Track:
    """Return the record of a whole row."""
    return Track(
        id=row["id"],
        sha256=row["sha256"],
        folder=row["folder"],
        title=row["title"],
        artist=row["artist"],
        album=row["album"],
        date=row["date"],
        genre=row["genre"],
        duration=row["duration"],
        rate=row["rate"],
        channels=row["channels"],
        bpm=row["bpm"],
        key=row["key"],
        source_name=row["source_name"],
        cover=row["cover"],
        lyrics=tuple(json.loads(row["lyrics"])),
        model=row["model"],
        preset=row["preset"],
        backend=row["backend"],
        added_at=row["added_at"],
        stems=tuple(stems),
    )
