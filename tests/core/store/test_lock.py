"""One daemon per database, known by a lock that ends with its holder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import StoreError
from core.store.lock import DatabaseLock, is_locked

HOLD = """
import sys
from pathlib import Path
from core.store.lock import DatabaseLock
lock = DatabaseLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    database = tmp_path / "minusone.db"
    with DatabaseLock(database), pytest.raises(StoreError) as refused:
        DatabaseLock(database)
    assert f"process {os.getpid()} on " in refused.value.title
    assert refused.value.detail


def test_the_lock_is_free_again_after_its_release(tmp_path: Path) -> None:
    database = tmp_path / "minusone.db"
    with DatabaseLock(database):
        assert is_locked(database)
    assert not is_locked(database)
    with DatabaseLock(database):
        assert is_locked(database)


def test_nobody_holds_a_database_that_is_not_there(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "none" / "minusone.db")


def test_the_kernel_releases_the_lock_of_a_process_that_was_killed(tmp_path: Path) -> None:
    database = tmp_path / "minusone.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_locked(database)
        holder.kill()
        holder.wait()
        assert not is_locked(database)


def test_somebody_who_only_asks_does_not_keep_a_daemon_from_starting(tmp_path: Path) -> None:
    database = tmp_path / "minusone.db"
    with DatabaseLock(database):
        pass
    asker = "import sys\nfrom pathlib import Path\nfrom core.store.lock import is_locked\n"
    asker += "while True: is_locked(Path(sys.argv[1]))"
    with subprocess.Popen([sys.executable, "-c", asker, str(database)]) as busy:
        try:
            for _ in range(50):
                with DatabaseLock(database):
                    pass
        finally:
            busy.kill()


def test_a_lock_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "minusone.db.lock").mkdir()
    with pytest.raises(StoreError) as refused:
        DatabaseLock(tmp_path / "minusone.db")
    assert "permission" in refused.value.detail
