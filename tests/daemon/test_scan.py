"""Walks through real folders."""

import os
import shutil
import socket
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from daemon.ignore import Choice, IgnoreRules
from daemon.scan import Scan, file_state, look_at, signature

RULES = IgnoreRules()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")


def names(root: Path, *, follow_links: bool = False) -> list[str]:
    scan = Scan(root, RULES, follow_links=follow_links)
    found = sorted(str(one.path.relative_to(root)) for one in scan)
    assert scan.done
    return found


def test_songs_in_all_folders_are_found_with_their_state(inbox: Path) -> None:
    put(inbox, "a.mp3", "album/b.flac", "album/disc 2/c", "album/cover.jpg", "album/c.lrc")
    found = {str(one.path.relative_to(inbox)): one for one in Scan(inbox, RULES)}
    assert set(found) == {"a.mp3", "album/b.flac", "album/disc 2/c"}
    assert found["a.mp3"].state == file_state(inbox / "a.mp3")
    assert found["a.mp3"].state.size == 5
    assert found["a.mp3"].verdict.choice is Choice.TAKE
    assert found["album/disc 2/c"].verdict.choice is Choice.TRY


def test_junk_folders_are_not_looked_into(inbox: Path) -> None:
    put(inbox, ".stfolder/a.mp3", "@eaDir/b.mp3", "x/#recycle/c.mp3", "x/d.mp3", "x/e.mp3.part")
    assert names(inbox) == ["x/d.mp3"]


def test_refusals_that_somebody_wonders_about_are_found_too(inbox: Path) -> None:
    put(inbox, "album.zip", "long.wav")
    os.truncate(inbox / "long.wav", 1 << 20)
    found = list(Scan(inbox, IgnoreRules(max_size=1000)))
    assert {one.path.name: one.verdict.choice for one in found} == {
        "album.zip": Choice.IGNORE,
        "long.wav": Choice.IGNORE,
    }


def test_known_files_are_passed_over_until_they_change(inbox: Path) -> None:
    put(inbox, "a.mp3", "b.mp3")
    known = {signature(one.path, one.state) for one in Scan(inbox, RULES)}
    assert list(Scan(inbox, RULES, known=known)) == []
    (inbox / "a.mp3").write_bytes(b"other sound")
    os.utime(inbox / "b.mp3", (1, 1))
    again = [one.path.name for one in Scan(inbox, RULES, known=known)]
    assert sorted(again) == ["a.mp3", "b.mp3"]


def test_walk_goes_in_small_steps(inbox: Path) -> None:
    put(inbox, *(f"{number}.mp3" for number in range(100)))
    scan = Scan(inbox, RULES)
    first = scan.step(30)
    assert len(first) == 30
    assert not scan.done
    rest = []
    while not scan.done:
        part = scan.step(30)
        assert len(part) <= 30
        rest += part
    assert len({one.path for one in first + rest}) == 100


def test_links_into_the_inbox_are_not_taken_twice(inbox: Path) -> None:
    put(inbox, "a.mp3", "album/b.mp3")
    (inbox / "link.mp3").symlink_to("a.mp3")
    (inbox / "absolute.mp3").symlink_to(inbox / "a.mp3")
    (inbox / "folder").symlink_to("album")
    for follow in (False, True):
        assert names(inbox, follow_links=follow) == ["a.mp3", "album/b.mp3"]


