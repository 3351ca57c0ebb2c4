"""A daemon that starts after one that ended between two steps of bringing a song into the library.

Each state is made by hand, so that it is met for certain.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.intake import enter_file
from core.library.durable import exchange_names
from core.library.record import write_record
from core.store.database import open_database
from core.store.jobs import claim, intend
from core.store.records import NewTrack, Stem
from core.store.trackrows import put_track
from core.store.tracks import remove_track
from daemon.startup import ready_library

Song = Callable[..., Path]
STEMS = ("accompaniment", "vocals")


def staged(daemon: Any) -> list[Path]:
    return list((daemon.library / ".incoming").glob("*"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def interrupted(daemon, song: Song) -> Path:
    """The folder of a finished song whose job runs again; the daemon is dead, the row is there."""
    path = song(daemon.folder / "Band - Song.wav")
    folder = daemon.library / "Band - Song"
    with open_database(daemon.database) as db:
        ready_library(db, daemon.library)
        entry = enter_file(db, path)
        assert entry.job is not None
        assert entry.job.sha256 is not None
        folder.mkdir()
        for stem in STEMS:
            shutil.copy(path, folder / f"{stem}.flac")
        size = path.stat().st_size
        track = NewTrack(
            sha256=entry.job.sha256,
            folder=folder.name,
            title="Song",
            artist="Band",
            duration=1.0,
            rate=22050,
            channels=1,
            source_name=path.name,
            model="spleeter-2stems",
            preset="balanced",
            backend="cpu",
            stems=tuple(Stem(stem, f"{stem}.flac", "flac", size) for stem in STEMS),
        )
        write_record(folder, entry.job.id, track)
        claim(db, "minusoned 1")
        with db.transaction():
            put_track(db, track, 1.0)
    (daemon.library / ".incoming").mkdir()
    return folder


def finish(daemon: Any, done: int = 1) -> None:
    """Have a daemon do the rest; everything must be whole then."""
    daemon.start("--once")
    assert daemon.ended() == 0
    daemon.wait_for_jobs(done=done)
    assert len(daemon.jobs()) == done
    assert staged(daemon) == []
    daemon.assert_sound()


def without_row(daemon: Any) -> None:
    with open_database(daemon.database) as db:
        remove_track(db, 1)


def into_staging(daemon: Any, folder: Path) -> Path:
    staging = daemon.library / ".incoming" / "1-0011aabb"
    folder.rename(staging)
    return staging


def test_stems_were_complete_but_nobody_knew(daemon, interrupted: Path) -> None:
    without_row(daemon)
    staging = into_staging(daemon, interrupted)
    (staging / ".minusone.json").unlink()
    finish(daemon)
    assert daemon.folders() == ["Band - Song"]
    assert daemon.jobs()[0]["attempts"] == 2


def test_place_was_chosen_but_the_folder_not_yet_there(daemon, interrupted: Path) -> None:
    without_row(daemon)
    into_staging(daemon, interrupted)
    with open_database(daemon.database) as db:
        intend(db, 1, "Band - Song")
    finish(daemon)
    assert daemon.folders() == ["Band - Song"]
    assert daemon.jobs()[0]["folder"] is None


def test_folder_was_in_the_library_but_not_in_the_database(daemon, interrupted: Path) -> None:
    before = contents(interrupted)
    without_row(daemon)
    with open_database(daemon.database) as db:
        intend(db, 1, "Band - Song")
    finish(daemon)
    # It is not separated twice.
    assert daemon.jobs()[0]["attempts"] == 1
    assert contents(interrupted) == before
    assert "was complete when the daemon ended: Band - Song" in daemon.said()


def test_folder_of_somebody_else_at_the_chosen_place_is_left_alone(
    daemon, interrupted: Path
) -> None:
    without_row(daemon)
    into_staging(daemon, interrupted)
    interrupted.mkdir()
    (interrupted / "letter.txt").write_text("mine")
    with open_database(daemon.database) as db:
        intend(db, 1, "Band - Song")
    daemon.start("--once")
    assert daemon.ended() == 0
    assert daemon.folders() == ["Band - Song", "Band - Song (2)"]
    assert [track["folder"] for track in daemon.tracks()] == ["Band - Song (2)"]
    assert [path.name for path in interrupted.iterdir()] == ["letter.txt"]
    assert staged(daemon) == []


def again(daemon: Any, folder: Path) -> Path:
    """Make a second version of a track in staging, as made by job 1 for the same content."""
    staging = daemon.library / ".incoming" / "1-0011aabb"
    shutil.copytree(folder, staging)
    # The former version came from another job.
    record = json.loads((folder / ".minusone.json").read_text())
    record["job"] = 77
    (folder / ".minusone.json").write_text(json.dumps(record))
    with open_database(daemon.database) as db:
        db.change("UPDATE jobs SET replace = 1")
        intend(db, 1, folder.name)
    return staging


def made_by(folder: Path) -> int:
    return int(json.loads((folder / ".minusone.json").read_text())["job"])


def test_replacement_was_ready_but_not_exchanged(daemon, interrupted: Path) -> None:
    again(daemon, interrupted)
    assert made_by(interrupted) == 77
    finish(daemon)
    assert daemon.jobs()[0]["attempts"] == 2
    assert made_by(interrupted) == 1
    assert [track["id"] for track in daemon.tracks()] == [1]


def test_replacement_was_exchanged_but_the_row_is_old(daemon, interrupted: Path) -> None:
    staging = again(daemon, interrupted)
    assert exchange_names(staging, interrupted)
    assert made_by(staging) == 77
    finish(daemon)
    assert daemon.jobs()[0]["attempts"] == 1
    assert made_by(interrupted) == 1


@pytest.mark.parametrize("steps", [1, 2])
def test_exchange_in_steps_was_not_over(daemon, interrupted: Path, steps: int) -> None:
    staging = again(daemon, interrupted)
    # As on a file system that cannot exchange two names at once.
    aside = interrupted.rename(staging.with_name("Band - Song.replaced"))
    if steps == 2:
        staging.rename(interrupted)
    assert made_by(aside) == 77
    finish(daemon)
    assert daemon.jobs()[0]["attempts"] == 3 - steps
    assert made_by(interrupted) == 1
    names = {path.name for path in interrupted.iterdir()}
    assert names == {"accompaniment.flac", "vocals.flac", ".minusone.json"}


def test_rows_were_written_but_the_former_folder_not_removed(daemon, interrupted: Path) -> None:
    with open_database(daemon.database) as db:
        db.change("UPDATE jobs SET state = 'done', worker = NULL, track_id = 1")
    shutil.copytree(interrupted, daemon.library / ".incoming" / "1-0011aabb")
    before = contents(interrupted)
    finish(daemon)
    assert contents(interrupted) == before
