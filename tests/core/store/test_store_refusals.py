"""Databases that cannot be used: the error says so, and not one byte of them changes."""

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreError
from core.store import database
from core.store.database import Database, open_database, read_database
from core.store.jobs import add_job, get_job, list_jobs
from core.store.migrations import VERSION
from core.store.records import NewJob
from core.store.trouble import may_pass


def _made(path: Path) -> Path:
    with open_database(path) as db, db.transaction():
        for number in range(500):
            db.change("INSERT INTO meta VALUES (?, ?)", (f"key {number}", "value " * 20))
    return path


def _garbage(path: Path) -> None:
    path.write_bytes(b"All my passwords, which are no database.\n" * 50)


def _short(path: Path) -> None:
    path.write_bytes(_made(path).read_bytes()[:60])


def _picture(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)


def _cut(path: Path) -> None:
    whole = _made(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 4096 // 3 * 4096])


def _damaged_schema(path: Path) -> None:
    whole = bytearray(_made(path).read_bytes())
    whole[100:4096] = b"\xa5" * 3996
    path.write_bytes(whole)


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(_made(path))) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def _foreign_with_our_version(path: Path) -> None:
    _foreign(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION}")


_SPOILED: list[tuple[Callable[[Path], None], str]] = [
    (_garbage, "is no database of this program"),
    (_short, "is damaged"),
    (_picture, "is no database of this program"),
    (_cut, "is damaged"),
    (_damaged_schema, "is damaged"),
    (_newer, "is of a newer version of minusone"),
    (_foreign, "is of another program"),
    (_foreign_with_our_version, "is of another program"),
]


@pytest.mark.parametrize("opened", [open_database, read_database])
@pytest.mark.parametrize(("spoil", "said"), _SPOILED)
def test_spoiled_database_is_refused_and_not_touched(
    path: Path, opened: Callable[[Path], Database], spoil: Callable[[Path], None], said: str
) -> None:
    path.parent.mkdir()
    spoil(path)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(StoreError, match=said) as raised:
        opened(path)
    assert str(path) in raised.value.title
    assert raised.value.detail
    assert not may_pass(raised.value)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [file.name for file in path.parent.iterdir() if file.suffix == ".bak"] == []


def test_newer_database_with_changes_still_in_its_log_is_not_touched(path: Path) -> None:
    _newer(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("INSERT INTO meta VALUES ('a', '1')")
        copies = path.parent / "copies"
        copies.mkdir()
        for end in ("", "-wal"):
            shutil.copy(path.with_name(path.name + end), copies / (path.name + end))
    files = {file.name: file.read_bytes() for file in copies.iterdir()}
    with pytest.raises(StoreError, match="newer version"):
        open_database(copies / path.name)
    assert {name: (copies / name).read_bytes() for name in files} == files


def test_damage_that_is_met_later_is_told_in_the_same_words(path: Path) -> None:
    _made(path)
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'jobs'"
        ).fetchone()
    whole = bytearray(path.read_bytes())
    whole[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    with open_database(path) as db, pytest.raises(StoreError, match="is damaged") as raised:
        get_job(db, 1)
    assert "backup" in raised.value.detail
    assert path.read_bytes() == whole


def test_database_of_an_older_version_is_not_brought_up_to_date_by_reading(path: Path) -> None:
    with closing(sqlite3.connect(_made(path))) as connection:
        connection.execute("PRAGMA user_version = 1")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="older version") as raised:
        read_database(path)
    assert "minusoned" in raised.value.detail
    assert path.read_bytes() == before


@pytest.mark.parametrize("opened", [open_database, read_database])
def test_log_that_cannot_be_made_is_told(path: Path, opened: Callable[[Path], Database]) -> None:
    before = _made(path).read_bytes()
    path.with_name(path.name + "-wal").mkdir()
    with pytest.raises(StoreError, match="cannot be opened") as raised:
        opened(path)
    assert "-wal" in raised.value.title
    assert path.read_bytes() == before


def test_folder_in_place_of_the_database_is_told(tmp_path: Path) -> None:
    for opened in (open_database, read_database):
        with pytest.raises(StoreError, match="is a folder"):
            opened(tmp_path)


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"The folder of the database .* cannot be made"):
        open_database(tmp_path / "file" / "minusone.db")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that any user may enter; this process is no longer root in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        _made(path / "minusone.db")
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        else:
            path.chmod(0o555)
            (path / "minusone.db").chmod(0o444)
        try:
            yield path / "minusone.db"
        finally:
            os.seteuid(user)
            path.chmod(0o755)


