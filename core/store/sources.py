"""The inbox files that have been dealt with, so that a restart need not read them again."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from core.store.database import Database
from core.store.jobrows import job_of
from core.store.pathtext import path_to_text, storable, text_to_path
from core.store.records import FileState, Job, Outcome, Source, Track
from core.store.tracks import find_track

_CHUNK = 1000


def remember(db: Database, source: Source) -> None:
    """Note what became of a file; what was known of that path is replaced."""
    db.change(
        "INSERT INTO sources"
        " (path, size, mtime_ns, inode, sha256, outcome, job_id, track_id, reason, seen_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
        " size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode,"
        " sha256 = excluded.sha256, outcome = excluded.outcome, job_id = excluded.job_id,"
        " track_id = excluded.track_id, reason = excluded.reason, seen_at = excluded.seen_at",
        (
            path_to_text(source.path),
            source.file.size,
            source.file.mtime_ns,
            source.file.inode,
            source.sha256,
            source.outcome,
            source.job_id,
            source.track_id,
            storable(source.reason),
            source.seen_at,
        ),
    )


def forget(db: Database, path: Path) -> None:
    """Forget a path, known or not."""
    db.change("DELETE FROM sources WHERE path = ?", (path_to_text(path),))


def find_source(db: Database, path: Path) -> Source | None:
    """Return what is known of a path, or None."""
    row = db.row("SELECT * FROM sources WHERE path = ?", (path_to_text(path),))
    return None if row is None else _source_of(row)


def same_content(db: Database, sha256: str) -> list[Source]:
    """Return every known file that had these bytes when it was read."""
    rows = db.rows("SELECT * FROM sources WHERE sha256 = ? ORDER BY path", (sha256,))
    return [_source_of(row) for row in rows]


def all_signatures(db: Database) -> Iterator[tuple[str, int, int, int]]:
    """Give path (as `path_to_text` writes it), size, mtime_ns and inode of every known file.

    In the order of the paths, a few at a time: no lock is held in between.
    """
    last = ""
    while rows := db.rows(
        "SELECT path, size, mtime_ns, inode FROM sources WHERE path > ? ORDER BY path LIMIT ?",
        (last, _CHUNK),
    ):
        for row in rows:
            yield row["path"], row["size"], row["mtime_ns"], row["inode"]
        last = rows[-1]["path"]


def known_content(db: Database, sha256: str) -> Track | Job | None:
    """Return the track made of these bytes, else the job that is to make it, else None."""
    track = find_track(db, sha256)
    if track is not None:
        return track
    row = db.row(
        "SELECT * FROM jobs WHERE sha256 = ? AND state IN ('queued', 'running')", (sha256,)
    )
    return None if row is None else job_of(row)


def _source_of(row: sqlite3.Row) -> Source:
    return Source(
        path=text_to_path(row["path"]),
        file=FileState(row["size"], row["mtime_ns"], row["inode"]),
        sha256=row["sha256"],
        outcome=Outcome(row["outcome"]),
        job_id=row["job_id"],
        track_id=row["track_id"],
        reason=row["reason"],
        seen_at=row["seen_at"],
    )
