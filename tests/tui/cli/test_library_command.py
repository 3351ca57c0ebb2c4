"""`minusone library`: the separated songs as people and programs see them."""

import csv
import io
import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rich.cells import cell_len

from core.library.root import LIBRARY_MARK, create_library
from core.store.database import open_database
from core.store.libraryid import library_id_of
from core.store.tracks import SortBy, get_track
from tui.cli.library import SORTS

Invoke = Callable[..., Result]


def records_of(result: Result) -> list[Any]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_orders_are_those_of_the_database() -> None:
    assert set(SORTS) == set(SortBy)


def test_empty_library(invoke: Invoke, store: Any) -> None:
    assert invoke("library").stdout == "No tracks.\n"
    assert invoke("library", "--json").stdout == ""
    assert invoke("library", "search", "anything").exit_code == 1


def test_table_of_the_library(invoke: Invoke, store: Any) -> None:
    store.add_track("b.mp3", title="Bravo", artist="Zebra", bpm=120.4, key="Am")
    store.add_track("a.mp3", title="Alpha", artist="Aardvark", album="")
    head, first, second = invoke("library").stdout.splitlines()
    assert head.split() == ["id", "artist", "title", "album", "length", "bpm", "key", "added"]
    assert first.split()[1:4] == ["Aardvark", "Alpha", "3:00"]
    assert second.split()[1:7] == ["Zebra", "Bravo", "Songs", "3:00", "120", "Am"]
    backwards = records_of(invoke("library", "--sort", "title", "--reverse", "--json"))
    assert [track["title"] for track in backwards] == ["Bravo", "Alpha"]


def test_pages(invoke: Invoke, store: Any) -> None:
    for number in range(5):
        store.add_track(f"{number}.mp3", title=f"Song {number}")
    shown = invoke("library", "--limit", "2", "--offset", "2").stdout.splitlines()
    assert shown[-1] == "3 to 4 of 5; --offset 4 shows the next."
    page = records_of(invoke("library", "--limit", "2", "--offset", "2", "--json"))
    assert [track["title"] for track in page] == ["Song 2", "Song 3"]
    assert invoke("library", "--offset", "9").stdout == "There are only 5 tracks.\n"


def test_search(invoke: Invoke, store: Any) -> None:
    store.add_track("a.mp3", title="Für Elise")
    store.add_track("b.mp3", title="Moonlight")
    (found,) = records_of(invoke("library", "search", "fur", "eli", "--json"))
    assert found["title"] == "Für Elise"
    assert "Moonlight" in invoke("library", "search", 'moon"*', "(").stdout
    nothing = invoke("library", "search", "nothing")
    assert (nothing.exit_code, nothing.stdout) == (1, "No tracks.\n")


def test_show(invoke: Invoke, store: Any) -> None:
    track = store.add_track("a.mp3", title="Alpha", lyrics=("lyrics.lrc",), cover="cover.jpg")
    shown = invoke("library", "show", str(track.id)).stdout
    folder = store.library / track.folder
    for expected in (
        f"Track {track.id}: Somebody - Alpha\n",
        f"  folder    {folder}\n",
        "            vocals.flac: vocals, 0.0 MB\n",
        "  lyrics    lyrics.lrc\n",
        "  model     spleeter-2stems, balanced, cpu\n",
    ):
        assert expected in shown
    (found,) = records_of(invoke("library", "show", str(track.id), "--json"))
    assert found["stems"]["vocals"] == {
        "path": str(folder / "vocals.flac"),
        "codec": "flac",
        "bytes": 1000,
    }
    assert found["lyrics"] == [str(folder / "lyrics.lrc")]
    assert found["added_at"].endswith("Z")
    assert invoke("library", "show", "99").exit_code == 2


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("two\nlines", r"two\nlines"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("夜曲 👩‍🎤", "夜曲 👩‍🎤"),
        ("\u202egnp", r"\u202egnp"),
    ],
)
def test_odd_titles_stay_on_their_line(invoke: Invoke, store: Any, title: str, shown: str) -> None:
    store.add_track("a.mp3", title=title, album="long " * 40)
    head, line = invoke("library").stdout.splitlines()
    assert shown in line
    assert max(cell_len(head), cell_len(line)) <= 80
    (found,) = records_of(invoke("library", "--json"))
    assert found["title"] == title


