"""Backups and exports."""

import csv
import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreError
from core.store.backup import backup_database, integrity_problems
from core.store.database import Database, open_database, read_database
from core.store.export import export_csv, export_json
from core.store.records import Track
from core.store.tracks import list_tracks


def test_backup_is_one_file_with_everything_in_it(
    db: Database, separated: Callable[..., Track], tmp_path: Path
) -> None:
    track = separated(1)
    folder = tmp_path / "backups"
    folder.mkdir()
    backup_database(db, folder / "minusone.db")
    assert [file.name for file in folder.iterdir()] == ["minusone.db"]
    with read_database(folder / "minusone.db") as copy:
        assert list_tracks(copy) == [track]
        assert integrity_problems(copy) == []
    with open_database(folder / "minusone.db") as copy:
        assert list_tracks(copy) == [track]


def test_backup_of_a_reader_is_whole_while_somebody_writes(
    db: Database, separated: Callable[..., Track], tmp_path: Path
) -> None:
    track = separated(1)
    with read_database(db.path) as reader, db.transaction():
        db.change("DELETE FROM tracks")
        backup_database(reader, tmp_path / "backup.db")
    with read_database(tmp_path / "backup.db") as copy:
        assert list_tracks(copy) == [track]
    assert list_tracks(db) == []


def test_backup_replaces_nothing_unless_told(db: Database, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_bytes(b"something else")
    with pytest.raises(StoreError, match="already exists"):
        backup_database(db, target)
    assert target.read_bytes() == b"something else"
    backup_database(db, target, overwrite=True)
    with read_database(target) as copy:
        assert list_tracks(copy) == []
    for path in (db.path, tmp_path):
        with pytest.raises(StoreError, match="already exists"):
            backup_database(db, path, overwrite=True)
    assert integrity_problems(db) == []


def test_backup_that_cannot_be_written_is_told(db: Database, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"backup\.db of the database cannot be written") as raised:
        backup_database(db, tmp_path / "nowhere" / "backup.db")
    assert isinstance(raised.value.__cause__, OSError)


def _spoil(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'job_events'"
        ).fetchone()
    whole = bytearray(path.read_bytes())
    whole[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    return bytes(whole)


def test_damaged_database_has_no_backup(path: Path, tmp_path: Path) -> None:
    with open_database(path):
        pass
    damaged = _spoil(path)
    target = tmp_path / "backup.db"
    with open_database(path) as db:
        assert integrity_problems(db) != []
        with pytest.raises(StoreError, match="is damaged"):
            backup_database(db, target)
    assert not target.exists()
    assert [file.name for file in tmp_path.iterdir()] == [path.parent.name]
    assert path.read_bytes() == damaged


def test_rows_that_refer_to_nothing_are_found(db: Database) -> None:
    db.change("PRAGMA foreign_keys = OFF")
    db.change("INSERT INTO stems VALUES (9, 'vocals', 0, 'vocals.flac', 'flac', 1)")
    assert integrity_problems(db) == ["a row of stems refers to a row of tracks that is gone"]


_FULL = """
import json, os, sys
from pathlib import Path
from core.errors import StoreError
from core.store.backup import backup_database
from core.store.database import read_database
small = Path(sys.argv[2])
with read_database(Path(sys.argv[1])) as db:
    try:
        backup_database(db, small / "backup.db")
    except StoreError as exc:
        print(json.dumps([exc.title, os.listdir(small)]))
"""


def test_backup_onto_a_full_disk_leaves_nothing(
    path: Path, tmp_path: Path, in_namespace: Callable[..., Any]
) -> None:
    with open_database(path):
        pass
    small = tmp_path / "small"
    small.mkdir()
    mount = 'mount -t tmpfs -o size=16k none "$1"'
    title, left = in_namespace(mount, _FULL, small, path, small)
    assert "full" in title
    assert str(small) in title
    assert left == []


def test_backup_is_as_private_as_the_database(db: Database, tmp_path: Path) -> None:
    db.path.chmod(0o600)
    backup_database(db, tmp_path / "backup.db")
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600


def test_json_export_holds_every_track(db: Database, separated: Callable[..., Track]) -> None:
    separated(1, title='Quote " and \n newline \N{GUITAR}', lyrics=("lyrics.lrc",), bpm=120.0)
    separated(2, artist="Another", now=1_700_000_000.0)
    stream = io.StringIO()
    assert export_json(db, stream) == 2
    assert len(stream.getvalue().splitlines()) == 4
    another, quoted = json.loads(stream.getvalue())
    assert another["artist"] == "Another"
    assert another["added"] == "2023-11-14T22:13:20Z"
    assert another["stems"][1] == {
        "name": "accompaniment",
        "file": "accompaniment.flac",
        "codec": "flac",
        "bytes": 2002,
    }
    assert quoted["title"] == 'Quote " and \n newline \N{GUITAR}'
    assert (quoted["lyrics"], quoted["bpm"], quoted["key"]) == (["lyrics.lrc"], 120.0, None)


def test_csv_export_holds_every_track(db: Database, separated: Callable[..., Track]) -> None:
    separated(1, title='Quote " and, \n newline \N{GUITAR}', lyrics=("a.lrc", "a.cdg"))
    separated(2, artist="Another")
    stream = io.StringIO(newline="")
    assert export_csv(db, stream) == 2
    another, quoted = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
    assert (another["artist"], another["bpm"]) == ("Another", "")
    assert quoted["title"] == 'Quote " and, \n newline \N{GUITAR}'
    assert quoted["lyrics"] == "a.lrc;a.cdg"
    assert quoted["stems"] == "vocals.flac;accompaniment.flac"


def test_empty_library_is_exported_as_such(db: Database) -> None:
    stream = io.StringIO()
    assert export_json(db, stream) == 0
    assert json.loads(stream.getvalue()) == []
    stream = io.StringIO()
    assert export_csv(db, stream) == 0
    assert stream.getvalue().startswith("id,artist,title,")


def test_export_reads_only(path: Path) -> None:
    with open_database(path):
        pass
    with read_database(path) as db:
        assert export_json(db, io.StringIO()) == 0


def test_what_the_daemon_uses_is_light(path: Path) -> None:
    """sqlite-utils alone is 0.4 s and 57 MB: only who exports pays for it."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import core.store.jobs, core.store.tracks, core.store.sources, core.store.events\n"
        "import core.store.status, core.store.backup, core.store.export\n"
        "from core.store.database import open_database\n"
        "open_database(Path(sys.argv[1])).close()\n"
        "heavy = 'sqlite_utils', 'numpy', 'click', 'rich', 'av', 'soundfile', 'mutagen'\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout == "[]\n", said.stderr
