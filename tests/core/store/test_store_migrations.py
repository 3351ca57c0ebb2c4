"""Databases of earlier versions, made as those versions made them, with rows in their tables."""

import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import StoreError
from core.store import migrations
from core.store.backup import integrity_problems
from core.store.database import open_database
from core.store.jobs import count_jobs, get_job
from core.store.migrations import APPLICATION, VERSION, scripts, statements, version_of
from core.store.records import JobState
from core.store.tracks import count_tracks, get_track, search_tracks

EARLIER = range(1, VERSION)


def _earlier(path: Path, version: int) -> Path:
    """Make a database of an earlier version, with a row in each table it has."""
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for script in scripts()[:version]:
            connection.executescript(script)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.executescript(_ROWS)
        if version >= 3:
            connection.execute("INSERT INTO mixes VALUES (1, 1, 'Karaoke', '{}', 0, 0)")
    return path


_SHA = hashlib.sha256(b"song").hexdigest()
_ROWS = f"""
INSERT INTO meta VALUES ('library_id', 'abc');
INSERT INTO tracks (id, sha256, folder, folder_key, title, artist, title_sort, artist_sort,
  album_sort, duration, rate, channels, source_name, model, preset, backend, added_at)
VALUES (1, '{_SHA}', 'Björk - Jóga', 'björk - jóga', 'Jóga', 'Björk', 'joga', 'bjork', '', 305.5,
  44100, 2, 'joga.mp3', 'spleeter-2stems', 'balanced', 'cpu', 1700000000.5);
INSERT INTO stems VALUES (1, 'vocals', 0, 'vocals.flac', 'flac', 1000);
INSERT INTO jobs (id, state, origin, source, sha256, size, mtime_ns, inode, title, track_id,
  queued_at, finished_at)
VALUES (7, 'done', 'inbox', '/in/joga.mp3', '{_SHA}', 1, 2, 3, 'Jóga', 1, 1, 2);
INSERT INTO jobs (id, state, origin, source, sha256, size, mtime_ns, inode, title, worker,
  queued_at)
VALUES (8, 'running', 'inbox', '/in/x.mp3', NULL, 1, 2, 3, 'X', 'worker 1', 1);
INSERT INTO job_events (job_id, at, level, text) VALUES (7, 1, 'info', 'done'),
  (NULL, 1, 'info', '');
INSERT INTO sources VALUES ('/in/joga.mp3', 1, 2, 3, '{_SHA}', 'job', 7, 1, '', 1);
INSERT INTO daemon VALUES (1, 1, 'host', '0.1', 1, 1, NULL, '', '[]', '/library', NULL);
"""


def _schema(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT type || ' ' || name, sql FROM sqlite_schema").fetchall()
    return {name: _bare(sql or "") for name, sql in rows}


def _bare(sql: str) -> str:
    return " ".join(re.sub(r"--.*", "", sql).split())


def _contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if not name.startswith(("tracks_fts", "sqlite_"))
        ]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def test_version_is_the_number_of_the_last_script() -> None:
    folder = Path(migrations.__file__).with_name("migrations")
    numbers = sorted(int(file.name.split("_")[0]) for file in folder.glob("*.sql"))
    assert numbers == list(range(1, VERSION + 1))
    assert len(scripts()) == VERSION


@pytest.mark.parametrize("version", EARLIER)
def test_earlier_version_becomes_what_a_new_database_is(path: Path, version: int) -> None:
    new = path.with_name("new.db")
    with open_database(new):
        pass
    before = _contents(_earlier(path, version))
    with open_database(path) as db:
        assert version_of(db.connection) == VERSION
        assert integrity_problems(db) == []
    assert _schema(path) == _schema(new)
    after = _contents(path)
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("version", EARLIER)
def test_rows_of_an_earlier_version_can_be_used(path: Path, version: int) -> None:
    with open_database(_earlier(path, version)) as db:
        assert [track.id for track in search_tracks(db, "bjo")] == [1]
        assert count_tracks(db, "joga") == 1
        assert get_track(db, 1).stems[0].file == "vocals.flac"
        assert get_job(db, 7).track_id == 1
        assert count_jobs(db)[JobState.RUNNING] == 1
        assert db.value("SELECT artist FROM library") == "Björk"
        db.change("INSERT INTO mixes VALUES (NULL, 1, 'Remix', '{}', 0, 0)")
        # What the migration filled in follows changes and removals as well.
        db.change("UPDATE tracks SET title = 'Hunter' WHERE id = 1")
        assert (count_tracks(db, "joga"), count_tracks(db, "hunter")) == (0, 1)
        db.change("DELETE FROM tracks")
        assert count_tracks(db, "hunter") == 0
        assert integrity_problems(db) == []


