"""Opening a database, its transactions, and two programs that write."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import StoreError
from core.store.database import Database, open_database, read_database
from core.store.migrations import VERSION, version_of
from core.store.trouble import may_pass

_PUT = "INSERT INTO meta VALUES (?, ?)"


def _value(db: Database, key: str) -> object:
    return db.value("SELECT value FROM meta WHERE key = ?", (key,))


def test_new_database_is_made_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there" / "name with ? # % and \udcff.db"
    with open_database(path) as db:
        assert db.path == path
        assert version_of(db.connection) == VERSION
        assert db.value("PRAGMA journal_mode") == "wal"
        assert db.value("PRAGMA foreign_keys") == 1
        assert db.value("PRAGMA busy_timeout") == 10_000
        assert db.value("PRAGMA synchronous") == 1
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_database_is_opened_again_with_what_it_held(path: Path) -> None:
    with open_database(path) as db:
        db.change(_PUT, ("a", "1"))
    with open_database(path) as db:
        assert _value(db, "a") == "1"


def test_empty_file_is_a_new_database(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with open_database(path) as db:
        assert version_of(db.connection) == VERSION


def test_transaction_is_undone_when_something_happens_inside(db: Database) -> None:
    def fail_halfway() -> None:
        with db.transaction():
            db.change(_PUT, ("a", "1"))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert _value(db, "a") is None
    assert not db.connection.in_transaction
    with db.transaction():
        db.change(_PUT, ("a", "2"))
    assert _value(db, "a") == "2"


def test_transaction_inside_another_is_part_of_it(db: Database) -> None:
    def fail_after_the_inner_one() -> None:
        with db.transaction(durable=True):
            with db.transaction(durable=True):
                db.change(_PUT, ("a", "1"))
            assert db.connection.in_transaction
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail_after_the_inner_one()
    assert _value(db, "a") is None


def test_durable_transaction_waits_for_the_disk_and_others_do_not(db: Database) -> None:
    with db.transaction(durable=True):
        assert db.value("PRAGMA synchronous") == 2
    with db.transaction():
        assert db.value("PRAGMA synchronous") == 1
    with pytest.raises(ZeroDivisionError), db.transaction(durable=True):
        _ = 1 / 0
    assert db.value("PRAGMA synchronous") == 1


def test_durable_transaction_cannot_hide_in_one_that_is_not(db: Database) -> None:
    with pytest.raises(RuntimeError), db.transaction(), db.transaction(durable=True):
        pass
    assert not db.connection.in_transaction


def test_data_version_tells_of_other_writers_only(db: Database) -> None:
    before = db.data_version()
    db.change(_PUT, ("a", "1"))
    assert db.data_version() == before
    with open_database(db.path) as other:
        other.change(_PUT, ("b", "1"))
    assert db.data_version() != before


def test_snapshot_shows_one_moment(db: Database) -> None:
    with open_database(db.path) as other, db.snapshot():
        assert _value(db, "a") is None
        other.change(_PUT, ("a", "1"))
        assert _value(db, "a") is None
    assert _value(db, "a") == "1"


def test_reader_sees_what_a_writer_has_just_written(db: Database) -> None:
    with read_database(db.path) as reader:
        db.change(_PUT, ("a", "1"))
        assert _value(reader, "a") == "1"


def test_reader_cannot_write(db: Database) -> None:
    with read_database(db.path) as reader, pytest.raises(StoreError, match="read-only"):
        reader.change(_PUT, ("a", "1"))


def test_reading_makes_nothing(path: Path) -> None:
    with pytest.raises(StoreError, match="Nothing has been separated yet") as raised:
        read_database(path)
    assert "minusone add" in raised.value.detail
    assert not path.parent.exists()


def test_database_belongs_to_its_thread(db: Database) -> None:
    raised: list[BaseException] = []

    def use() -> None:
        try:
            db.value("SELECT 1")
        except StoreError as exc:
            raised.append(exc)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_busy_database_is_waited_for_only_so_long(db: Database) -> None:
    with open_database(db.path, patience=0.05) as other, db.transaction():
        with pytest.raises(StoreError, match="by another program") as raised:
            other.change(_PUT, ("a", "1"))
        assert may_pass(raised.value)
        with pytest.raises(StoreError, match="by another program"), other.transaction():
            pass
        assert _value(other, "a") is None


_COUNT_UP = """
import sys
from pathlib import Path
from core.store.database import open_database
with open_database(Path(sys.argv[1])) as db:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(200):
        with db.transaction():
            count = db.value("SELECT value FROM meta WHERE key = 'count'")
            db.change("UPDATE meta SET value = ? WHERE key = 'count'", (str(int(count) + 1),))
"""


def _start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _run_at_once(code: str, path: Path, processes: int) -> list[str]:
    """Run children that say when they are ready and go on together; return their output."""
    children = [_start(code, path, number) for number in range(processes)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    outputs = [child.communicate(timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [0] * processes
    return outputs


def test_programs_that_write_at_once_wait_for_each_other(db: Database) -> None:
    db.change(_PUT, ("count", "0"))
    _run_at_once(_COUNT_UP, db.path, 3)
    assert _value(db, "count") == "600"


_MAKE = """
import sys
from pathlib import Path
from core.store.database import open_database
print("ready", flush=True)
sys.stdin.readline()
with open_database(Path(sys.argv[1])) as db:
    db.change("INSERT INTO meta VALUES (?, '1')", (sys.argv[2],))
"""


def test_programs_that_make_the_database_at_once_make_one(path: Path) -> None:
    _run_at_once(_MAKE, path, 4)
    with open_database(path) as db:
        assert [row["key"] for row in db.rows("SELECT key FROM meta ORDER BY key")] == list("0123")


_CLAIM = """
import sys
from pathlib import Path
from core.store.database import open_database
from core.store.jobs import claim
with open_database(Path(sys.argv[1])) as db:
    print("ready", flush=True)
    sys.stdin.readline()
    while job := claim(db, f"worker {sys.argv[2]}"):
        print(job.id)
"""


def test_workers_that_claim_at_once_get_each_job_once(
    db: Database, queued: Callable[..., object]
) -> None:
    with db.transaction():
        for number in range(200):
            queued(number)
    outputs = _run_at_once(_CLAIM, db.path, 4)
    claimed = [int(line) for output in outputs for line in output.split()]
    assert sorted(claimed) == list(range(1, 201))
    for row in db.rows("SELECT id, worker, attempts FROM jobs"):
        assert row["attempts"] == 1
        assert str(row["id"]) in outputs[int(row["worker"].split()[1])].split()