def test_export_for_spreadsheets(invoke: Invoke, store: Any, tmp_path: Path) -> None:
    store.add_track("a.mp3", title='Quote " and, comma', artist="Mötley")
    store.add_track("b.mp3", title="two\nlines")
    printed = invoke("library", "export", "--csv")
    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert {row["title"] for row in rows} == {'Quote " and, comma', "two\nlines"}
    assert {"id", "artist", "title", "album", "folder", "stems"} <= set(rows[0])
    target = tmp_path / "library.csv"
    assert invoke("library", "export", "--output", target).exit_code == 0
    with target.open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == rows
    again = invoke("library", "export", "-o", target)
    assert again.exit_code == 1
    assert "library.csv" in again.stderr
    assert invoke("library", "export", "-o", target, "--overwrite").exit_code == 0
    assert [path.name for path in tmp_path.glob("*.csv*")] == ["library.csv"]


def test_export_for_programs(invoke: Invoke, store: Any, tmp_path: Path) -> None:
    track = store.add_track("a.mp3", title="夜曲")
    (found,) = json.loads(invoke("library", "export", "--json").stdout)
    assert (found["id"], found["title"]) == (track.id, "夜曲")
    assert invoke("library", "export").exit_code == 2
    assert invoke("library", "export", "-o", tmp_path / "what.xls").exit_code == 2


def test_failed_export_leaves_nothing(invoke: Invoke, store: Any, tmp_path: Path) -> None:
    store.add_track("a.mp3")
    result = invoke("library", "export", "--csv", "-o", tmp_path / "none" / "x.csv")
    assert result.exit_code == 1
    assert "x.csv" in result.stderr


def test_backup_is_a_whole_database(invoke: Invoke, store: Any, tmp_path: Path) -> None:
    store.add_track("a.mp3", title="Alpha")
    target = tmp_path / "copy.db"
    (found,) = records_of(invoke("library", "backup", target, "--json"))
    assert found == {"path": str(target), "bytes": target.stat().st_size}
    connection = sqlite3.connect(target)
    try:
        assert connection.execute("SELECT title FROM tracks").fetchall() == [("Alpha",)]
    finally:
        connection.close()
    again = invoke("library", "backup", target)
    assert again.exit_code == 1
    assert "copy.db" in again.stderr
    assert invoke("library", "backup", target, "--overwrite").exit_code == 0


def test_remove_asks_first(invoke: Invoke, store: Any) -> None:
    track = store.add_track("a.mp3")
    result = invoke("library", "remove", str(track.id))
    assert result.exit_code == 2
    assert "Somebody - a" in result.stderr
    assert "--yes" in result.stderr
    with open_database(store.database) as db:
        assert get_track(db, track.id) == track


def test_removed_track_leaves_its_folder(invoke: Invoke, store: Any) -> None:
    track, other = store.add_track("a.mp3"), store.add_track("b.mp3")
    folder = store.library / track.folder
    result = invoke("library", "remove", str(track.id), "--yes")
    assert result.stdout == f"{track.id}: Somebody - a: removed, its folder stays: {folder}\n"
    assert folder.is_dir()
    left = records_of(invoke("library", "--json"))
    assert [found["id"] for found in left] == [other.id]


def test_unknown_track_removes_none(invoke: Invoke, store: Any) -> None:
    track = store.add_track("a.mp3")
    assert invoke("library", "remove", str(track.id), "99", "--yes").exit_code == 2
    assert len(records_of(invoke("library", "--json"))) == 1