@pytest.mark.parametrize("version", EARLIER)
def test_copy_of_the_earlier_version_is_kept(path: Path, version: int) -> None:
    before = _contents(_earlier(path, version))
    with open_database(path):
        pass
    copy = path.with_name(f"{path.name}.v{version}.bak")
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, copy.name]
    assert _contents(copy) == before
    with closing(sqlite3.connect(copy)) as connection:
        assert version_of(connection) == version
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    # It is a database like any other: it may be put back.
    copy.replace(path)
    with open_database(path) as db:
        assert count_tracks(db) == 1


def test_database_that_is_up_to_date_is_not_copied(path: Path) -> None:
    for _ in range(2):
        with open_database(path):
            pass
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_migration_that_fails_leaves_the_database_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _earlier(path, 1)
    contents, schema = _contents(path), _schema(path)
    broken = [*scripts()[:1], "CREATE TABLE one (a);\nINSERT INTO nowhere VALUES (1);\n"]
    monkeypatch.setattr(migrations, "scripts", lambda: broken)
    with pytest.raises(StoreError, match="nowhere"):
        open_database(path)
    assert _contents(path) == contents
    assert _schema(path) == schema
    monkeypatch.undo()
    with open_database(path) as db:
        assert version_of(db.connection) == VERSION


def test_migration_that_leaves_rows_without_what_they_refer_to_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _earlier(path, 1)
    contents = _contents(path)
    monkeypatch.setattr(migrations, "scripts", lambda: ["", "DELETE FROM tracks;\n"])
    with pytest.raises(StoreError, match="refer to others that are gone"):
        open_database(path)
    assert _contents(path) == contents


def test_later_migration_needs_no_change_to_earlier_ones(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = "ALTER TABLE tracks ADD COLUMN loudness REAL;\n"
    known = scripts()
    monkeypatch.setattr(migrations, "scripts", lambda: [*known, later])
    monkeypatch.setattr(migrations, "VERSION", VERSION + 1)
    with open_database(_earlier(path, 1)) as db:
        assert version_of(db.connection) == VERSION + 1
        assert db.value("SELECT loudness FROM tracks") is None
        assert count_tracks(db, "björk") == 1


def test_damaged_database_is_not_migrated(path: Path) -> None:
    _earlier(path, 1)
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'job_events'"
        ).fetchone()
    whole = bytearray(path.read_bytes())
    whole[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    with pytest.raises(StoreError, match="is damaged"):
        open_database(path)
    assert path.read_bytes() == whole
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_waiting_program_finds_the_migration_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _earlier(path, 2)
    real, seen = migrations.version_of, []

    def version_seen(connection: sqlite3.Connection) -> int:
        version = real(connection)
        if not seen:
            # Another program comes first, after this one has seen the old version.
            seen.append(version)
            with open_database(path):
                pass
        return version

    monkeypatch.setattr(migrations, "version_of", version_seen)
    with open_database(path) as db:
        assert seen == [2]
        assert real(db.connection) == VERSION
        assert integrity_problems(db) == []


def test_statements_are_split_where_they_end() -> None:
    script = "-- a; b\nCREATE TABLE a (\n  b -- c;\n);\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n"
    script += "  DELETE FROM a;\n  DELETE FROM a;\nEND;\n"
    assert [_bare(one) for one in statements(script)] == [
        "CREATE TABLE a ( b );",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; DELETE FROM a; END;",
    ]
    with pytest.raises(ValueError, match="unfinished"):
        list(statements("SELECT 1"))


def test_every_table_column_that_refers_to_another_has_an_index(
    path: Path,
) -> None:
    with open_database(path) as db:
        for table in db.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
            for key in db.rows(f"PRAGMA foreign_key_list({table['name']})"):
                firsts = {
                    db.rows(f"PRAGMA index_info({index['name']})")[0]["name"]
                    for index in db.rows(f"PRAGMA index_list({table['name']})")
                }
                assert key["from"] in firsts, table["name"]
