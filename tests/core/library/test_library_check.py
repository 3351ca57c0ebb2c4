"""What a check of the library finds, what it leaves alone, and what it mends."""

import hashlib
import os
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from core.errors import LibraryError
from core.fingerprint import file_state
from core.library.check import check_library
from core.library.problems import Problem, ProblemKind
from core.library.record import write_record
from core.library.repair import repair
from core.library.root import LIBRARY_MARK, STAGING, create_library, staging_folder
from core.store.database import Database, open_database, read_database
from core.store.jobs import add_job, claim, complete, get_job, intend, list_jobs
from core.store.libraryid import set_library_id
from core.store.records import (
    Job,
    JobState,
    NewJob,
    NewTrack,
    Origin,
    Original,
    SongFacts,
    Stem,
    Track,
)
from core.store.trackrows import put_track
from core.store.tracks import find_track, remove_track


@dataclass(frozen=True, slots=True)
class Shelf:
    """A library of few bytes, and the database that goes with it."""

    db: Database
    library: Path
    music: Path

    def queue(self, name: str) -> Job:
        source = self.music / f"{name}.mp3"
        source.write_bytes(name.encode())
        new = NewJob(
            source=source,
            state=file_state(source),
            sha256=hashlib.sha256(name.encode()).hexdigest(),
            facts=SongFacts(name),
            origin=Origin.INBOX,
        )
        job = add_job(self.db, new)
        assert job is not None
        return job

    def new_track(self, name: str, **changes: Any) -> NewTrack:
        new = NewTrack(
            sha256=hashlib.sha256(name.encode()).hexdigest(),
            folder=name,
            title=name,
            duration=1.0,
            rate=44100,
            channels=2,
            source_name=f"{name}.mp3",
            model="spleeter-2stems",
            preset="balanced",
            backend="cpu",
            stems=(Stem("vocals", "vocals.flac", "flac", 10),),
        )
        return replace(new, **changes)

    def fill(self, name: str, new: NewTrack, job: int) -> Path:
        folder = self.library / name
        folder.mkdir()
        for stem in new.stems:
            (folder / stem.file).write_bytes(b"s" * stem.bytes)
        for extra in (*new.lyrics, *((new.cover,) if new.cover else ())):
            (folder / extra).write_bytes(b"x")
        write_record(folder, job, new)
        return folder

    def add(self, name: str, **changes: Any) -> Track:
        """Bring a track into the library, as the daemon does."""
        job = self.queue(name)
        claim(self.db, "tests")
        new = self.new_track(name, **changes)
        self.fill(name, new, job.id)
        return complete(
            self.db, job.id, new, original=Original.KEPT, backend="cpu", realtime_factor=None
        )

    def check(self, *, thorough: bool = False) -> list[Problem]:
        return list(check_library(self.db, self.library, thorough=thorough))

    def kinds(self) -> list[ProblemKind]:
        return [problem.kind for problem in self.check()]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    library, music = tmp_path / "library", tmp_path / "music"
    music.mkdir()
    with open_database(tmp_path / "state" / "minusone.db") as db:
        set_library_id(db, create_library(library))
        yield Shelf(db, library, music)


def test_whole_library_has_no_problems(shelf: Shelf) -> None:
    shelf.add("One", lyrics=("lyrics.lrc",), cover="cover.jpg")
    shelf.add("Two")
    (shelf.library / ".trash" / "Old").mkdir(parents=True)
    (shelf.library / "notes.txt").write_text("mine")
    assert shelf.check() == []


def test_nothing_is_written_by_a_check(shelf: Shelf) -> None:
    shelf.add("One")
    (shelf.library / "Two").mkdir()
    with read_database(shelf.db.path) as db:
        found = list(check_library(db, shelf.library))
    assert [problem.kind for problem in found] == [ProblemKind.FOREIGN]


@pytest.mark.parametrize("away", ["no folder", "no mark", "other mark"])
def test_library_that_is_away_is_not_concluded_from(shelf: Shelf, away: str) -> None:
    shelf.add("One")
    if away == "no folder":
        shelf.library.rename(shelf.library.with_name("unmounted"))
    else:
        (shelf.library / LIBRARY_MARK).unlink()
    if away == "other mark":
        create_library(shelf.library)
    with pytest.raises(LibraryError) as caught:
        check_library(shelf.db, shelf.library)
    assert "Nothing was concluded" in caught.value.detail


