"""From a finished staging folder to a track, and back to the truth after a crash."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StoreError
from core.library.record import write_record
from core.library.root import create_library, publish_folder, staging_folder
from core.store.database import Database, open_database
from core.store.jobs import add_job, claim, get_job, intend
from core.store.records import (
    FileState,
    Job,
    JobState,
    NewJob,
    NewTrack,
    Origin,
    Original,
    SongFacts,
    Stem,
)
from core.store.tracks import find_track, list_tracks
from daemon.publish import Publisher


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "minusone.db") as opened:
        yield opened


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    create_library(folder)
    return folder


@pytest.fixture
def publisher(db: Database, library: Path) -> Publisher:
    return Publisher(db, library)


def claimed(db: Database, sha: str = "a", *, replace: bool = False) -> Job:
    facts = SongFacts("Tide", "Moon")
    state = FileState(1, 2, 3)
    new = NewJob(Path("/x.wav"), state, sha * 64, facts, Origin.INBOX, replace=replace)
    add_job(db, new)
    job = claim(db, "test")
    assert job is not None
    return job


def staged(library: Path, job: Job, sound: bytes = b"music") -> Path:
    staging = staging_folder(library, job.id)
    staging.mkdir(parents=True)
    (staging / "vocals.flac").write_bytes(sound)
    return staging


def track(sound: bytes = b"music", folder: str = "", sha256: str = "") -> NewTrack:
    return NewTrack(
        sha256=sha256,
        folder=folder,
        title="Tide",
        artist="Moon",
        duration=1.0,
        rate=44100,
        channels=2,
        source_name="x.wav",
        model="m",
        preset="p",
        backend="cpu",
        stems=(Stem("vocals", "vocals.flac", "flac", len(sound)),),
    )


def test_a_finished_song_has_folder_rows_and_an_end(
    db: Database, library: Path, publisher: Publisher
) -> None:
    job = claimed(db)
    made = publisher.publish(job, staged(library, job), track(), Original.KEPT, 50.0)
    assert made.folder == "Moon - Tide"
    assert (library / "Moon - Tide" / "vocals.flac").read_bytes() == b"music"
    ended = get_job(db, job.id)
    assert (ended.state, ended.track_id, ended.folder) == (JobState.DONE, made.id, None)


def test_another_song_of_that_name_gets_a_number(
    db: Database, library: Path, publisher: Publisher
) -> None:
    for sha in "abc":
        job = claimed(db, sha)
        publisher.publish(job, staged(library, job), track(), Original.KEPT, 50.0)
    folders = [one.folder for one in list_tracks(db)]
    assert sorted(folders) == ["Moon - Tide", "Moon - Tide (2)", "Moon - Tide (3)"]


def test_a_folder_that_somebody_else_made_is_left_alone(
    db: Database, library: Path, publisher: Publisher
) -> None:
    (library / "Moon - Tide").mkdir()
    (library / "Moon - Tide" / "mine.txt").write_text("mine")
    job = claimed(db)
    made = publisher.publish(job, staged(library, job), track(), Original.KEPT, 50.0)
    assert made.folder == "Moon - Tide (2)"
    assert (library / "Moon - Tide" / "mine.txt").read_text() == "mine"


def test_a_song_that_is_separated_again_keeps_folder_and_number(
    db: Database, library: Path, publisher: Publisher
) -> None:
    first = claimed(db)
    before = publisher.publish(first, staged(library, first), track(), Original.KEPT, 50.0)
    again = claimed(db, replace=True)
    staging = staged(library, again, b"better music")
    after = publisher.publish(again, staging, track(b"better music"), Original.KEPT, 50.0)
    assert (after.id, after.folder) == (before.id, before.folder)
    assert (library / after.folder / "vocals.flac").read_bytes() == b"better music"
    assert not staging.exists()
    assert len(list_tracks(db)) == 1


def test_a_track_whose_folder_is_gone_gets_it_back(
    db: Database, library: Path, publisher: Publisher
) -> None:
    first = claimed(db)
    before = publisher.publish(first, staged(library, first), track(), Original.KEPT, 50.0)
    (library / before.folder).rename(library.parent / "elsewhere")
    again = claimed(db, replace=True)
    after = publisher.publish(again, staged(library, again), track(), Original.KEPT, 50.0)
    assert (library / after.folder).is_dir()
    assert after.id == before.id


def test_a_crash_before_the_rename_puts_the_job_back(
    db: Database, library: Path, publisher: Publisher
) -> None:
    job = claimed(db)
    staging = staged(library, job)
    write_record(staging, job.id, track(folder="Moon - Tide", sha256=job.sha256 or ""))
    intend(db, job.id, "Moon - Tide")
    assert publisher.settle(get_job(db, job.id), Original.KEPT) is None
    assert get_job(db, job.id).state is JobState.QUEUED
    assert list_tracks(db) == []


def test_a_crash_after_the_rename_finishes_the_job(
    db: Database, library: Path, publisher: Publisher
) -> None:
    job = claimed(db)
    staging = staged(library, job)
    write_record(staging, job.id, track(folder="Moon - Tide", sha256=job.sha256 or ""))
    intend(db, job.id, "Moon - Tide")
    publish_folder(staging, library, "Moon - Tide")
    made = publisher.settle(get_job(db, job.id), Original.PENDING)
    assert made is not None
    assert (made.folder, made.stems[0].file) == ("Moon - Tide", "vocals.flac")
    ended = get_job(db, job.id)
    assert (ended.state, ended.original) == (JobState.DONE, Original.PENDING)


def test_somebody_elses_folder_of_the_intended_name_is_not_taken_for_the_result(
    db: Database, library: Path, publisher: Publisher
) -> None:
    job = claimed(db)
    intend(db, job.id, "Moon - Tide")
    (library / "Moon - Tide").mkdir()
    write_record(library / "Moon - Tide", job.id, track(sha256="f" * 64, folder="Moon - Tide"))
    assert publisher.settle(get_job(db, job.id), Original.KEPT) is None
    assert find_track(db, "f" * 64) is None


def test_a_database_that_refuses_at_the_end_leaves_what_settling_needs(
    db: Database, library: Path, publisher: Publisher
) -> None:
    job = claimed(db)
    db.change("CREATE TRIGGER refuse BEFORE INSERT ON tracks BEGIN SELECT raise(ABORT, 'no'); END")
    with pytest.raises(StoreError):
        publisher.publish(job, staged(library, job), track(), Original.KEPT, 50.0)
    assert (library / "Moon - Tide").is_dir()
    db.change("DROP TRIGGER refuse")
    assert publisher.settle(get_job(db, job.id), Original.KEPT) is not None
    assert get_job(db, job.id).state is JobState.DONE
