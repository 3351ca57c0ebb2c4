"""What people and programs do to files in an inbox, before, during and after their job."""

import os
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from core.audio.encode import open_writer
from core.audio.formats import Codec, OutputFormat
from core.audio.tags import Cover, Tags, read_tags
from core.intake import enter_file
from core.store.database import open_database
from core.store.jobs import set_paused

Song = Callable[..., Path]

FAST = 'preset = "fast"'
JPEG = b"\xff\xd8\xff\xe0" + b"picture " * 40
PNG = b"\x89PNG\r\n\x1a\n" + b"picture " * 40


def pause(daemon, on: bool = True) -> None:
    """Have the queue stand still, or go on."""
    with open_database(daemon.database) as db:
        set_paused(db, on)
    if on:
        daemon.until(lambda: daemon.rows("SELECT 1 FROM daemon WHERE waiting LIKE '%paused%'"))


def sources_of(daemon, state: str) -> list[str]:
    """Names of the files whose jobs are in a state."""
    return sorted(Path(job["source"]).name for job in daemon.jobs(state))


@contextmanager
def stopped_in_the_midst_of(daemon, song: Path) -> Iterator[None]:
    """Stop a worker while it has the song open and writes its stems, and let it go on after."""
    found: list[int] = []

    def is_being_separated() -> bool:
        for pid in daemon.children():
            files = opened(pid)
            if song in files and any(path.suffix == ".part" for path in files):
                found.append(pid)
        return bool(found)

    daemon.until(is_being_separated)
    os.kill(found[0], signal.SIGSTOP)
    yield
    os.kill(found[0], signal.SIGCONT)


def opened(pid: int) -> list[Path]:
    """List the files that a process has open."""
    files: list[Path] = []
    with suppress(FileNotFoundError):  # It has closed one, or has ended.
        files.extend(link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir())
    return files


def write_tagged(path: Path, tags: Tags, seed: int = 0) -> Path:
    """Write a FLAC file with tags."""
    noise = np.random.default_rng(seed).normal(0, 0.1, (11025, 1)).astype(np.float32)
    with open_writer(path, OutputFormat(Codec.FLAC, 16), 22050, 1, tags) as writer:
        writer.write(noise)
    return path


def test_what_is_no_song_is_left_alone(daemon, song: Song) -> None:
    daemon.configure(inbox='ignore = ["demos", "*.bak.wav"]\nmax_size = "200 KB"', rest=FAST)
    inbox, outside = daemon.inbox, daemon.folder / "outside"
    outside.mkdir()
    song(outside / "outside.wav", 0.5, seed=50)
    os.mkfifo(inbox / "pipe.wav")
    (inbox / "out.wav").symlink_to(outside / "outside.wav")
    (inbox / "folder out").symlink_to(outside)
    (inbox / "dangling.wav").symlink_to(inbox / "nothing.wav")
    (inbox / "loop.wav").symlink_to(inbox / "loop.wav")
    (inbox / "circle").symlink_to(inbox)
    (inbox / "song.mp3").mkdir()
    song(inbox / "song.mp3" / "inside a folder.wav", 0.5, seed=1)
    (inbox / "in.wav").symlink_to(inbox / "song.mp3" / "inside a folder.wav")
    song(inbox / "one.wav", 0.5, seed=2)
    os.link(inbox / "one.wav", inbox / "other.wav")
    (inbox / "demos").mkdir()
    song(inbox / "demos" / "demo.wav", 0.5, seed=3)
    song(inbox / "old.bak.wav", 0.5, seed=4)
    song(inbox / "large.wav", 6.0, seed=5)
    (inbox / "cover.jpg").write_bytes(JPEG)
    (inbox / "empty.wav").touch()
    (inbox / "no music.mp3").write_text("This is a letter. " * 20)
    (inbox / "notes").write_text("This is a letter as well. " * 20)
    song(inbox / "download.wav.part", 0.5, seed=6)
    with zipfile.ZipFile(inbox / "album.zip", "w") as album:
        album.write(inbox / "one.wav")

    daemon.start()
    daemon.wait_for_jobs(done=2, failed=1)
    daemon.until(lambda: "no song: left alone" in daemon.said())
    (inbox / "download.wav.part").rename(inbox / "download.wav")
    song(inbox / "new.wav", 0.5, seed=7)
    (inbox / "new.wav").rename(inbox / "empty.wav")
    daemon.wait_for_jobs(done=4)

    done = sources_of(daemon, "done")
    assert done[0] == "download.wav"
    assert done[1:3] == ["empty.wav", "inside a folder.wav"]
    assert done[3] in ("one.wav", "other.wav")
    assert len(daemon.jobs()) == 5
    (failed,) = daemon.jobs("failed")
    assert failed["source"].endswith("no music.mp3")
    assert "no music.mp3" in failed["error_title"]
    assert failed["error_detail"]
    ignored = {
        Path(row["path"]).name: row["reason"]
        for row in daemon.rows("SELECT path, reason FROM sources WHERE outcome = 'ignored'")
    }
    assert sorted(ignored) == ["album.zip", "large.wav", "notes"]
    assert "Unpack it" in ignored["album.zip"]
    assert "max_size" in ignored["large.wav"]
    (duplicate,) = daemon.rows("SELECT * FROM sources WHERE outcome = 'duplicate'")
    assert Path(duplicate["path"]).name in ("one.wav", "other.wav")
    assert duplicate["track_id"] is not None
    daemon.assert_sound()
    assert daemon.stop() == 0