def test_library_that_goes_away_meanwhile_ends_the_check(shelf: Shelf) -> None:
    for number in range(3):
        shelf.add(f"Song {number}")
    (shelf.library / "Song 0" / "vocals.flac").unlink()
    problems = check_library(shelf.db, shelf.library)
    assert next(problems).kind is ProblemKind.STEM_MISSING
    shelf.library.rename(shelf.library.with_name("unmounted"))
    with pytest.raises(LibraryError):
        list(problems)


def test_missing_folder(shelf: Shelf) -> None:
    track = shelf.add("One")
    (shelf.library / "One").rename(shelf.music / "One")
    (problem,) = shelf.check()
    assert problem.kind is ProblemKind.FOLDER_MISSING
    assert (problem.track_id, problem.path) == (track.id, shelf.library / "One")
    assert "track 1 (One)" in problem.text
    assert "--repair" in problem.advice


def test_file_in_the_place_of_a_folder(shelf: Shelf) -> None:
    shelf.add("One")
    (shelf.library / "One").rename(shelf.music / "One")
    (shelf.library / "One").write_text("no folder")
    assert shelf.kinds() == [ProblemKind.FOLDER_MISSING]


def test_missing_stem_other_size_and_missing_lyrics(shelf: Shelf) -> None:
    stems = (
        Stem("vocals", "vocals.flac", "flac", 10),
        Stem("drums", "drums.flac", "flac", 20),
        Stem("bass", "bass.flac", "flac", 30),
    )
    shelf.add("One", stems=stems, lyrics=("lyrics.lrc",), cover="cover.jpg")
    folder = shelf.library / "One"
    (folder / "vocals.flac").unlink()
    (folder / "drums.flac").write_bytes(b"s" * 19)
    (folder / "lyrics.lrc").unlink()
    (folder / "cover.jpg").unlink()
    missing, size, lyrics, cover = shelf.check()
    assert (missing.kind, missing.path) == (ProblemKind.STEM_MISSING, folder / "vocals.flac")
    assert size.kind is ProblemKind.STEM_SIZE
    assert "19 bytes instead of 20" in size.text
    assert [lyrics.kind, cover.kind] == [ProblemKind.EXTRA_MISSING] * 2


def test_folder_in_the_place_of_a_stem(shelf: Shelf) -> None:
    shelf.add("One")
    (shelf.library / "One" / "vocals.flac").unlink()
    (shelf.library / "One" / "vocals.flac").mkdir()
    assert shelf.kinds() == [ProblemKind.STEM_MISSING]


def test_folder_that_cannot_be_read(shelf: Shelf) -> None:
    shelf.add("One")
    (shelf.library / "One").rename(shelf.music / "One")
    (shelf.library / "One").symlink_to("One")  # A circle, which not even root can enter.
    (problem,) = shelf.check()
    assert problem.kind is ProblemKind.UNREADABLE
    assert "cannot be read" in problem.text


def test_link_in_a_circle_spoils_nothing_else(shelf: Shelf) -> None:
    shelf.add("One")
    (shelf.library / "One" / "loop").symlink_to("loop")
    (shelf.library / "Circle").symlink_to("Circle")
    (problem,) = shelf.check()
    assert (problem.kind, problem.path.name) == (ProblemKind.FOREIGN, "Circle")


def write_stem(path: Path, frames: int) -> int:
    samples = np.sin(np.arange(frames) / 20)[:, None].repeat(2, axis=1)
    soundfile.write(path, samples, 44100, "PCM_16", format="FLAC")
    return path.stat().st_size


def test_thorough_check_hears_what_the_size_does_not_tell(shelf: Shelf) -> None:
    size = write_stem(shelf.music / "stem.flac", 44100)
    stems = tuple(Stem(name, f"{name}.flac", "flac", size) for name in ("good", "bad"))
    shelf.add("One", stems=stems)
    whole = (shelf.music / "stem.flac").read_bytes()
    (shelf.library / "One" / "good.flac").write_bytes(whole)
    (shelf.library / "One" / "bad.flac").write_bytes(bytes(size))
    assert shelf.check() == []
    (problem,) = shelf.check(thorough=True)
    assert problem.kind is ProblemKind.STEM_DAMAGED
    assert problem.path.name == "bad.flac"