def test_links_that_lead_out_are_followed_only_when_asked(inbox: Path, tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/a.mp3", "elsewhere/deep/b.mp3", "inbox-not/c.mp3")
    (inbox / "one.mp3").symlink_to(tmp_path / "elsewhere" / "a.mp3")
    (inbox / "all").symlink_to(tmp_path / "elsewhere")
    (inbox / "neighbour.mp3").symlink_to(tmp_path / "inbox-not" / "c.mp3")
    assert names(inbox) == []
    assert names(inbox, follow_links=True) == [
        "all/a.mp3",
        "all/deep/b.mp3",
        "neighbour.mp3",
        "one.mp3",
    ]


def test_links_in_circles_end(inbox: Path, tmp_path: Path) -> None:
    put(inbox, "album/a.mp3")
    put(tmp_path, "elsewhere/b.mp3")
    (inbox / "album" / "up").symlink_to("..")
    (inbox / "self").symlink_to("self")
    (inbox / "parent").symlink_to(tmp_path)
    (inbox / "one").symlink_to(tmp_path / "elsewhere")
    (inbox / "two").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(inbox)
    (tmp_path / "elsewhere" / "around").symlink_to(tmp_path / "elsewhere")
    assert names(inbox) == ["album/a.mp3"]
    followed = names(inbox, follow_links=True)
    assert len(followed) == 2
    assert followed[0] == "album/a.mp3"
    assert followed[1] in ("one/b.mp3", "two/b.mp3")


def test_dangling_links_are_nothing(inbox: Path) -> None:
    (inbox / "a.mp3").symlink_to("gone.mp3")
    assert names(inbox, follow_links=True) == []


def test_inbox_that_is_itself_a_link_is_an_inbox(inbox: Path, tmp_path: Path) -> None:
    put(inbox, "a.mp3")
    (inbox / "link.mp3").symlink_to("a.mp3")
    (tmp_path / "door").symlink_to(inbox)
    assert names(tmp_path / "door") == ["a.mp3"]
    assert look_at(tmp_path / "door", tmp_path / "door" / "a.mp3", RULES) is not None
    assert look_at(tmp_path / "door", tmp_path / "door" / "link.mp3", RULES) is None


def test_hard_links_are_two_files(inbox: Path) -> None:
    put(inbox, "a.mp3")
    os.link(inbox / "a.mp3", inbox / "b.mp3")
    assert names(inbox) == ["a.mp3", "b.mp3"]


def test_pipes_and_sockets_are_left_alone(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(inbox / "pipe.mp3")
    monkeypatch.chdir(inbox)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("door.mp3")
        assert names(inbox) == []
    assert look_at(inbox, inbox / "pipe.mp3", RULES) is None


ODD_NAMES = [
    os.fsencode(unicodedata.normalize("NFC", "Café.mp3")),
    os.fsencode(unicodedata.normalize("NFD", "Café.mp3")),
    "🎤 \u200dsong.mp3".encode(),
    b"new\nline.mp3",
    b"x" * 251 + b".mp3",
    b"-rf.mp3",
    "שיר \u202eabc.mp3".encode(),
    b"bytes \xff\xfe\x80.mp3",
    b" leading and trailing .mp3 ",
    b"back\\slash*?[a].mp3",
]


def test_files_of_any_name_are_found(inbox: Path) -> None:
    folder = os.path.join(os.fsencode(inbox), b"odd \xff folder\n")  # noqa: PTH118 (bytes)
    os.mkdir(folder)  # noqa: PTH102
    for name in ODD_NAMES:
        with open(os.path.join(folder, name), "wb") as file:  # noqa: PTH118, PTH123
            file.write(b"sound")
    found = list(Scan(inbox, RULES))
    assert {os.fsencode(one.path.name) for one in found} == set(ODD_NAMES)
    known = {signature(one.path, one.state) for one in found}
    assert len(known) == len(ODD_NAMES)
    assert list(Scan(inbox, RULES, known=known)) == []
    assert all(look_at(inbox, one.path, RULES) == one for one in found)


def test_inbox_that_is_not_there_is_told_from_an_empty_one(inbox: Path) -> None:
    empty = Scan(inbox, RULES)
    assert list(empty) == []
    assert not empty.missing
    inbox.rmdir()
    gone = Scan(inbox, RULES)
    assert list(gone) == []
    assert gone.missing
    assert gone.done


def test_folder_that_vanishes_during_the_walk_is_no_problem(inbox: Path) -> None:
    put(inbox, "a/1.mp3", "b/1.mp3", "c/1.mp3")
    scan = Scan(inbox, RULES)
    scan.step(3)
    for folder in ("a", "b", "c"):
        shutil.rmtree(inbox / folder)
    assert list(scan) == []
    assert scan.problems == []
    assert not scan.missing


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder to write in, without the superuser's power to read everything."""
    with TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.chown(name, 65534, 65534)
        os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


def test_unreadable_folder_is_reported_once_and_hides_nothing_else(unprivileged: Path) -> None:
    put(unprivileged, "closed/a.mp3", "open/b.mp3")
    (unprivileged / "closed").chmod(0)
    scan = Scan(unprivileged, RULES)
    found = [one.path.name for one in scan]
    (unprivileged / "closed").chmod(0o700)
    assert found == ["b.mp3"]
    assert [one.path.name for one in scan.problems] == ["closed"]
    assert "Permission denied" in scan.problems[0].text
    assert not scan.missing


def test_walk_may_begin_at_a_folder_in_the_inbox(inbox: Path, tmp_path: Path) -> None:
    put(inbox, "a.mp3", "album/b.mp3", ".hidden/c.mp3")
    put(tmp_path, "elsewhere/d.mp3")
    (inbox / "link").symlink_to(tmp_path / "elsewhere")

    def below(name: str, *, follow_links: bool = False) -> list[str]:
        scan = Scan(inbox, RULES, start=inbox / name, follow_links=follow_links)
        return [one.path.name for one in scan]

    assert below("album") == ["b.mp3"]
    assert below(".hidden") == []
    assert below("../elsewhere") == []
    assert below("link") == []
    assert below("link", follow_links=True) == ["d.mp3"]
    assert below("gone") == []


def test_one_file_is_looked_at_as_a_walk_would(inbox: Path, tmp_path: Path) -> None:
    put(inbox, "a.mp3", "b.zip", "c.jpg", ".d/e.mp3")
    put(tmp_path, "elsewhere/f.mp3")
    (inbox / "out").symlink_to(tmp_path / "elsewhere")
    found = look_at(inbox, inbox / "a.mp3", RULES)
    assert found is not None
    assert found.state == file_state(inbox / "a.mp3")
    refused = look_at(inbox, inbox / "b.zip", RULES)
    assert refused is not None
    assert refused.verdict.told
    for name in ("c.jpg", ".d/e.mp3", "gone.mp3", "out/f.mp3"):
        assert look_at(inbox, inbox / name, RULES) is None
    assert look_at(inbox, tmp_path / "elsewhere" / "f.mp3", RULES) is None
    assert look_at(inbox, inbox, RULES) is None
    assert look_at(inbox, inbox / "out" / "f.mp3", RULES, follow_links=True) is not None
