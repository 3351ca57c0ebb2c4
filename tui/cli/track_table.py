"""Tracks as people read them: a table, and everything of one track."""

from collections.abc import Sequence
from pathlib import Path

from core.store.records import Track
from tui.cli.columns import Column, lay_out
from tui.cli.times import local_time, short_time
from tui.cli.wording import clock, safe, size

_COLUMNS = (
    Column("id", right=True),
    Column("artist", yields=True),
    Column("title", yields=True),
    Column("album", yields=True),
    Column("length", right=True),
    Column("bpm", right=True),
    Column("key"),
    Column("added"),
)


def table_lines(tracks: Sequence[Track], now: float, width: int) -> list[str]:
    """Lay out one line per track, with a head; columns that are empty throughout are left out."""
    rows = [
        [
            str(track.id),
            track.artist,
            track.title,
            track.album,
            clock(track.duration),
            "" if track.bpm is None else f"{track.bpm:.0f}",
            track.key or "",
            short_time(track.added_at, now),
        ]
        for track in tracks
    ]
    used = [index for index in range(len(_COLUMNS)) if any(row[index] for row in rows)]
    columns = [_COLUMNS[index] for index in used]
    return lay_out(columns, [[row[index] for index in used] for row in rows], width)


def track_name(track: Track) -> str:
    """Name a track: `Artist - Title`, or its title alone."""
    return f"{track.artist} - {track.title}" if track.artist else track.title


def detail_lines(track: Track, library: Path) -> list[str]:
    """Say everything about one track."""
    folder = library / track.folder
    rows = [
        ("album", track.album),
        ("date", track.date),
        ("genre", track.genre),
        ("length", f"{clock(track.duration)}, {track.rate} Hz, {track.channels} ch"),
        ("tempo", "" if track.bpm is None else f"{track.bpm:g} bpm"),
        ("key", track.key or ""),
        ("folder", str(folder)),
        *(("", f"{stem.file}: {stem.name}, {size(stem.bytes)}") for stem in track.stems),
        ("cover", track.cover or ""),
        ("lyrics", ", ".join(track.lyrics)),
        ("original", track.source_name),
        ("model", f"{track.model}, {track.preset}, {track.backend}"),
        ("added", local_time(track.added_at)),
        ("sha256", track.sha256),
    ]
    lines = [f"Track {track.id}: {safe(track_name(track))}"]
    lines += [f"  {name:<10}{safe(value)}" for name, value in rows if value]
    if not folder.is_dir():
        lines.append("  The folder is not there: 'minusone library check' tells more.")
    return lines
