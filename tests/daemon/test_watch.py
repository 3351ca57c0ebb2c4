"""How inboxes are watched, and what happens when watching becomes impossible."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import pytest

from core.mounts import Mount
from daemon.ignore import IgnoreRules, Verdict
from daemon.watch import RETRY, Watcher

Watch = Callable[..., Any]


def how(watched: Any) -> str:
    return str(watched.watcher.folders()[0].how)


def reason(watched: Any) -> str:
    return str(watched.watcher.folders()[0].reason)


def put(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"sound")


def test_inotify_is_used_where_it_serves(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    assert (how(watched), reason(watched)) == ("inotify", "")
    assert [thread.name for thread in threading.enumerate()].count("inotify") == 1


def test_polling_when_the_configuration_says_so_needs_no_thread(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox, watch="poll", poll=0.1)
    assert how(watched) == "poll"
    assert reason(watched)
    assert "inotify" not in [thread.name for thread in threading.enumerate()]
    put(inbox, "a.mp3")
    watched.until(lambda: watched.arrived)


@pytest.mark.parametrize("fstype", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_file_systems_that_others_write_to_are_polled_unless_forced(
    watch: Watch, inbox: Path, fstype: str
) -> None:
    def mount(path: Path) -> Mount:
        return Mount("nas:/music", fstype, "/", path, "x")

    watched = watch(inbox, mount=mount)
    assert how(watched) == "poll"
    assert fstype in reason(watched)
    assert how(watch(inbox, mount=mount, watch="inotify")) == "inotify"


def test_stopping_ends_the_thread_and_closes_everything(watch: Watch, inbox: Path) -> None:
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(5):
        watched = watch(inbox)
        put(inbox, "a.mp3")
        watched.until(lambda watched=watched: watched.arrived)
        watched.arrivals.stop()
        watched.arrivals.stop()
        (inbox / "a.mp3").unlink()
    assert "inotify" not in [thread.name for thread in threading.enumerate()]
    assert len(os.listdir("/proc/self/fd")) == files  # noqa: PTH208


def test_inbox_that_does_not_exist_is_waited_for(watch: Watch, tmp_path: Path) -> None:
    later = tmp_path / "later"
    watched = watch(later)
    assert how(watched) == "missing"
    assert "does not exist" in reason(watched)
    later.mkdir()
    put(later, "a.mp3")
    watched.until(lambda: watched.arrived)
    assert (how(watched), reason(watched)) == ("inotify", "")
    put(later, "b.mp3")
    watched.until(lambda: len(watched.arrived) == 2)


def test_inbox_that_is_no_folder_is_missing_with_that_reason(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    watched = watch(tmp_path / "file")
    assert (how(watched), reason(watched)) == ("missing", "It is not a folder.")


def test_inbox_made_anew_is_watched_again(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    shutil.rmtree(inbox)
    inbox.mkdir()
    put(inbox, "a.mp3")
    watched.until(lambda: watched.arrived)
    (inbox / "album").mkdir()
    put(inbox / "album", "b.mp3")
    watched.until(lambda: len(watched.arrived) == 2)


def test_inbox_that_goes_and_comes_back(watch: Watch, inbox: Path) -> None:
    watched = watch(inbox)
    put(inbox, "a.mp3")
    watched.until(lambda: watched.arrived)
    inbox.rename(inbox.with_name("away"))
    watched.until(lambda: how(watched) == "missing")
    put(inbox.with_name("away"), "b.mp3")
    watched.go_on(2 * watched.quiet)
    inbox.with_name("away").rename(inbox)
    watched.until(lambda: len(watched.arrived) == 2)
    assert watched.names() == ["a.mp3", "b.mp3"]
    assert how(watched) == "inotify"


def watches_of_this_process() -> int:
    """Count the folders that the kernel watches for this process."""
    count = 0
    for file in Path("/proc/self/fdinfo").iterdir():
        try:
            count += file.read_text().count("inotify wd:")
        except FileNotFoundError:  # The listing itself was open then.
            continue
    return count


def test_folders_that_go_are_let_go(watch: Watch, inbox: Path, tmp_path: Path) -> None:
    (inbox / "moved out" / "deep").mkdir(parents=True)
    (inbox / "moved" / "deep").mkdir(parents=True)
    (inbox / "deleted").mkdir()
    (inbox / ".stversions" / "deep").mkdir(parents=True)
    watched = watch(inbox)
    assert watches_of_this_process() == 6
    (inbox / "moved out").rename(tmp_path / "out")
    (inbox / "moved").rename(inbox / "new name")
    (inbox / "deleted").rmdir()
    put(inbox / "new name" / "deep", "a.mp3")
    watched.until(lambda: watched.arrived)
    assert watches_of_this_process() == 3
    watched.arrivals.stop()
    assert watches_of_this_process() == 0


def test_of_two_links_to_one_folder_one_counts(watch: Watch, inbox: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for name in ("one", "two", "three"):
        (inbox / name).symlink_to(music)
    put(music, "early.mp3")
    watched = watch(inbox, follow_links=True)
    put(music, "late.mp3")
    watched.until(lambda: len(watched.arrived) == 2)
    watched.arrivals.rescan()
    watched.settle()
    assert watched.names() == ["early.mp3", "late.mp3"]
    assert len({arrival.path.parent for arrival in watched.arrived}) == 1


def test_inbox_mounted_over_and_unmounted(
    watch: Watch, inbox: Path, mount_tmpfs: Callable[[Path], None]
) -> None:
    (inbox / "album").mkdir()
    put(inbox / "album", "below.mp3")
    watched = watch(inbox)
    assert watched.names() == ["below.mp3"]
    mount_tmpfs(inbox)
    (inbox / "album").mkdir()
    put(inbox / "album", "on the drive.mp3")
    watched.until(lambda: len(watched.arrived) == 2)
    put(inbox / "album", "by event.mp3")
    watched.until(lambda: len(watched.arrived) == 3)
    subprocess.run(["umount", str(inbox)], check=True)
    # The bare folder below says nothing new, and is watched in the drive's place.
    put(inbox / "album", "below again.mp3")
    watched.until(lambda: len(watched.arrived) == 4)
    assert how(watched) == "inotify"
    assert watched.names() == ["below again.mp3", "below.mp3", "by event.mp3", "on the drive.mp3"]


def test_scans_come_round_by_themselves(inbox: Path) -> None:
    now = [100.0]
    watcher = Watcher([inbox], IgnoreRules(), rescan=300, clock=lambda: now[0])
    watcher.start()
    try:
        assert watcher.tick() == [inbox]
        assert watcher.tick() == []
        now[0] += 299
        assert watcher.tick() == []
        now[0] += 1
        assert watcher.tick() == [inbox]
        watcher.scanned(inbox, 60.0)  # So slow that it is not done all the time.
        now[0] += 301
        assert watcher.tick() == []
        now[0] += 900
        assert watcher.tick() == [inbox]
    finally:
        watcher.stop()


def test_events_lost_to_an_overflow_are_made_good(watch: Watch, inbox: Path) -> None:
    class Blocking(IgnoreRules):
        """Holds the reading thread up at will."""

        free = threading.Event()

        def judge(self, inside: PurePath | str, size: int | None = None) -> Verdict:
            if threading.current_thread().name == "inotify":
                assert self.free.wait(60)
            return super().judge(inside, size)

    Blocking.free.set()
    watched = watch(inbox, rules=Blocking())
    Blocking.free.clear()
    put(inbox, "stuck.mp3")
    queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    one, other = inbox / "x.part", inbox / "y.part"
    one.touch()
    for _ in range(queue // 2 + 100):
        one.rename(other)
        other.rename(one)
    put(inbox, "lost.mp3")
    (inbox / "album").mkdir()
    put(inbox / "album", "lost too.mp3")
    Blocking.free.set()
    watched.until(lambda: len(watched.arrived) == 3)
    assert watched.names() == ["lost too.mp3", "lost.mp3", "stuck.mp3"]
    # The folder whose making went unheard is watched by now.
    put(inbox / "album", "heard.mp3")
    watched.until(lambda: len(watched.arrived) == 4)


def test_reading_thread_that_dies_is_replaced(
    watch: Watch, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda args: died.set())

    class Breaking(IgnoreRules):
        def judge(self, inside: PurePath | str, size: int | None = None) -> Verdict:
            if str(inside) == "bomb.mp3" and threading.current_thread().name == "inotify":
                raise MemoryError
            return super().judge(inside, size)

    watched = watch(inbox, rules=Breaking())
    put(inbox, "bomb.mp3")
    assert died.wait(10)
    put(inbox, "a.mp3")
    watched.until(lambda: len(watched.arrived) == 2)
    (inbox / "album").mkdir()
    put(inbox / "album", "b.mp3")
    watched.until(lambda: len(watched.arrived) == 3)
    assert watched.names() == ["a.mp3", "b.mp3", "bomb.mp3"]


def test_long_copy_causes_few_hints(inbox: Path) -> None:
    watcher = Watcher([inbox], IgnoreRules())
    watcher.start()
    try:
        with (inbox / "a.wav").open("wb", buffering=0) as file:
            for _ in range(20_000):
                file.write(b"x" * 4096)
        (inbox / "b.wav").touch()
        hints: list[Path] = []
        end = time.monotonic() + 10
        while inbox / "b.wav" not in hints:
            assert time.monotonic() < end
            hints += [hint.path for hint in watcher.take()]
        assert hints.count(inbox / "a.wav") <= 3
    finally:
        watcher.stop()


# Runs in a process of its own: in a user namespace with limits of its own, or with few files.
CHILD = """
import json, resource, sys, time
from pathlib import Path
from daemon.arrivals import Arrivals
from daemon.ignore import IgnoreRules
from daemon.watch import Watcher