def test_thorough_check_notices_a_stem_that_is_too_short(shelf: Shelf) -> None:
    size = write_stem(shelf.music / "stem.flac", 22050)
    shelf.add("One", stems=(Stem("vocals", "vocals.flac", "flac", size),))
    whole = (shelf.music / "stem.flac").read_bytes()
    (shelf.library / "One" / "vocals.flac").write_bytes(whole)
    (problem,) = shelf.check(thorough=True)
    assert "ends after 0.5 s, not after 1.0 s" in problem.text


def test_folders_that_nobody_knows(shelf: Shelf) -> None:
    track = shelf.add("Known")
    shelf.fill("Lost", shelf.new_track("Lost"), 7)
    shelf.fill("Copy of Known", shelf.new_track("Known"), 1)
    (shelf.library / "Holiday photos").mkdir()
    (shelf.library / os.fsdecode(b"caf\xe9 \xff")).mkdir()
    by_name = {problem.path.name: problem for problem in shelf.check()}
    assert {name: problem.kind for name, problem in by_name.items()} == {
        "Lost": ProblemKind.ORPHAN,
        "Copy of Known": ProblemKind.COPY,
        "Holiday photos": ProblemKind.FOREIGN,
        os.fsdecode(b"caf\xe9 \xff"): ProblemKind.FOREIGN,
    }
    assert by_name["Copy of Known"].track_id == track.id


def test_names_that_differ_in_capitals_only(shelf: Shelf) -> None:
    shelf.add("Somebody - Song")
    (shelf.library / "SOMEBODY - song").mkdir()
    assert shelf.kinds() == [ProblemKind.CLASH]


def test_name_in_another_composition_is_the_same(shelf: Shelf) -> None:
    shelf.add("Für Elise")
    # As a Mac, or a share that one exports, would give it back.
    (shelf.library / "Für Elise").rename(shelf.library / "Fu\u0308r Elise")
    (shelf.library / "Für Elise").symlink_to("Fu\u0308r Elise")
    assert shelf.kinds() == []


def test_what_a_separation_left_and_what_one_is_writing(shelf: Shelf) -> None:
    job = shelf.queue("One")
    claim(shelf.db, "tests")
    staging_folder(shelf.library, job.id).mkdir(parents=True)
    left = shelf.library / STAGING / "99-abcdef"
    left.mkdir()
    (problem,) = shelf.check()
    assert (problem.kind, problem.path) == (ProblemKind.LEFTOVER, left)


def test_track_that_is_being_published_is_no_problem(shelf: Shelf) -> None:
    job = shelf.queue("One")
    claim(shelf.db, "tests")
    intend(shelf.db, job.id, "One")
    shelf.fill("One", shelf.new_track("One"), job.id)  # Renamed, and its row not written yet.
    assert shelf.check() == []


def test_track_that_is_being_replaced_is_no_problem(shelf: Shelf) -> None:
    shelf.add("One")
    again = add_job(shelf.db, replace(_job_like(shelf, "One"), replace=True))
    assert again is not None
    claim(shelf.db, "tests")
    intend(shelf.db, again.id, "One")
    (shelf.library / "One" / "vocals.flac").write_bytes(b"another length")
    assert shelf.check() == []


def _job_like(shelf: Shelf, name: str) -> NewJob:
    job = list_jobs(shelf.db, newest_first=True)[0]
    assert job.facts.title == name
    return NewJob(job.source, job.file, job.sha256, job.facts, job.origin)


def test_track_that_is_removed_meanwhile_is_no_problem(shelf: Shelf) -> None:
    tracks = [shelf.add(f"Song {number}") for number in range(2)]
    for track in tracks:
        (shelf.library / track.folder / "vocals.flac").unlink()
    problems = check_library(shelf.db, shelf.library)
    assert next(problems).track_id == tracks[0].id
    remove_track(shelf.db, tracks[1].id)
    assert [problem.kind for problem in problems] == [ProblemKind.ORPHAN]