def test_files_that_change_before_their_job(daemon, song: Song) -> None:
    daemon.configure(rest=FAST)
    daemon.start()
    pause(daemon)
    inbox = daemon.inbox
    names = ("replaced", "moved", "touched", "truncated", "growing")
    for seed, name in enumerate(names):
        song(inbox / f"{name}.wav", 0.5, seed=seed)
    daemon.wait_for_jobs(queued=5)
    song(daemon.folder / "other.wav", 0.5, seed=10).replace(inbox / "replaced.wav")
    (inbox / "album").mkdir()
    (inbox / "moved.wav").rename(inbox / "album" / "moved.wav")
    os.utime(inbox / "touched.wav", (1e9, 1e9))
    with (inbox / "truncated.wav").open("r+b") as file:
        file.truncate(10_044)
    with (inbox / "growing.wav").open("ab") as file:
        file.write(b"\0\1" * 5000)
    # What is another song now is queued as one; what is not is known again.
    daemon.wait_for_jobs(queued=8)
    touched = "SELECT 1 FROM jobs WHERE title = 'touched' AND mtime_ns = 1000000000000000000"
    daemon.until(lambda: daemon.rows(touched))
    pause(daemon, on=False)
    daemon.wait_for_jobs(done=5, cancelled=3)
    for name in ("replaced", "truncated", "growing"):
        states = [
            (job["state"], job["error_title"])
            for job in daemon.jobs()
            if job["source"].endswith(f"{name}.wav")
        ]
        assert [state for state, _ in states] == ["cancelled", "done"]
        assert states[0][1].endswith("was replaced by another version")
    (moved,) = [job for job in daemon.jobs() if job["source"].endswith("moved.wav")]
    assert moved["source"] == str(inbox / "album" / "moved.wav")
    assert len(daemon.tracks()) == 5
    daemon.assert_sound()


def test_files_that_change_during_their_job(daemon, song: Song) -> None:
    daemon.configure(rest=FAST)
    daemon.start()
    inbox = daemon.inbox

    with stopped_in_the_midst_of(daemon, song(inbox / "deleted.wav", 60.0, seed=1)):
        (inbox / "deleted.wav").unlink()
    daemon.wait_for_jobs(done=1)

    with stopped_in_the_midst_of(daemon, song(inbox / "replaced.wav", 60.0, seed=2)):
        song(daemon.folder / "other.wav", 0.5, seed=3).replace(inbox / "replaced.wav")
    daemon.wait_for_jobs(done=2, cancelled=1)

    with stopped_in_the_midst_of(daemon, song(inbox / "moved.wav", 60.0, seed=4)):
        (inbox / "album").mkdir()
        (inbox / "moved.wav").rename(inbox / "album" / "moved.wav")
    daemon.wait_for_jobs(done=3)

    with stopped_in_the_midst_of(daemon, song(inbox / "truncated.wav", 60.0, seed=5)):
        os.truncate(inbox / "truncated.wav", 20_044)
    daemon.wait_for_jobs(done=4, cancelled=2)

    for job in daemon.jobs("cancelled"):
        assert job["error_title"].endswith("was replaced by another version")
    assert [track["title"] for track in daemon.tracks()] == [
        "deleted", "replaced", "moved", "truncated"
    ]  # fmt: skip
    assert [round(track["duration"], 1) for track in daemon.tracks()] == [60.0, 0.5, 60.0, 0.5]
    assert len(daemon.jobs()) == 6
    daemon.assert_sound()
    assert daemon.stop() == 0


