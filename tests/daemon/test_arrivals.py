"""Real files come into real inboxes in all the ways they do."""

import mmap
import os
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from daemon.ignore import Choice, IgnoreRules
from daemon.scan import file_state, signature
from daemon.stability import STEP

Watch = Callable[..., Any]

SLACK = 0.3
"""Seconds that a busy machine may add."""


@pytest.mark.parametrize("how", ["inotify", "poll"])
def test_dropped_file_arrives_after_the_quiet_time(watch: Watch, inbox: Path, how: str) -> None:
    watched = watch(inbox, watch=how, poll=0.1)
    (inbox / "a.mp3").write_bytes(b"sound")
    written = time.monotonic()
    watched.until(lambda: watched.arrived)
    (arrival,) = watched.arrived
    assert arrival.inbox == inbox
    assert arrival.path == inbox / "a.mp3"
    assert arrival.state == file_state(inbox / "a.mp3")
    assert arrival.verdict.choice is Choice.TAKE
    late = watched.times[inbox / "a.mp3"] - written - watched.quiet
    assert -0.01 < late < STEP + SLACK + (0.1 if how == "poll" else 0)


def test_what_lies_there_at_the_start_arrives(watch: Watch, inbox: Path) -> None:
    (inbox / "album").mkdir()
    (inbox / "album" / "a.mp3").write_bytes(b"sound")
    (inbox / "cover.jpg").write_bytes(b"picture")
    watched = watch(inbox)
    assert watched.names() == ["a.mp3"]


def test_nothing_arrives_twice_until_it_changes(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox, rescan=0.2)
    song = inbox / "a.mp3"
    song.write_bytes(b"sound")
    watched.until(lambda: watched.arrived)
    song.chmod(0o600)
    watched.go_on(1.0)
    assert watched.names() == ["a.mp3"]
    song.write_bytes(b"other sound")
    watched.until(lambda: len(watched.arrived) == 2)
    assert watched.arrived[1].state.size == 11
    os.utime(song, ns=(0, watched.arrived[0].state.mtime_ns + 1))
    watched.until(lambda: len(watched.arrived) == 3)


