"""The doctor on the service: configuration, library, daemon."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.config import Settings, load_settings
from core.doctor import Finding, Status
from core.doctor.service import check_configuration, check_daemon, check_library
from core.library.root import create_library
from core.store.database import open_database
from core.store.libraryid import set_library_id
from core.store.lock import DatabaseLock
from core.store.records import DaemonStatus, WatchedFolder
from core.store.status import report_status


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    config = tmp_path / "config.toml"
    config.write_text('library = "library"\ndatabase = "minusone.db"\n[inbox]\nfolders = ["in"]\n')
    monkeypatch.setenv("MINUSONE_CONFIG", str(config))
    return load_settings()


@pytest.fixture
def started(settings: Settings) -> Settings:
    """A database and a library as a daemon leaves them."""
    with open_database(settings.database) as db:
        set_library_id(db, create_library(settings.library))
        report_status(db, status(settings))
    return settings


def status(settings: Settings, **other: object) -> DaemonStatus:
    said = DaemonStatus(
        pid=123,
        host="here",
        version="1",
        started_at=1.0,
        heartbeat_at=1.0,
        stopped_at=None,
        waiting="",
        folders=(),
        library=settings.library,
        free_bytes=1,
    )
    return replace(said, **other)  # type: ignore[arg-type]


def one(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_good_configuration_is_understood(settings: Settings) -> None:
    assert one(check_configuration()).status is Status.OK


def test_a_bad_configuration_is_a_problem_with_its_line(settings: Settings) -> None:
    assert settings.path is not None
    settings.path.write_text("[inbox]\nquite = 5\n")
    finding = one(check_configuration())
    assert finding.status is Status.PROBLEM
    assert "quite" in finding.text
    assert "2" in finding.text


def test_before_the_first_start_nothing_is_wrong(settings: Settings) -> None:
    assert one(check_library()).status is Status.OK
    finding = one(check_daemon())
    assert finding.status is Status.NOTE
    assert "minusone service install" in finding.fix


def test_a_library_that_is_there_is_fine(started: Settings) -> None:
    assert one(check_library()).status is Status.OK


def test_an_unplugged_library_is_a_problem(started: Settings) -> None:
    shutil.rmtree(started.library)
    finding = one(check_library())
    assert finding.status is Status.PROBLEM
    assert "Mount" in finding.fix


def test_a_damaged_database_is_a_problem_for_both(started: Settings) -> None:
    started.database.write_bytes(b"nonsense" * 1000)
    assert one(check_library()).status is Status.PROBLEM
    assert one(check_daemon()).status is Status.PROBLEM


def test_a_daemon_that_was_killed_is_not_said_to_run(started: Settings) -> None:
    assert one(check_daemon()).text == "It does not run"


def test_a_running_daemon_tells_how_it_watches(started: Settings, tmp_path: Path) -> None:
    folders = (
        WatchedFolder(tmp_path / "a", "inotify"),
        WatchedFolder(tmp_path / "b", "poll", "sudo sysctl -w fs.inotify.max_user_watches=65536"),
        WatchedFolder(tmp_path / "c", "missing", "It does not exist."),
    )
    with DatabaseLock(started.database):
        with open_database(started.database) as db:
            report_status(db, status(started, folders=folders, waiting="The queue is paused."))
        running, waiting, watched, polled, missing = check_daemon()
    assert "process 123" in running.text
    assert waiting.fix == "The queue is paused."
    assert watched.status is Status.OK
    assert (polled.status, "max_user_watches" in polled.fix) == (Status.NOTE, True)
    assert missing.status is Status.PROBLEM
