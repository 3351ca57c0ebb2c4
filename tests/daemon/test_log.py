"""One line per event, wherever it goes."""

import io
import os
from pathlib import Path

from core.store.database import open_database
from core.store.events import daemon_events, job_events
from core.store.records import Level
from daemon.log import Log, journal_listens


def test_a_line_tells_time_level_and_job() -> None:
    stream = io.StringIO()
    Log(stream, clock=lambda: 0.0).info("it went well", 7)
    assert stream.getvalue().endswith("INFO    job 7: it went well\n")
    assert stream.getvalue().startswith("19")


def test_the_journal_gets_a_priority_instead_of_the_time() -> None:
    stream = io.StringIO()
    log = Log(stream, journal=True)
    log.info("a")
    log.warning("b")
    log.error("c")
    assert stream.getvalue() == "<6>a\n<4>b\n<3>c\n"


def test_names_of_files_cannot_forge_lines() -> None:
    stream = io.StringIO()
    Log(stream, journal=True).info("queued a\nb\x1b[2Jc\udcff\u202e.mp3")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
    assert "\u202e" not in stream.getvalue()
    stream.getvalue().encode("utf-8")


def test_what_matters_less_than_the_level_is_left_out(tmp_path: Path) -> None:
    stream = io.StringIO()
    log = Log(stream, level=Level.WARNING)
    with open_database(tmp_path / "a.db") as db:
        log.keep_in(db)
        log.info("quiet")
        log.debug("quieter")
        log.warning("loud")
        assert [event.text for event in daemon_events(db)] == ["loud"]
        log.keep_in(None)
    assert stream.getvalue().count("\n") == 1


def test_the_database_has_the_line_too(tmp_path: Path) -> None:
    log = Log(io.StringIO(), clock=lambda: 12.5)
    with open_database(tmp_path / "a.db") as db:
        log.keep_in(db)
        log.warning("watch out")
        (event,) = daemon_events(db)
        assert (event.at, event.level, event.text) == (12.5, Level.WARNING, "watch out")
        assert job_events(db, 1) == []


def test_a_database_that_refuses_does_not_stop_the_log(tmp_path: Path) -> None:
    stream = io.StringIO()
    log = Log(stream)
    with open_database(tmp_path / "a.db") as db:
        log.keep_in(db)
        db.change("DROP TABLE job_events")
        log.info("still said")
    assert "still said" in stream.getvalue()
    assert "not in the database" in stream.getvalue()


class GoneTerminal(io.StringIO):
    def write(self, text: str, /) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_terminal_that_is_gone_does_not_stop_the_log(tmp_path: Path) -> None:
    log = Log(GoneTerminal())
    with open_database(tmp_path / "a.db") as db:
        log.keep_in(db)
        log.info("into the void")
        assert [event.text for event in daemon_events(db)] == ["into the void"]


def test_the_journal_is_known_by_its_inode() -> None:
    here = os.fstat(2)
    assert journal_listens({"JOURNAL_STREAM": f"{here.st_dev}:{here.st_ino}"})
    assert not journal_listens({"JOURNAL_STREAM": f"{here.st_dev}:{here.st_ino + 1}"})
    assert not journal_listens({"JOURNAL_STREAM": "nonsense"})
    assert not journal_listens({})