def test_known_files_do_not_arrive_but_can_be_asked_for_again(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    song = inbox / "a.mp3"
    song.write_bytes(b"sound")
    watched.until(lambda: watched.arrived)
    state = watched.arrived[0].state
    watched.arrivals.rescan()
    watched.settle()
    assert watched.names() == ["a.mp3"]
    watched.arrivals.again(song)
    watched.until(lambda: len(watched.arrived) == 2)
    assert watched.arrived[1].state == state
    watched.arrivals.again(inbox / "gone.mp3")
    watched.settle()
    assert len(watched.arrived) == 2


def test_what_was_dealt_with_in_an_earlier_life_does_not_arrive(watch: Watch, inbox: Path) -> None:
    (inbox / "a.mp3").write_bytes(b"sound")
    (inbox / "b.mp3").write_bytes(b"sound")
    state = file_state(inbox / "a.mp3")
    assert state is not None
    watched = watch(inbox, known={signature(inbox / "a.mp3", state)})
    assert watched.names() == ["b.mp3"]


def test_all_is_settled_but_for_a_file_that_stays_empty(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    (inbox / "a.mp3").write_bytes(b"sound")
    (inbox / "b.mp3").touch()
    watched.until(lambda: len(watched.arrivals) == 2)
    assert not watched.arrivals.settled
    watched.until(lambda: watched.arrived)
    assert watched.arrivals.settled


@pytest.mark.parametrize("how", ["inotify", "poll"])
def test_slow_copy_is_not_taken_before_it_is_over(watch: Watch, inbox: Path, how: str) -> None:
    watched = watch(inbox, watch=how, poll=0.1)
    song = inbox / "a.mp3"
    with song.open("wb", buffering=0) as file:
        for _ in range(8):
            file.write(b"x" * 1000)
            watched.go_on(0.15)
        # A pause that is longer than the quiet time, the file being open.
        watched.go_on(3 * watched.quiet)
        assert watched.arrived == []
        file.write(b"the end")
    written = time.monotonic()
    watched.until(lambda: watched.arrived)
    assert watched.arrived[0].state.size == 8007
    assert watched.times[song] - written < watched.quiet + STEP + SLACK


def test_writer_that_opens_and_closes_for_every_piece_is_waited_for(
    watch: Watch, inbox: Path
) -> None:
    watched = watch(inbox)
    song = inbox / "a.mp3"
    for _ in range(8):
        with song.open("ab") as file:
            file.write(b"x" * 1000)
        watched.go_on(0.15)
    assert watched.arrived == []
    watched.until(lambda: watched.arrived)
    assert watched.arrived[0].state.size == 8000


def test_download_under_a_temporary_name_arrives_under_its_own(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    for suffix in (".part", ".crdownload", ".tmp"):
        (inbox / f"a.mp3{suffix}").write_bytes(b"sound")
    (inbox / ".a.mp3.Xq3").write_bytes(b"sound of rsync")
    watched.go_on(2 * watched.quiet)
    assert watched.arrived == []
    (inbox / ".a.mp3.Xq3").rename(inbox / "rsync.mp3")
    (inbox / "a.mp3.part").rename(inbox / "a.mp3")
    (inbox / "b.mp3").touch()
    (inbox / "a.mp3.crdownload").rename(inbox / "b.mp3")
    watched.until(lambda: len(watched.arrived) == 3)
    assert watched.names() == ["a.mp3", "b.mp3", "rsync.mp3"]


def test_file_moved_within_the_inbox_arrives_under_the_new_name(watch: Watch, inbox: Path) -> None:
    (inbox / "one").mkdir()
    (inbox / "two").mkdir()
    watched = watch(inbox)
    (inbox / "one" / "a.mp3").write_bytes(b"sound")
    watched.go_on(watched.quiet / 2)
    (inbox / "one" / "a.mp3").rename(inbox / "two" / "b.mp3")
    watched.until(lambda: watched.arrived)
    watched.settle()
    assert [one.path for one in watched.arrived] == [inbox / "two" / "b.mp3"]
    (inbox / "two" / "b.mp3").rename(inbox / "c.mp3")
    watched.until(lambda: len(watched.arrived) == 2)
    assert watched.arrived[1].path == inbox / "c.mp3"


def test_files_and_folders_moved_in_from_outside_arrive(
    watch: Watch, inbox: Path, tmp_path: Path
) -> None:
    watched = watch(inbox)
    outside = tmp_path / "outside"
    (outside / "album" / "disc 1").mkdir(parents=True)
    (outside / "album" / "disc 1" / "a.mp3").write_bytes(b"sound")
    (outside / "album" / "b.mp3").write_bytes(b"sound")
    (outside / "c.mp3").write_bytes(b"sound")
    (outside / "album").rename(inbox / "album")
    (outside / "c.mp3").rename(inbox / "c.mp3")
    watched.until(lambda: len(watched.arrived) == 3)
    # What comes into the moved folder later is seen as well.
    (inbox / "album" / "disc 1" / "d.mp3").write_bytes(b"sound")
    watched.until(lambda: len(watched.arrived) == 4)
    assert watched.names() == ["a.mp3", "b.mp3", "c.mp3", "d.mp3"]


def test_folder_moved_within_the_inbox_is_watched_under_its_new_name(
    watch: Watch, inbox: Path
) -> None:
    (inbox / "one" / "deep").mkdir(parents=True)
    (inbox / "two").mkdir()
    watched = watch(inbox)
    (inbox / "one").rename(inbox / "two" / "three")
    (inbox / "two" / "three" / "deep" / "a.mp3").write_bytes(b"sound")
    watched.until(lambda: watched.arrived)
    assert watched.arrived[0].path == inbox / "two" / "three" / "deep" / "a.mp3"
    (inbox / "two" / "three" / "deep" / "b.mp3").write_bytes(b"sound")
    watched.until(lambda: len(watched.arrived) == 2)
    assert watched.arrived[1].path == inbox / "two" / "three" / "deep" / "b.mp3"


def test_folder_moved_out_is_not_watched_any_longer(
    watch: Watch, inbox: Path, tmp_path: Path
) -> None:
    (inbox / "album").mkdir()
    watched = watch(inbox)
    (inbox / "album").rename(tmp_path / "album")
    (tmp_path / "album" / "a.mp3").write_bytes(b"sound")
    (inbox / "b.mp3").write_bytes(b"sound")
    watched.until(lambda: watched.arrived)
    watched.settle()
    assert watched.names() == ["b.mp3"]


def test_deep_folders_made_at_once_lose_nothing(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    expected = []
    for first in range(10):
        for second in range(10):
            folder = inbox / f"{first}" / f"{second}" / "deeper" / "still"
            folder.mkdir(parents=True)
            (folder / f"{first}{second}.mp3").write_bytes(b"sound")
            expected.append(f"{first}{second}.mp3")
    watched.until(lambda: len(watched.arrived) == 100)
    watched.settle()
    assert watched.names() == expected


def test_hard_links_arrive_as_two_files(watch: Watch, inbox: Path, tmp_path: Path) -> None:
    watched = watch(inbox)
    (tmp_path / "a.mp3").write_bytes(b"sound")
    os.link(tmp_path / "a.mp3", inbox / "b.mp3")
    os.link(tmp_path / "a.mp3", inbox / "c.mp3")
    watched.until(lambda: len(watched.arrived) == 2)
    assert watched.names() == ["b.mp3", "c.mp3"]
    assert watched.arrived[0].state.inode == watched.arrived[1].state.inode


def test_links_arrive_only_when_they_lead_out_and_are_followed(
    watch: Watch, inbox: Path, tmp_path: Path
) -> None:
    follow = tmp_path / "follow"
    follow.mkdir()
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "out.mp3").write_bytes(b"sound")
    (tmp_path / "single.mp3").write_bytes(b"sound")
    watched, following = watch(inbox), watch(follow, follow_links=True)
    for box in (inbox, follow):
        (box / "in.mp3").write_bytes(b"sound")
        (box / "link.mp3").symlink_to("in.mp3")
        (box / "dangling.mp3").symlink_to("nothing.mp3")
        (box / "circle").symlink_to(".")
        (box / "single.mp3").symlink_to(tmp_path / "single.mp3")
        (box / "music").symlink_to(tmp_path / "music")
    watched.until(lambda: watched.arrived)
    watched.settle()
    assert watched.names() == ["in.mp3"]
    following.until(lambda: len(following.arrived) == 3)
    following.settle()
    assert following.names() == ["in.mp3", "out.mp3", "single.mp3"]
    (tmp_path / "music" / "later.mp3").write_bytes(b"sound")
    following.until(lambda: len(following.arrived) == 4)
    assert following.arrived[3].path == follow / "music" / "later.mp3"


def test_file_whose_place_a_link_takes_while_it_waits_is_not_taken(
    watch: Watch, inbox: Path, tmp_path: Path
) -> None:
    watched = watch(inbox)
    (tmp_path / "secret.mp3").write_bytes(b"not in the inbox")
    (inbox / "a.mp3").write_bytes(b"sound")
    watched.go_on(watched.quiet / 2)
    (inbox / "a.mp3").unlink()
    (inbox / "a.mp3").symlink_to(tmp_path / "secret.mp3")
    (inbox / "b.mp3").write_bytes(b"sound")
    watched.until(lambda: watched.arrived)
    watched.settle()
    assert watched.names() == ["b.mp3"]


def test_sparse_file_that_fills_up_is_waited_for(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    song = inbox / "a.wav"
    with song.open("wb", buffering=0) as file:
        file.truncate(1 << 20)  # As a torrent: its full size from the start.
        for offset in range(0, 1 << 20, 1 << 17):
            file.seek(offset)
            file.write(b"x" * 1000)
            watched.go_on(0.15)
        assert watched.arrived == []
    watched.until(lambda: watched.arrived)


def test_file_deleted_while_it_waits_never_arrives(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    (inbox / "a.mp3").write_bytes(b"sound")
    watched.until(lambda: len(watched.arrivals))
    (inbox / "a.mp3").unlink()
    watched.until(lambda: not len(watched.arrivals))
    assert watched.arrived == []


def test_file_replaced_while_it_waits_arrives_once_as_the_new_one(
    watch: Watch, inbox: Path, tmp_path: Path
) -> None:
    watched = watch(inbox)
    (inbox / "a.mp3").write_bytes(b"sound")
    watched.go_on(watched.quiet * 0.7)
    new = tmp_path / "new.mp3"
    new.write_bytes(b"SOUND")
    inode = new.stat().st_ino
    new.replace(inbox / "a.mp3")
    replaced = time.monotonic()
    watched.until(lambda: watched.arrived)
    watched.settle()
    (arrival,) = watched.arrived
    assert arrival.state.inode == inode
    assert watched.times[inbox / "a.mp3"] >= replaced + watched.quiet - 0.01


def test_writing_through_memory_is_noticed_without_events(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    song = inbox / "a.wav"
    with song.open("w+b") as file:
        file.truncate(4096)
        with mmap.mmap(file.fileno(), 4096) as memory:
            for position in range(8):
                memory[position] = 1
                memory.flush()
                watched.go_on(0.15)
            watched.go_on(3 * watched.quiet)
            assert watched.arrived == []
    watched.until(lambda: watched.arrived)


def test_file_that_is_empty_first_waits_for_its_content(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    (inbox / "a.mp3").touch()
    watched.go_on(3 * watched.quiet)
    assert watched.arrived == []
    (inbox / "a.mp3").write_bytes(b"sound")
    watched.until(lambda: watched.arrived, within=watched.quiet + STEP + 1)


@pytest.mark.parametrize("mtime", [0, 1, 4_000_000_000])
def test_copy_that_keeps_an_odd_time_arrives(watch: Watch, inbox: Path, mtime: int) -> None:
    watched = watch(inbox)
    song = inbox / "a.mp3"
    song.write_bytes(b"sound")
    os.utime(song, (mtime, mtime))
    copied = time.monotonic()
    watched.until(lambda: watched.arrived)
    late = watched.times[song] - copied - watched.quiet
    assert -0.01 < late < STEP + SLACK


@pytest.mark.parametrize("jump", [-86400.0, 86400.0])
def test_clock_that_is_set_while_a_file_grows_changes_nothing(
    watch: Watch, inbox: Path, jump: float
) -> None:
    watched = watch(inbox)
    song = inbox / "a.mp3"
    for turn in range(6):
        with song.open("ab") as file:
            file.write(b"x" * 1000)
        if turn >= 3:  # What the file's time looks like once the clock was set.
            moment = time.time() + jump
            os.utime(song, (moment, moment))
        watched.go_on(0.15)
    written = time.monotonic() - 0.15
    assert watched.arrived == []
    watched.until(lambda: watched.arrived)
    late = watched.times[song] - written - watched.quiet
    assert -0.02 < late < STEP + SLACK


def test_a_thousand_files_at_once_all_arrive_once(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    expected = []
    for number in range(1000):
        name = f"{number:04d}.mp3"
        (inbox / name).write_bytes(b"sound")
        expected.append(name)
    watched.until(lambda: len(watched.arrived) >= 1000)
    watched.settle()
    assert watched.names() == expected


ODD_NAMES = [
    os.fsencode(unicodedata.normalize("NFC", "Café.mp3")),
    os.fsencode(unicodedata.normalize("NFD", "Café.mp3")),
    "🎤 \u200dsong.mp3".encode(),
    b"new\nline.mp3",
    b"x" * 251 + b".mp3",
    b"-rf.mp3",
    "שיר \u202eabc.mp3".encode(),
    b"bytes \xff\xfe\x80.mp3",
]


def test_files_of_any_name_arrive_from_folders_of_any_name(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    folder = inbox / os.fsdecode(b"odd \xff\n")
    folder.mkdir()
    for name in ODD_NAMES:
        (folder / os.fsdecode(name)).write_bytes(b"sound")
    watched.until(lambda: len(watched.arrived) >= len(ODD_NAMES))
    watched.settle()
    assert sorted(os.fsencode(one.path.name) for one in watched.arrived) == sorted(ODD_NAMES)


def test_refusals_are_told_once_and_only_when_they_are_final(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox, rules=IgnoreRules(max_size=1000), rescan=0.2)
    with (inbox / "long.wav").open("wb", buffering=0) as file:
        for _ in range(5):
            file.write(b"x" * 1000)
            watched.go_on(0.15)
    (inbox / "album.zip").write_bytes(b"PK")
    (inbox / "cover.jpg").write_bytes(b"picture")
    watched.until(lambda: len(watched.arrived) == 2)
    watched.go_on(0.5)
    assert watched.names() == ["album.zip", "long.wav"]
    assert {one.verdict.choice for one in watched.arrived} == {Choice.IGNORE}
    assert all(one.verdict.reason for one in watched.arrived)


def test_names_that_say_nothing_arrive_to_be_tried(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    (inbox / "song").write_bytes(b"sound")
    watched.until(lambda: watched.arrived)
    assert watched.arrived[0].verdict.choice is Choice.TRY


def test_two_inboxes_are_told_apart(watch: Watch, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    watched = watch(one, two)
    (one / "a.mp3").write_bytes(b"sound")
    (two / "a.mp3").write_bytes(b"sound")
    watched.until(lambda: len(watched.arrived) == 2)
    assert {arrival.inbox for arrival in watched.arrived} == {one, two}


@pytest.fixture
def own_inbox() -> Iterator[Path]:
    """An inbox of somebody without the superuser's power to read everything."""
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


def test_unreadable_folder_is_told_once_until_it_was_readable(
    own_inbox: Path, watch: Watch
) -> None:
    closed = own_inbox / "closed"
    closed.mkdir()
    (closed / "a.mp3").write_bytes(b"sound")
    closed.chmod(0)
    watched = watch(own_inbox, rescan=0.1)
    watched.go_on(0.5)
    (problem,) = watched.arrivals.take_problems()
    assert problem.path == closed
    assert watched.arrivals.folders()[0].how == "inotify"
    closed.chmod(0o700)
    watched.until(lambda: watched.arrived)
    closed.chmod(0)
    watched.until(watched.arrivals.take_problems)
    closed.chmod(0o700)
