"""`minusone library check`: problems for people and programs, and what --repair does."""

import json
import os
from collections.abc import Callable
from typing import Any

from click.testing import Result

from core.store.database import open_database
from core.store.jobs import list_jobs
from core.store.records import JobState
from core.store.tracks import count_tracks, remove_track

Invoke = Callable[..., Result]


def test_all_is_well(invoke: Invoke, store: Any) -> None:
    store.add_track("a.mp3")
    result = invoke("library", "check")
    assert (result.exit_code, result.stdout) == (0, "1 track checked, all is well.\n")
    quiet = invoke("library", "check", "--json")
    assert (quiet.exit_code, quiet.stdout) == (0, "")


def test_problem_is_said_with_what_to_do(invoke: Invoke, store: Any) -> None:
    track = store.add_track("a.mp3", title="two\nlines")
    stem = store.library / track.folder / "vocals.flac"
    stem.unlink()
    result = invoke("library", "check")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        rf"The stem vocals.flac of track {track.id} (two\nlines) is not there.",
        "  'minusone library check --repair' has it separated once more.",
        "1 track checked, 1 problem.",
    ]
    (line,) = invoke("library", "check", "--json").stdout.splitlines()
    found = json.loads(line)
    assert (found["kind"], found["track"], found["path"]) == (
        "stem missing",
        track.id,
        str(stem),
    )
    assert (found["mended"], found["repair"]) == (False, None)


def test_repair_queues_a_damaged_track_once(invoke: Invoke, store: Any) -> None:
    track = store.add_track("a.mp3")
    for stem in track.stems:
        (store.library / track.folder / stem.file).unlink()
    result = invoke("library", "check", "--repair")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[1] == lines[3] == "  a will be separated once more (job 2)."
    assert lines[-1] == "1 track checked, 2 problems, 2 mended."
    with open_database(store.database) as db:
        assert len(list_jobs(db, states={JobState.QUEUED})) == 1


def test_repair_enters_a_folder_whose_row_is_gone(invoke: Invoke, store: Any) -> None:
    track = store.add_track("a.mp3")
    with open_database(store.database) as db:
        remove_track(db, track.id)
    found = json.loads(invoke("library", "check", "--repair", "--json").stdout)
    assert (found["kind"], found["mended"]) == ("folder without a row", True)
    with open_database(store.database) as db:
        assert count_tracks(db) == 1
    assert invoke("library", "check").exit_code == 0


def test_what_cannot_be_mended_says_what_is_left_to_do(invoke: Invoke, store: Any) -> None:
    track = store.add_track("a.mp3")
    (store.library / track.folder / "vocals.flac").unlink()
    (store.music / "a.mp3").unlink()
    (store.library / os.fsdecode(b"caf\xe9")).mkdir()
    result = invoke("library", "check", "--repair")
    assert result.exit_code == 1
    assert "minusone add --again FILE" in result.stdout
    assert r"caf\xe9 is not of this library" in result.stdout
    assert "Move it elsewhere" in result.stdout
    assert result.stdout.splitlines()[-1] == "1 track checked, 2 problems, 0 mended."
    lines = invoke("library", "check", "--json").stdout.splitlines()
    path = json.loads(lines[1])["path"]
    assert os.fsencode(path).endswith(b"caf\xe9")


def test_thorough_check_decodes(invoke: Invoke, store: Any) -> None:
    store.add_track("a.mp3")
    result = invoke("library", "check", "--thorough")
    assert result.exit_code == 1
    assert result.stdout.count("cannot be played") == 2


def test_check_without_a_database_makes_none(invoke: Invoke, store: Any) -> None:
    other = store.music / "none.db"
    result = invoke("library", "check", "--database", other)
    assert result.exit_code == 1
    assert not other.exists()
