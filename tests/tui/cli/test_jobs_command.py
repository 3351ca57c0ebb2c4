"""`minusone jobs`: the queue as people and programs see it."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rich.cells import cell_len

from core.store.database import open_database
from core.store.events import record
from core.store.jobs import cancel, get_job, put_back, set_paused
from core.store.records import JobState, Level
from tui.cli.jobs import STATES

Invoke = Callable[..., Result]


def lines_of(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def records_of(result: Result) -> list[Any]:
    return [json.loads(line) for line in lines_of(result)]


def test_states_are_those_of_the_database() -> None:
    assert tuple(JobState) == STATES


def test_without_a_database_it_says_how_to_begin(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("jobs", "--database", tmp_path / "none.db")
    assert result.exit_code == 1
    assert "none.db" in result.stderr
    assert "minusoned" in result.stderr
    assert not (tmp_path / "none.db").exists()


def test_table_shows_what_runs_what_waits_and_what_has_ended(invoke: Invoke, store: Any) -> None:
    track = store.add_track("old.mp3")
    store.fail("bad.mp3", "bad.mp3 is no audio file.", "Take another one.")
    store.add_job("first.mp3")
    store.add_job("second.mp3")
    store.start("third.mp3")
    daemon, counts, empty, head, *table = lines_of(invoke("jobs", "list"))[1:]
    assert daemon.startswith("Start it with 'minusoned'")
    assert counts == "Jobs: 2 queued, 1 running, 1 done, 1 failed."
    assert empty == ""
    assert head.split() == ["id", "state", "song", "%", "what", "happened"]
    rows = [line.split() for line in table]
    assert [row[1] for row in rows] == ["running", "queued", "queued", "failed", "done"]
    assert "Somebody - third" in table[0]
    assert "40  separating, 52x real time" in table[0]
    assert "Somebody - first" in table[1]
    assert "waits for its turn" in table[1]
    assert table[3].endswith("bad.mp3 is no audio file.")
    assert table[4].endswith(f"in 0:00, track {track.id}")


def test_the_name_alone_lists(invoke: Invoke, store: Any) -> None:
    store.add_job()
    assert invoke("jobs").stdout == invoke("jobs", "list").stdout
    assert invoke("jobs", "--json").stdout == invoke("jobs", "list", "--json").stdout
    assert "Usage: " in invoke("jobs", "--help").stdout


def test_states_can_be_chosen(invoke: Invoke, store: Any) -> None:
    store.fail("bad.mp3")
    store.add_job("good.mp3")
    store.start("now.mp3")
    assert [job["state"] for job in records_of(invoke("jobs", "--json", "-s", "failed"))] == [
        "failed"
    ]
    both = records_of(invoke("jobs", "--json", "--state", "failed,queued", "--state", "queued"))
    assert [job["state"] for job in both] == ["queued", "failed"]
    wrong = invoke("jobs", "--state", "broken")
    assert wrong.exit_code == 2
    assert "queued, running, done, failed, cancelled" in wrong.stderr


def test_waiting_and_ended_jobs_share_the_room(invoke: Invoke, store: Any) -> None:
    for number in range(6):
        store.fail(f"bad {number}.mp3")
    for number in range(6):
        store.add_job(f"good {number}.mp3")
    store.start("now.mp3")
    shown = records_of(invoke("jobs", "--json", "--limit", "5"))
    assert [(job["state"], job["title"]) for job in shown] == [
        ("running", "now"),
        ("queued", "good 0"),
        ("queued", "good 1"),
        ("failed", "bad 5"),
        ("failed", "bad 4"),
    ]
    assert lines_of(invoke("jobs", "-n", "5"))[-1] == "... and 8 more, which --all shows."
    few = records_of(invoke("jobs", "--json", "-n", "5", "--state", "queued"))
    assert [job["title"] for job in few] == [f"good {number}" for number in range(5)]
    assert len(records_of(invoke("jobs", "--json", "--all"))) == 13


def test_jobs_stand_in_the_order_of_their_turn(invoke: Invoke, store: Any) -> None:
    store.add_job("later.mp3")
    store.add_job("sooner.mp3", priority=1)
    assert [job["title"] for job in records_of(invoke("jobs", "--json"))] == ["sooner", "later"]


def test_table_fits_a_terminal_of_80_columns(invoke: Invoke, store: Any) -> None:
    store.add_job("夜曲 " * 30 + ".mp3")
    store.fail("bad.mp3", "An error of many words that goes on and on. " * 5)
    store.daemon(waiting="There is much less room on the disk than is needed. " * 4)
    for line in lines_of(invoke("jobs")):
        assert cell_len(line) <= 80


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines", r"two\nlines"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("夜曲 👩‍🎤", "夜曲 👩‍🎤"),
        ("שלום", "שלום"),
        ("\u202egnp.3pm", r"\u202egnp.3pm"),
        (os.fsdecode(b"caf\xe9"), "caf\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_odd_names_stay_on_their_line_and_survive_json(
    invoke: Invoke, store: Any, name: str, shown: str
) -> None:
    job = store.add_job(f"{name}.mp3")
    table = lines_of(invoke("jobs"))
    assert len(table) == 6
    assert shown in table[-1]
    (found,) = records_of(invoke("jobs", "--json"))
    assert found["source"] == str(job.source)
    assert Path(found["source"]).exists()
    details = "\n".join(lines_of(invoke("jobs", "show", str(job.id))))
    assert details.isprintable() or "\n" in details
    assert not any(ord(char) < 32 for char in details.replace("\n", ""))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "The daemon has been running since "),
        ({"heartbeat_at": 1.0}, "The daemon has been running since "),
        ({"running": False}, "The daemon is not running."),
    ],
)
def test_first_line_tells_of_the_daemon(
    invoke: Invoke, store: Any, changes: dict[str, Any], expected: str
) -> None:
    store.daemon(**changes)
    assert lines_of(invoke("jobs"))[0].startswith(expected)


def test_reasons_why_the_queue_stands_still(invoke: Invoke, store: Any) -> None:
    store.daemon(waiting="Only 1 GB is free.")
    with open_database(store.database) as db:
        set_paused(db, True)
    lines = lines_of(invoke("jobs"))
    assert "The queue is paused. Let it go on with 'minusone jobs resume'." in lines
    assert "The queue waits: Only 1 GB is free." in lines


def test_status_for_people_and_programs(invoke: Invoke, store: Any) -> None:
    store.add_job()
    (silent,) = records_of(invoke("jobs", "status", "--json"))
    assert silent["running"] is False
    assert silent["pid"] is None
    store.daemon()
    (status,) = records_of(invoke("jobs", "status", "--json"))
    assert status["running"] is True
    assert status["pid"] == os.getpid()
    assert status["jobs"] == {"queued": 1, "running": 0, "done": 0, "failed": 0, "cancelled": 0}
    assert status["folders"] == [{"path": str(store.music), "how": "inotify", "reason": ""}]
    shown = lines_of(invoke("jobs", "status"))
    assert f"Inbox: {store.music}, watched" in shown
    assert f"Library: {store.library}, 50.0 GB free" in shown


def test_job_that_is_put_off_says_until_when_and_why(invoke: Invoke, store: Any) -> None:
    job = store.start("song.mp3")
    with open_database(store.database) as db:
        error = ("The disk is full.", "Free some space.")
        put_back(db, job.id, not_before=time.time() + 90, failure=True, error=error)
    (line,) = [line for line in lines_of(invoke("jobs")) if "song" in line and "queued" in line]
    assert "tried again in 1:" in line
    (found,) = records_of(invoke("jobs", "--json"))
    assert found["not_before"].endswith("Z")
    assert found["error"] == {"title": "The disk is full.", "detail": "Free some space."}
    assert found["failures"] == 1


def test_show_tells_everything_with_the_log(invoke: Invoke, store: Any) -> None:
    job = store.fail("bad.mp3", "bad.mp3 is damaged.", "Copy it again.\nOr take another.")
    with open_database(store.database) as db:
        record(db, Level.WARNING, "it did not\nwork", job.id)
    shown = lines_of(invoke("jobs", "show", str(job.id)))
    assert shown[0] == f"Job {job.id}: Somebody - bad"
    text = "\n".join(shown)
    for expected in (
        "  state       failed",
        f"  original    {store.music / 'bad.mp3'}",
        "  length      3:00",
        "mp3, 44100 Hz, 2 ch",
        "  came in by  an inbox",
        "  error       bad.mp3 is damaged.",
        "              Copy it again.\n              Or take another.",
        r"  warning  it did not\nwork",
    ):
        assert expected in text
    (found,) = records_of(invoke("jobs", "show", str(job.id), "--json"))
    assert found["error"]["detail"] == "Copy it again.\nOr take another."
    assert found["queued_at"].endswith("Z")
    (line,) = found["log"]
    assert (line["level"], line["text"]) == ("warning", "it did not\nwork")


def test_unknown_job_is_a_usage_error(invoke: Invoke, store: Any) -> None:
    result = invoke("jobs", "show", "77")
    assert result.exit_code == 2
    assert "77" in result.stderr
    assert invoke("jobs", "show", "seven").exit_code == 2


def test_job_that_is_being_cancelled_says_so(invoke: Invoke, store: Any) -> None:
    job = store.start("song.mp3")
    with open_database(store.database) as db:
        cancel(db, job.id)
        assert get_job(db, job.id).cancel_requested
    assert any("is being cancelled" in line for line in lines_of(invoke("jobs")))
    with open_database(store.database) as db:
        put_back(db, job.id)
    assert "cancelled" in lines_of(invoke("jobs", "show", str(job.id)))[1]


def test_done_job_whose_track_was_removed(invoke: Invoke, store: Any) -> None:
    track = store.add_track("old.mp3")
    invoke("library", "remove", str(track.id), "--yes")
    assert lines_of(invoke("jobs"))[-1].endswith("removed since")


def test_damaged_database_is_an_error_without_a_traceback(
    invoke: Invoke, store: Any, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"this is no database at all" * 1000)
    for arguments in (["jobs"], ["jobs", "pause"], ["library"]):
        result = invoke(*arguments, "--database", bad)
        assert result.exit_code == 1
        assert "bad.db" in result.stderr


def test_bad_configuration_is_named(invoke: Invoke, store: Any, tmp_path: Path) -> None:
    config = tmp_path / "bad.toml"
    config.write_text("[jobs]\nworkers = 'many'\n")
    result = invoke("jobs", "--config", config)
    assert result.exit_code == 1
    assert f"{config}, line 2" in result.stderr
