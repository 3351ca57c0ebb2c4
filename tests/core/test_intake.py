"""A song enters the queue once, whatever it is called and however often it comes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.audio.encode import open_writer
from core.audio.formats import Codec, OutputFormat
from core.errors import AudioError
from core.intake import enter_file
from core.library.root import create_library
from core.store.database import Database, open_database
from core.store.jobs import claim, complete, fail, get_job, list_jobs
from core.store.libraryid import set_library_id
from core.store.records import JobState, NewTrack, Origin, Original, Outcome, Stem


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "minusone.db") as opened:
        yield opened


def write(path: Path, level: float = 0.1) -> Path:
    with open_writer(path, OutputFormat(Codec.WAV, 16), 8000, 1) as writer:
        writer.write(np.full((8000, 1), level, np.float32))
    return path


def finish(db: Database, library: Path, folder: str = "Song") -> int:
    """Do what a worker and the publisher do, without the music."""
    job = claim(db, "test")
    assert job is not None
    assert job.sha256 is not None
    if not library.exists():
        set_library_id(db, create_library(library))
    (library / folder).mkdir(parents=True)
    track = NewTrack(
        sha256=job.sha256,
        folder=folder,
        title="Song",
        duration=1.0,
        rate=8000,
        channels=1,
        source_name="song.wav",
        model="m",
        preset="p",
        backend="cpu",
        stems=(Stem("vocals", "vocals.flac", "flac", 10),),
    )
    made = complete(db, job.id, track, original=Original.KEPT, backend="cpu", realtime_factor=1.0)
    return made.id


def test_a_new_song_is_queued_with_what_is_known_of_it(db: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "Moon - Tide.wav")
    entry = enter_file(db, path, priority=3, model="other", now=5.0)
    assert entry.outcome is Outcome.JOB
    assert entry.job is not None
    job = get_job(db, entry.job.id)
    assert (job.state, job.origin, job.priority) == (JobState.QUEUED, Origin.ADDED, 3)
    assert (job.facts.artist, job.facts.title, job.model) == ("Moon", "Tide", "other")
    assert (job.source, job.file.size, job.queued_at) == (path, path.stat().st_size, 5.0)
    assert job.mount


def test_the_same_content_under_another_name_is_queued_once(db: Database, tmp_path: Path) -> None:
    first = enter_file(db, write(tmp_path / "a.wav"))
    second = enter_file(db, write(tmp_path / "b.wav"))
    assert second.outcome is Outcome.DUPLICATE
    assert second.job == first.job
    assert len(list_jobs(db)) == 1


def test_other_content_under_the_same_name_is_another_job(db: Database, tmp_path: Path) -> None:
    enter_file(db, write(tmp_path / "a.wav"))
    assert enter_file(db, write(tmp_path / "a.wav", 0.2)).outcome is Outcome.JOB
    assert len(list_jobs(db)) == 2


def test_a_queued_job_follows_its_file_to_another_name(db: Database, tmp_path: Path) -> None:
    first = enter_file(db, write(tmp_path / "a.wav"))
    moved = (tmp_path / "a.wav").rename(tmp_path / "b.wav")
    assert enter_file(db, moved).outcome is Outcome.DUPLICATE
    assert first.job is not None
    assert get_job(db, first.job.id).source == moved


def test_what_the_library_has_is_not_separated_again(db: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    enter_file(db, path)
    library = tmp_path / "library"
    track = finish(db, library)
    entry = enter_file(db, path, library=library)
    assert entry.outcome is Outcome.DUPLICATE
    assert entry.track is not None
    assert entry.track.id == track


def test_unless_its_folder_was_deleted(db: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    enter_file(db, path)
    library = tmp_path / "library"
    finish(db, library)
    (library / "Song").rmdir()
    entry = enter_file(db, path, library=library)
    assert entry.outcome is Outcome.JOB
    assert entry.job is not None
    assert entry.job.replace


def test_an_absent_library_is_no_deleted_folder(db: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    enter_file(db, path)
    library = tmp_path / "library"
    finish(db, library)
    library.rename(tmp_path / "unplugged")
    assert enter_file(db, path, library=library).outcome is Outcome.DUPLICATE
    library.mkdir()  # A mount point without its drive.
    assert enter_file(db, path, library=library).outcome is Outcome.DUPLICATE


def test_unless_somebody_wants_it_again(db: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    enter_file(db, path)
    finish(db, tmp_path / "library")
    entry = enter_file(db, path, replace=True, preset="best")
    assert entry.outcome is Outcome.JOB


def test_a_failed_song_may_come_again(db: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav")
    first = enter_file(db, path)
    assert first.job is not None
    fail(db, first.job.id, "It broke.", "")
    assert enter_file(db, path).outcome is Outcome.JOB


def test_what_is_no_song_is_refused_and_leaves_no_row(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"no sound")
    with pytest.raises(AudioError):
        enter_file(db, path)
    assert list_jobs(db) == []
