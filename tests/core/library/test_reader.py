"""The library as a program reads it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import minusone
from core.errors import StoreError, UsageError
from core.library.reader import Library
from core.store.database import open_database
from core.store.jobs import add_job, claim, complete
from core.store.records import FileState, NewJob, NewTrack, Origin, Original, SongFacts, Stem


def add(database: Path, title: str, artist: str, sha: str) -> None:
    with open_database(database) as db:
        facts = SongFacts(title, artist)
        add_job(db, NewJob(Path("/x"), FileState(1, 1, 1), sha * 64, facts, Origin.INBOX))
        job = claim(db, "test")
        assert job is not None
        track = NewTrack(
            sha256=sha * 64,
            folder=f"{artist} - {title}",
            title=title,
            artist=artist,
            duration=1.0,
            rate=44100,
            channels=2,
            source_name="x",
            model="m",
            preset="p",
            backend="cpu",
            stems=(Stem("vocals", "vocals.flac", "flac", 1),),
        )
        complete(db, job.id, track, original=Original.KEPT, backend="cpu", realtime_factor=None)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    add(tmp_path / "minusone.db", "Tide", "Möön", "a")
    add(tmp_path / "minusone.db", "Waves", "Sea", "b")
    with Library(tmp_path / "minusone.db", tmp_path / "library") as opened:
        yield opened


def test_tracks_come_in_pages_and_orders(library: Library) -> None:
    assert len(library) == 2
    assert [track.title for track in library.tracks(sort="title", descending=True)] == [
        "Waves",
        "Tide",
    ]
    assert [track.title for track in library.tracks(limit=1, offset=1)] == ["Waves"]


def test_words_are_found_by_how_they_begin(library: Library) -> None:
    (track,) = library.search("moo")
    assert track.title == "Tide"
    assert library.track(track.id) == track


def test_a_stem_is_a_file_in_the_library(library: Library, tmp_path: Path) -> None:
    (track,) = library.search("tide")
    path = library.stem(track, "vocals")
    assert path == tmp_path / "library" / "Möön - Tide" / "vocals.flac"


def test_what_is_not_there_is_said_with_what_is(library: Library) -> None:
    (track,) = library.search("tide")
    with pytest.raises(UsageError, match="Its stems: vocals"):
        library.stem(track, "drums")
    with pytest.raises(UsageError, match="artist"):
        library.tracks(sort="colour")
    with pytest.raises(UsageError):
        library.track(99)


def test_the_configured_library_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(tmp_path / "minusone.db", "Tide", "Moon", "a")
    config = tmp_path / "config.toml"
    config.write_text('library = "library"\ndatabase = "minusone.db"\n')
    monkeypatch.setenv("MINUSONE_CONFIG", str(config))
    with minusone.open_library() as library:
        assert library.folder == tmp_path / "library"
        assert len(library) == 1


def test_before_anything_was_separated_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="minusoned"):
        Library(tmp_path / "minusone.db", tmp_path)
