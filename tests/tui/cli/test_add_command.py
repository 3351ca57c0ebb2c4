"""`minusone add`: songs from anywhere into the queue."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from core.store.database import open_database
from core.store.jobs import claim, list_jobs
from core.store.records import JobState, Origin

Invoke = Callable[..., Result]
MakeSong = Callable[..., Path]


def waiting(store: Any) -> list[Any]:
    with open_database(store.database) as db:
        return list_jobs(db, states={JobState.QUEUED})


@pytest.fixture
def songs(make_song: MakeSong, tmp_path: Path) -> list[Path]:
    """Three songs of different lengths, so that their contents differ."""
    place = tmp_path / "elsewhere"
    names = ["Artist - One.wav", "2 two.wav", "10 ten.wav"]
    return [make_song(place / name, 0.2 + 0.1 * number) for number, name in enumerate(names)]


def test_song_is_queued_and_the_missing_daemon_named(
    invoke: Invoke, store: Any, songs: list[Path]
) -> None:
    result = invoke("add", songs[0])
    assert result.exit_code == 0
    assert result.stdout == "Artist - One.wav: queued as job 1\n"
    assert "1 song in the queue, but the daemon is not running." in result.stderr
    assert "minusoned" in result.stderr
    assert "minusone service install" in result.stderr
    (job,) = waiting(store)
    assert (job.source, job.origin) == (songs[0], Origin.ADDED)
    assert (job.facts.artist, job.facts.title) == ("Artist", "One")


def test_running_daemon_is_no_news(invoke: Invoke, store: Any, songs: list[Path]) -> None:
    store.daemon()
    assert invoke("add", songs[0]).stderr == ""
    invoke("jobs", "pause")
    assert "The queue is paused." in invoke("add", songs[1]).stderr


def test_folder_stands_for_its_songs(invoke: Invoke, store: Any, songs: list[Path]) -> None:
    result = invoke("add", songs[0].parent, "--priority", "3", "--preset", "best")
    assert result.exit_code == 0
    jobs = waiting(store)
    assert [job.source.name for job in jobs] == ["2 two.wav", "10 ten.wav", "Artist - One.wav"]
    assert {(job.priority, job.preset, job.model) for job in jobs} == {(3, "best", None)}


def test_relative_path_is_found_from_anywhere(
    invoke: Invoke, store: Any, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(songs[0].parent)
    invoke("add", songs[0].name)
    assert waiting(store)[0].source == songs[0]


def test_what_is_known_already_is_not_queued_again(
    invoke: Invoke, store: Any, songs: list[Path], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.wav"
    copy.write_bytes(songs[0].read_bytes())
    invoke("add", songs[0])
    again = invoke("add", copy)
    assert again.exit_code == 0
    assert again.stdout == "copy.wav: is job 1 already (queued)\n"
    with open_database(store.database) as db:
        sha256 = list_jobs(db)[0].sha256
        db.connection.execute("DELETE FROM jobs")
    track = store.add_track("made.mp3", sha256=sha256)
    present = invoke("add", copy)
    assert present.exit_code == 0
    assert present.stdout == (
        f"copy.wav: is track {track.id} of the library already, in {track.folder};"
        " --again separates it again\n"
    )
    record = json.loads(invoke("add", copy, "--json").stdout)
    assert (record["outcome"], record["track"], record["job"]) == ("duplicate", track.id, None)
    assert "queued as job" in invoke("add", copy, "--again").stdout
    assert waiting(store)[0].replace


def test_front_goes_before_everything_and_keeps_the_order(
    invoke: Invoke, store: Any, songs: list[Path]
) -> None:
    store.add_job("earlier.mp3", priority=9)
    invoke("add", songs[2])
    result = invoke("add", "--front", songs[1], songs[2])
    assert "10 ten.wav: is job 2 already (queued), with a higher priority now" in result.stdout
    with open_database(store.database) as db:
        claimed = [claim(db, "tests") for _ in range(3)]
    # Of the same priority, what was entered first is first.
    assert [job.source.name for job in claimed if job] == [
        "10 ten.wav",
        "2 two.wav",
        "earlier.mp3",
    ]
    assert invoke("add", "--front", "--priority", "2", songs[0]).exit_code == 2


def test_one_bad_file_does_not_stop_the_others(
    invoke: Invoke, store: Any, songs: list[Path], tmp_path: Path
) -> None:
    text = tmp_path / "no song\n.mp3"
    text.write_text("these are words")
    gone = tmp_path / "gone.mp3"
    empty = tmp_path / "empty"
    empty.mkdir()
    result = invoke("add", text, gone, empty, songs[0])
    assert result.exit_code == 1
    assert result.stdout == "Artist - One.wav: queued as job 1\n"
    assert "There is no file" in result.stderr
    assert "holds no songs" in result.stderr
    lines = invoke("add", text, gone, songs[1], "--json").stdout.splitlines()
    bad, missing, good = map(json.loads, lines)
    assert bad["input"] == str(text)
    assert bad["error"]["title"]
    assert "gone.mp3" in missing["error"]["title"]
    assert (good["outcome"], good["state"]) == ("job", "queued")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines.wav", r"two\nlines.wav"),
        ("夜曲 👩‍🎤.wav", "夜曲 👩‍🎤.wav"),
        ("\u202egnp.wav", r"\u202egnp.wav"),
        (os.fsdecode(b"caf\xe9.wav"), r"caf\xe9.wav"),
        ("-rf.wav", "-rf.wav"),
    ],
)
def test_odd_names(
    invoke: Invoke, store: Any, make_song: MakeSong, tmp_path: Path, name: str, shown: str
) -> None:
    # The library that writes the song takes no name of any bytes.
    song = make_song(tmp_path / "plain.wav", 0.2).rename(tmp_path / name)
    assert invoke("add", song).stdout == f"{shown}: queued as job 1\n"
    (job,) = waiting(store)
    assert job.source == song
    record = json.loads(invoke("add", "--json", song).stdout)
    assert record["input"] == str(song)


def test_stems_of_the_library_are_not_taken_for_songs(
    invoke: Invoke, store: Any, make_song: MakeSong, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = store.music / "library"
    monkeypatch.setenv("MINUSONE_LIBRARY", str(library))
    make_song(library / "Artist - One" / "vocals.wav", 0.2)
    make_song(store.music / "song.wav", 0.3)
    assert invoke("add", "-r", store.music).stdout == "song.wav: queued as job 1\n"
    for folder in (library, library / "Artist - One"):
        refused = invoke("add", "-r", folder)
        assert refused.exit_code == 2
        assert "is in the library" in refused.stderr
    assert invoke("add", library / "Artist - One" / "vocals.wav").exit_code == 0


def test_unknown_model_is_said_before_anything_is_queued(
    invoke: Invoke, store: Any, songs: list[Path]
) -> None:
    result = invoke("add", songs[0], "--model", "spleeter-9stems")
    assert result.exit_code == 1
    assert "spleeter-9stems" in result.stderr
    assert waiting(store) == []
    assert invoke("add", songs[0], "--model", "spleeter-2stems").exit_code == 0
    assert waiting(store)[0].model == "spleeter-2stems"
    assert invoke("add", songs[0], "--preset", "worst").exit_code == 2
    assert invoke("add").exit_code == 2


def test_database_is_made_where_there_is_none(
    invoke: Invoke, store: Any, songs: list[Path], tmp_path: Path
) -> None:
    fresh = tmp_path / "new" / "minusone.db"
    assert invoke("add", songs[0], "--database", fresh).exit_code == 0
    assert fresh.is_file()


def test_broken_database_is_said_once(
    invoke: Invoke, store: Any, songs: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database" * 1000)
    result = invoke("add", *songs, "--database", broken)
    assert result.exit_code == 1
    assert result.stderr.count("broken.db") == 1


def test_ctrl_c_keeps_what_is_queued_already(store: Any, songs: list[Path], tmp_path: Path) -> None:
    endless = tmp_path / "endless.wav"
    with endless.open("wb") as file:
        file.truncate(1 << 38)  # Takes minutes to read, and no room.
    command = [sys.executable, "-P", "-c", "from tui.cli import main; main()", "add"]
    with subprocess.Popen(
        [*command, songs[0], endless], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "Artist - One.wav: queued as job 1\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "Stopped.\n")
    assert [job.source for job in waiting(store)] == [songs[0]]