def test_files_that_this_user_may_not_read(daemon, song: Song, without_override) -> None:
    daemon.configure(rest=FAST)
    daemon.start(under=without_override)
    path = song(daemon.folder / "a.wav", 0.5)
    path.chmod(0)
    path.rename(daemon.inbox / "a.wav")
    (daemon.inbox / "closed").mkdir(mode=0)
    daemon.until(lambda: "It is tried again for a while" in daemon.said())
    daemon.until(lambda: "closed cannot be read: Permission denied" in daemon.said())
    assert daemon.jobs() == []
    (daemon.inbox / "a.wav").chmod(0o644)
    (daemon.inbox / "closed").chmod(0o755)
    song(daemon.inbox / "closed" / "b.wav", 0.5, seed=1)
    daemon.wait_for_jobs(done=2)
    daemon.assert_sound()


def test_an_inbox_that_is_polled(daemon, song: Song) -> None:
    daemon.configure(inbox='watch = "poll"\npoll = 0.2', rest=FAST)
    daemon.start()
    assert "is looked through every 0.2 s: The configuration says so." in daemon.said()
    with (daemon.inbox / "slow.wav").open("wb") as file:
        data = song(daemon.folder / "slow.wav", 0.5).read_bytes()
        for piece in range(0, len(data), 4000):
            file.write(data[piece : piece + 4000])
            file.flush()
            end = time.monotonic() + 0.15
            daemon.until(lambda end=end: time.monotonic() > end)
    daemon.wait_for_jobs(done=1)
    assert len(daemon.jobs()) == 1
    daemon.assert_sound()


def test_what_lies_beside_a_song_and_in_it_is_carried_along(daemon) -> None:
    daemon.configure(rest=FAST)
    inbox = daemon.inbox
    tags = Tags({"title": ("Tide",), "artist": ("Moon",), "album": ("Sea",), "bpm": ("120",)})
    (inbox / "plain").mkdir()
    write_tagged(inbox / "plain" / "x.flac", tags)
    (inbox / "plain" / "x.lrc").write_text("[00:00.00]la")
    (inbox / "plain" / "X.TXT").write_text("la")
    (inbox / "plain" / "Folder.jpg").write_bytes(JPEG)
    (inbox / "own cover").mkdir()
    own = Tags({"title": ("Ebb",), "artist": ("Moon",)}, cover=Cover("image/png", PNG))
    write_tagged(inbox / "own cover" / "y.flac", own, seed=1)
    (inbox / "own cover" / "cover.jpg").write_bytes(JPEG)
    daemon.start()
    daemon.wait_for_jobs(done=2)
    assert daemon.folders() == ["Moon - Ebb", "Moon - Tide"]
    tide, ebb = daemon.library / "Moon - Tide", daemon.library / "Moon - Ebb"
    assert (tide / "lyrics.lrc").read_text() == "[00:00.00]la"
    assert (tide / "lyrics.txt").read_text() == "la"
    assert (tide / "cover.jpg").read_bytes() == JPEG
    assert (ebb / "cover.png").read_bytes() == PNG
    assert not (ebb / "cover.jpg").exists()
    stem = read_tags(tide / "vocals.flac")
    assert stem.artist == "Moon"
    assert stem.fields["album"] == ("Sea",)
    assert read_tags(ebb / "accompaniment.flac").cover == Cover("image/png", PNG)
    rows = {track["title"]: track for track in daemon.tracks()}
    assert (rows["Tide"]["cover"], rows["Tide"]["bpm"]) == ("cover.jpg", 120)
    assert rows["Tide"]["lyrics"] == '["lyrics.lrc", "lyrics.txt"]'
    assert rows["Ebb"]["cover"] == "cover.png"
    daemon.assert_sound()