def test_orphan_is_entered_with_everything_it_knows(shelf: Shelf) -> None:
    new = shelf.new_track("Lost", artist="Somebody", bpm=99.0, lyrics=("lyrics.lrc",))
    folder = shelf.fill("Moved here", new, 7)
    os.utime(folder / ".minusone.json", (1e9, 1e9))
    (problem,) = shelf.check()
    done = repair(shelf.db, problem)
    assert done.mended
    track = find_track(shelf.db, new.sha256)
    assert track is not None
    assert (track.folder, track.artist, track.bpm) == ("Moved here", "Somebody", 99.0)
    assert track.added_at == 1e9
    assert shelf.check() == []


def test_orphan_that_is_not_whole_is_not_entered(shelf: Shelf) -> None:
    folder = shelf.fill("Lost", shelf.new_track("Lost"), 7)
    (folder / "vocals.flac").write_bytes(b"short")
    (problem,) = shelf.check()
    done = repair(shelf.db, problem)
    assert not done.mended
    assert "vocals.flac" in done.text
    assert find_track(shelf.db, shelf.new_track("Lost").sha256) is None


def test_damaged_track_is_separated_once_more(shelf: Shelf) -> None:
    track = shelf.add("One", model="spleeter-4stems", preset="best")
    (shelf.library / "One" / "vocals.flac").unlink()
    (problem,) = shelf.check()
    done = repair(shelf.db, problem, now=5.0)
    assert done.mended
    job = list_jobs(shelf.db, states={JobState.QUEUED})[0]
    assert (job.replace, job.sha256, job.source) == (True, track.sha256, shelf.music / "One.mp3")
    assert (job.model, job.preset, job.queued_at) == ("spleeter-4stems", "best", 5.0)
    assert "already" in repair(shelf.db, problem).text
    assert len(list_jobs(shelf.db, states={JobState.QUEUED})) == 1


def test_original_that_was_copied_back_is_known_by_its_content(shelf: Shelf) -> None:
    shelf.add("One")
    (shelf.library / "One" / "vocals.flac").unlink()
    os.utime(shelf.music / "One.mp3", (1e9, 1e9))
    (problem,) = shelf.check()
    assert repair(shelf.db, problem).mended


@pytest.mark.parametrize("content", [None, b"two", b"another song"])
def test_without_the_original_the_person_is_asked_for_it(
    shelf: Shelf, content: bytes | None
) -> None:
    shelf.add("One")
    (shelf.library / "One" / "vocals.flac").unlink()
    (shelf.music / "One.mp3").unlink()
    if content is not None:
        (shelf.music / "One.mp3").write_bytes(content)
    (problem,) = shelf.check()
    done = repair(shelf.db, problem)
    assert not done.mended
    assert "minusone add --again" in done.text
    assert "One.mp3" in done.text


def test_other_problems_are_left_to_people(shelf: Shelf) -> None:
    shelf.add("Known", cover="cover.jpg")
    shelf.fill("Copy", shelf.new_track("Known"), 1)
    (shelf.library / "Photos").mkdir()
    (shelf.library / "KNOWN").mkdir()
    (shelf.library / "Known" / "cover.jpg").unlink()
    (shelf.library / STAGING / "99-abcdef").mkdir(parents=True)
    before = sorted(shelf.library.rglob("*"))
    problems = shelf.check()
    assert len(problems) == 5
    for problem in problems:
        done = repair(shelf.db, problem)
        assert (done.mended, done.text) == (False, "")
    assert sorted(shelf.library.rglob("*")) == before
    assert get_job(shelf.db, 1).state is JobState.DONE


def test_memory_and_time_do_not_grow_with_the_library(shelf: Shelf) -> None:
    def grow(begin: int, end: int) -> None:
        with shelf.db.transaction():
            for number in range(begin, end):
                new = shelf.new_track(f"Song {number}")
                folder = shelf.library / new.folder
                folder.mkdir()
                (folder / "vocals.flac").write_bytes(b"s" * 10)
                put_track(shelf.db, new, float(number))

    def peak() -> int:
        tracemalloc.start()
        assert shelf.check() == []
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    grow(0, 500)
    shelf.check()
    small = peak()
    grow(500, 3000)
    begun = time.process_time()
    assert shelf.check() == []
    seconds = time.process_time() - begun
    # 2,500 more tracks held at once would take 8 MB. Python's own table of path names may grow.
    assert peak() < small + 3_000_000
    # 10,000 tracks in seconds: 1 ms each is far more than it takes.
    assert seconds < 3.0
