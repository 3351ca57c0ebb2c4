"""The library as JSON or CSV, written row by row."""

import csv
import json
from collections.abc import Iterator
from typing import Any, TextIO

from core.store.database import Database

_COLUMNS = (
    "id",
    "artist",
    "title",
    "album",
    "date",
    "genre",
    "duration",
    "bpm",
    "key",
    "folder",
    "rate",
    "channels",
    "cover",
    "lyrics",
    "model",
    "preset",
    "backend",
    "source_name",
    "sha256",
    "added",
    "stems",
)
_TRACKS = f"""
SELECT {", ".join(_COLUMNS)} FROM (
  SELECT *, strftime('%Y-%m-%dT%H:%M:%SZ', added_at, 'unixepoch') AS added,
    (
      SELECT json_group_array(json_object('name', name, 'file', file, 'codec', codec,
                                          'bytes', bytes))
      FROM (SELECT * FROM stems WHERE track_id = tracks.id ORDER BY position)
    ) AS stems
  FROM tracks
)
ORDER BY artist_sort, album_sort, title_sort, id
"""


def export_json(db: Database, stream: TextIO) -> int:
    """Write the tracks as an array of objects, one on a line; return how many."""
    count = 0
    stream.write("[")
    for row in _rows(db):
        stream.write(",\n" if count else "\n")
        stream.write(json.dumps(row, ensure_ascii=False))
        count += 1
    stream.write("\n]\n" if count else "]\n")
    return count


def export_csv(db: Database, stream: TextIO) -> int:
    """Write the tracks as lines of comma-separated values under a head; return how many.

    Several files in one field are separated by semicolons, which none of them has in its name.
    """
    writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in _rows(db):
        stems = [stem["file"] for stem in row["stems"]]
        writer.writerow({**row, "lyrics": ";".join(row["lyrics"]), "stems": ";".join(stems)})
        count += 1
    return count


def _rows(db: Database) -> Iterator[dict[str, Any]]:
    # 0.4 s and 57 MB: nothing else in the store imports it.
    from sqlite_utils import Database as Rows

    for row in Rows(db.connection, execute_plugins=False).query(_TRACKS):
        yield {**row, "lyrics": json.loads(row["lyrics"]), "stems": json.loads(row["stems"])}