def test_originals_are_moved_when_their_stems_are_there(daemon, song: Song) -> None:
    target = daemon.folder / "originals"
    # A file where the folder should be: nothing can be moved until it is gone.
    target.write_text("in the way")
    daemon.configure(inbox=f'after = "move"\nmove_to = "{target}"', rest=FAST)
    (daemon.inbox / "album").mkdir()
    song(daemon.inbox / "album" / "a.wav", 0.5, seed=1)
    song(daemon.inbox / "b.wav", 0.5, seed=2)
    song(daemon.inbox / "changed.wav", 0.5, seed=3)
    daemon.start()
    daemon.wait_for_jobs(done=3)
    daemon.until(lambda: daemon.said().count("it is tried again later") == 3)
    daemon.kill()
    assert [job["original"] for job in daemon.jobs()] == ["pending"] * 3
    # Between done and moved: the next daemon does what is left to do, and not to another file.
    target.unlink()
    target.mkdir()
    song(target / "b.wav", 0.5, seed=9)
    (daemon.inbox / "changed.wav").write_bytes(b"something else")
    daemon.start()
    daemon.until(lambda: not daemon.rows("SELECT 1 FROM jobs WHERE original = 'pending'"))
    outcomes = {Path(job["source"]).name: job["original"] for job in daemon.jobs("done")}
    assert outcomes == {"a.wav": "moved", "b.wav": "moved", "changed.wav": "kept"}
    moved = sorted(str(path.relative_to(target)) for path in target.rglob("*.wav"))
    assert moved == ["album/a.wav", "b (2).wav", "b.wav"]
    assert (daemon.inbox / "changed.wav").read_bytes() == b"something else"
    assert not (daemon.inbox / "b.wav").exists()
    daemon.assert_sound()


def test_originals_are_moved_to_another_disk(daemon, song: Song, mounts) -> None:
    target = daemon.folder / "other disk"
    mounts.small_disk(target, "1m")
    daemon.configure(inbox=f'after = "move"\nmove_to = "{target}"', rest=FAST)
    path = song(daemon.inbox / "a.wav", 0.5)
    before, data = path.stat(), path.read_bytes()
    daemon.start()
    daemon.until(lambda: [job["original"] for job in daemon.jobs()] == ["moved"])
    assert not path.exists()
    assert (target / "a.wav").read_bytes() == data
    assert (target / "a.wav").stat().st_mtime_ns == before.st_mtime_ns
    assert [found.name for found in target.iterdir()] == ["a.wav"]
    daemon.assert_sound()


def test_originals_go_to_the_trash(daemon, song: Song) -> None:
    daemon.configure(inbox='after = "trash"', rest=FAST)
    names = [b"a.wav", b"bad \xff\xe9 name.wav", "two\nlines ü.wav".encode()]
    paths = [daemon.inbox / os.fsdecode(name) for name in names]
    for seed, path in enumerate(paths):
        song(path, 0.5, seed=seed)
    trash = daemon.folder / "data"
    daemon.start(XDG_DATA_HOME=str(trash))
    daemon.until(lambda: [job["original"] for job in daemon.jobs("done")] == ["trashed"] * 3)
    assert list(daemon.inbox.iterdir()) == []
    assert len(list((trash / "Trash" / "files").iterdir())) == 3
    assert len(list((trash / "Trash" / "info").iterdir())) == 3
    daemon.assert_sound()
    assert daemon.stop() == 0


def test_separating_again_replaces_the_folder_of_the_track(daemon, song: Song) -> None:
    daemon.configure(rest=FAST)
    path = song(daemon.inbox / "Moon - Tide.wav", 0.5)
    daemon.start()
    daemon.wait_for_jobs(done=1)
    folder = daemon.library / "Moon - Tide"
    before, inode = daemon.tracks()[0], folder.stat().st_ino
    shutil.copy(folder / "vocals.flac", folder / "something of the user's.flac")
    with open_database(daemon.database) as db:
        entry = enter_file(db, path, replace=True, preset="spleeter", library=daemon.library)
    assert entry.job is not None
    daemon.wait_for_jobs(done=2)
    (after,) = daemon.tracks()
    assert (after["id"], after["folder"], after["added_at"]) == (
        before["id"], before["folder"], before["added_at"]
    )  # fmt: skip
    assert (before["preset"], after["preset"]) == ("fast", "spleeter")
    assert folder.stat().st_ino != inode
    assert list((daemon.library / ".incoming").iterdir()) == []
    daemon.assert_sound()