def test_database_of_somebody_else_is_refused_for_writing_and_can_be_read(shared: Path) -> None:
    before = shared.read_bytes()
    with pytest.raises(StoreError, match="read-only") as raised:
        open_database(shared)
    assert "MINUSONE_DATABASE" in raised.value.detail
    with pytest.raises(StoreError, match="read-only"):
        open_database(shared.with_name("new.db"))
    with read_database(shared) as db:
        assert db.value("SELECT count(*) FROM meta") == 500
    assert shared.read_bytes() == before
    assert [file.name for file in shared.parent.iterdir()] == [shared.name]


_TRY = """
import json, sys
from pathlib import Path
from core.errors import StoreError
from core.store.database import open_database, read_database
said = []
for opened in (open_database, read_database):
    try:
        with opened(Path(sys.argv[1])) as db:
            said.append(db.value("SELECT count(*) FROM meta"))
    except StoreError as exc:
        said.append(exc.title)
print(json.dumps(said))
"""


def test_database_on_a_read_only_disk_can_be_read(
    path: Path, in_namespace: Callable[..., Any]
) -> None:
    before = _made(path).read_bytes()
    mount = 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"'
    refused, count = in_namespace(mount, _TRY, path.parent, path)
    assert "read-only" in refused
    assert count == 500
    assert path.read_bytes() == before


_FILL = """
import json, os, sys
from pathlib import Path
from core.errors import StoreError
from core.store.database import open_database
from core.store.trouble import may_pass
path = Path(sys.argv[1]) / "minusone.db"
filler = path.with_name("filler")
put = "INSERT INTO meta VALUES (?, ?)"
with open_database(path) as db:
    db.change(put, ("first", "here"))
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    said = None
    try:
        for number in range(1000):
            db.change(put, (f"{number}", "x" * 5000))
    except StoreError as exc:
        said = [exc.title, may_pass(exc)]
    filler.unlink()
    with db.transaction(durable=True):
        db.change(put, ("last", "here"))
    print(json.dumps([
        said,
        db.value("SELECT count(*) FROM meta WHERE value = 'here'"),
        db.value("PRAGMA integrity_check"),
    ]))
"""


def test_full_disk_is_told_and_survived(tmp_path: Path, in_namespace: Callable[..., Any]) -> None:
    mount = 'mount -t tmpfs -o size=1m none "$1"'
    (title, passes), kept, sound = in_namespace(mount, _FILL, tmp_path, tmp_path)
    assert "full" in title
    assert passes is True
    assert (kept, sound) == (2, "ok")


_NO_ROOM = """
import json, sys
from pathlib import Path
from core.errors import StoreError
from core.store.database import open_database
try:
    open_database(Path(sys.argv[1]) / "minusone.db")
except StoreError as exc:
    print(json.dumps(exc.title))
"""


def test_disk_without_room_for_a_new_database_is_told(
    tmp_path: Path, in_namespace: Callable[..., Any]
) -> None:
    title = in_namespace('mount -t tmpfs -o size=16k none "$1"', _NO_ROOM, tmp_path, tmp_path)
    assert "full" in title


def test_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.sqlite3, "sqlite_version_info", (3, 36, 0))
    for opened in (open_database, read_database):
        with pytest.raises(StoreError, match="too old") as raised:
            opened(path)
        assert "3.37" in raised.value.detail
    assert not path.parent.exists()


def test_sqlite_without_a_module_is_told(db: Database) -> None:
    with pytest.raises(StoreError, match="lacks full-text search") as raised:
        db.change("CREATE VIRTUAL TABLE a USING no_such_thing (b)")
    assert "FTS5" in raised.value.detail


def test_rules_of_the_tables_are_told_as_the_programs_fault(
    db: Database, new_job: Callable[..., NewJob]
) -> None:
    with pytest.raises(StoreError, match="constraint") as raised:
        add_job(db, new_job(1, sha256="too short"))
    assert isinstance(raised.value.__cause__, sqlite3.IntegrityError)
    assert json.dumps(str(raised.value))
    assert list_jobs(db) == []