what, limit, inbox = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])

def limit_to(number):
    if what == "files":
        import os
        used = len(os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + number, used + number))
    else:
        Path("/proc/sys/user/max_inotify_" + what).write_text(str(number))

clock = [0.0]
now = lambda: time.monotonic() + clock[0]
limit_to(limit)
rules = IgnoreRules()
watcher = Watcher([inbox], rules, poll=0.1, clock=now)
arrivals = Arrivals(watcher, rules, quiet=0.1, clock=now)
arrivals.start()
said = []

def until(condition):
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end, (said, arrivals.folders())
        for arrival in arrivals.work():
            said.append(arrival.path.name)
        time.sleep(0.01)

def tell():
    (folder,) = arrivals.folders()
    print(json.dumps([folder.how, folder.reason, sorted(said)]), flush=True)

arrivals.work()
tell()
for line in sys.stdin:
    word, _, value = line.strip().partition(" ")
    if word == "arrived":
        until(lambda: len(said) == int(value))
    elif word == "how":
        until(lambda: arrivals.folders()[0].how == value)
    elif word == "limit":
        limit_to(int(value))
    elif word == "later":
        clock[0] += float(value)
    tell()
arrivals.stop()
"""


class Limited:
    """A watcher in a process with a limit."""

    def __init__(self, what: str, limit: int, inbox: Path) -> None:
        command = [sys.executable, "-c", CHILD, what, str(limit), str(inbox)]
        if what != "files":
            command = ["unshare", "--user", "--map-root-user", *command]
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.how, self.reason, self.arrived = self._answer()

    def tell(self, words: str) -> None:
        assert self.child.stdin is not None
        print(words, file=self.child.stdin, flush=True)
        self.how, self.reason, self.arrived = self._answer()

    def _answer(self) -> Any:
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        if not line:
            pytest.fail(self.child.communicate()[1])
        return json.loads(line)

    def end(self) -> None:
        _, errors = self.child.communicate(timeout=20)
        assert self.child.returncode == 0, errors


Limits = Callable[[str, int, Path], Limited]


@pytest.fixture
def limited() -> Limits:
    """Start a watcher under a limit; skipped where the system allows no user namespaces."""
    command = ["unshare", "--user", "--map-root-user", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        text = f"limits of one's own need user namespaces: {done.stderr.strip()}"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return Limited


def test_too_few_watches_at_the_start_mean_polling_with_the_cure(
    limited: Limits, inbox: Path
) -> None:
    for name in ("a", "b", "c", "d"):
        (inbox / name).mkdir()
    watcher = limited("watches", 3, inbox)
    assert watcher.how == "poll"
    assert "fs.inotify.max_user_watches" in watcher.reason
    assert "sudo sysctl -w fs.inotify.max_user_watches=" in watcher.reason
    put(inbox / "d", "song.mp3")
    watcher.tell("arrived 1")
    assert watcher.arrived == ["song.mp3"]
    # Once the limit is raised, inotify is back after a while.
    watcher.tell("limit 1000")
    watcher.tell(f"later {RETRY}")
    watcher.tell("how inotify")
    assert watcher.reason == ""
    put(inbox / "c", "other.mp3")
    watcher.tell("arrived 2")
    watcher.end()


def test_watches_that_run_out_later_mean_polling_too(limited: Limits, inbox: Path) -> None:
    watcher = limited("watches", 3, inbox)
    assert watcher.how == "inotify"
    for name in ("a", "b", "c", "d"):
        (inbox / name).mkdir()
        put(inbox / name, f"{name}.mp3")
    watcher.tell("how poll")
    assert "fs.inotify.max_user_watches" in watcher.reason
    watcher.tell("arrived 4")
    put(inbox / "d", "later.mp3")
    watcher.tell("arrived 5")
    assert watcher.arrived == ["a.mp3", "b.mp3", "c.mp3", "d.mp3", "later.mp3"]
    watcher.end()


def test_too_few_instances_mean_polling_with_the_cure(limited: Limits, inbox: Path) -> None:
    watcher = limited("instances", 0, inbox)
    assert watcher.how == "poll"
    assert "sudo sysctl -w fs.inotify.max_user_instances=" in watcher.reason
    put(inbox, "song.mp3")
    watcher.tell("arrived 1")
    watcher.tell("limit 10")
    watcher.tell(f"later {RETRY}")
    watcher.tell("how inotify")
    watcher.end()


def test_too_few_file_descriptors_mean_polling_with_another_cure(inbox: Path) -> None:
    # One for hints, one for looking: what is left does not do for inotify.
    watcher = Limited("files", 3, inbox)
    assert watcher.how == "poll"
    assert "LimitNOFILE" in watcher.reason
    put(inbox, "song.mp3")
    watcher.tell("arrived 1")
    watcher.end()