def test_files_go_to_the_trash_and_the_original_stays(
    program: Callable[..., "subprocess.CompletedProcess[str]"],
    store: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A process of its own: the trash is found when its library is imported.
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    track = store.add_track("a.mp3")
    done = program("library", "remove", str(track.id), "--files", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("its folder is in the trash\n")
    assert not (store.library / track.folder).exists()
    kept = home / "data" / "Trash" / "files" / track.folder
    assert sorted(path.name for path in kept.iterdir()) == [
        ".minusone.json",
        "accompaniment.flac",
        "vocals.flac",
    ]
    assert (store.music / "a.mp3").is_file()


def test_without_a_trash_the_folder_is_set_aside(
    program: Callable[..., "subprocess.CompletedProcess[str]"],
    store: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "data").write_text("a file where the folder should be")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    track = store.add_track("a.mp3")
    done = program("library", "remove", str(track.id), "--files", "--yes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    aside = store.library / ".trash" / track.folder
    assert json.loads(done.stdout)["trash"] == str(aside)
    assert (aside / "vocals.flac").is_file()


def test_files_are_not_removed_from_a_library_that_is_away(invoke: Invoke, store: Any) -> None:
    track = store.add_track("a.mp3")
    (store.library / LIBRARY_MARK).unlink()
    result = invoke("library", "remove", str(track.id), "--files", "--yes")
    assert result.exit_code == 1
    assert "mounted" in result.stderr
    assert len(records_of(invoke("library", "--json"))) == 1


def test_folder_that_has_gone_is_no_obstacle(invoke: Invoke, store: Any) -> None:
    track = store.add_track("a.mp3")
    (store.library / track.folder).rename(store.music / "elsewhere")
    result = invoke("library", "remove", str(track.id), "--files", "--yes")
    assert result.exit_code == 0
    assert "it had no folder any more" in result.stdout


def test_adopt_gives_a_renewed_folder_its_mark(invoke: Invoke, store: Any) -> None:
    mark = store.library / LIBRARY_MARK
    before = mark.read_bytes()
    mark.unlink()
    assert invoke("library", "check").exit_code == 1
    asked = invoke("library", "adopt")
    assert asked.exit_code == 2
    assert "has no mark yet" in asked.stderr
    assert not mark.exists()
    adopted = invoke("library", "adopt", "--yes")
    assert adopted.exit_code == 0
    assert mark.read_bytes() == before
    assert invoke("library", "check").exit_code == 0
    again = json.loads(invoke("library", "adopt", "--json").stdout)
    assert again["adopted"] is False


def test_adopt_says_that_a_folder_is_of_another_database(
    invoke: Invoke, store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    create_library(other)
    monkeypatch.setenv("MINUSONE_LIBRARY", str(other))
    asked = invoke("library", "adopt")
    assert asked.exit_code == 2
    assert "holds the library of another database" in asked.stderr
    assert json.loads(invoke("library", "adopt", "--yes", "--json").stdout)["adopted"] is True
    assert invoke("library", "check").exit_code == 0


def test_adopt_needs_a_library_and_a_folder(
    invoke: Invoke, store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopted = invoke("library", "adopt", "--yes", "--json", "--database", tmp_path / "lost.db")
    assert json.loads(adopted.stdout)["adopted"] is True
    with open_database(tmp_path / "lost.db") as lost, store.open() as known:
        assert library_id_of(lost) == library_id_of(known)
    (store.library / ".minusone-library").rename(tmp_path / "mark")
    fresh = invoke("library", "adopt", "--yes", "--database", tmp_path / "new.db")
    (tmp_path / "mark").rename(store.library / ".minusone-library")
    assert fresh.exit_code == 1
    assert "no library yet" in fresh.stderr
    monkeypatch.setenv("MINUSONE_LIBRARY", str(tmp_path / "gone"))
    gone = invoke("library", "adopt", "--yes")
    assert gone.exit_code == 1
    assert "Mount the drive" in gone.stderr
    assert not (tmp_path / "gone").exists()
