"""Finding the lyrics of a song or a track."""

import unicodedata
from pathlib import Path

import pytest

from core.lyrics.discovery import best_lyrics, lyrics_beside, lyrics_in_track
from core.lyrics.model import Timing

LRC = b"[00:01.00]la\n"
ELRC = b"[00:01.00]<00:01.00>la\n"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "My Song.mp3"
    path.write_bytes(b"sound")
    return path


def put(folder: Path, name: str, data: bytes = b"la\n") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_files_of_a_track(tmp_path: Path) -> None:
    for name in ("lyrics.txt", "lyrics.lrc", "Lyrics.ELRC", "lyrics.cdg", "other.lrc"):
        put(tmp_path, name)
    found = [path.name for path in lyrics_in_track(tmp_path)]
    assert found == ["Lyrics.ELRC", "lyrics.lrc", "lyrics.txt"]


def test_a_track_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert lyrics_in_track(tmp_path / "no") == ()
    assert lyrics_beside(tmp_path / "no" / "song.mp3") == ()


def test_files_beside_a_song(song: Path) -> None:
    for name in ("My Song.txt", "my song.LRC", "My Song.mp3.elrc", "My Song.cdg", "Other.lrc"):
        put(song.parent, name)
    found = [path.name for path in lyrics_beside(song)]
    assert found == ["My Song.mp3.elrc", "my song.LRC", "My Song.txt"]


@pytest.mark.parametrize("named", ["two.mp3", "TWO.ogg", "C:\\songs\\two.mp3"])
def test_ultrastar_song_that_names_the_audio(tmp_path: Path, duet_file: str, named: str) -> None:
    song = put(tmp_path, "two.mp3", b"sound")
    text = put(tmp_path, "song.txt", duet_file.replace("two.mp3", named).encode())
    put(tmp_path, "notes.txt", b"#MP3:two.mp3\njust text\n")
    put(tmp_path, "license.txt")
    assert lyrics_beside(song) == (text,)
    assert lyrics_beside(put(tmp_path, "three.mp3", b"sound")) == ()


def test_names_from_a_mac(tmp_path: Path, duet_file: str) -> None:
    song = put(tmp_path, unicodedata.normalize("NFD", "été.mp3"), b"sound")
    text = put(tmp_path, "song.txt", duet_file.replace("two.mp3", "été.mp3").encode())
    assert lyrics_beside(song) == (text,)


def test_finest_times_are_best(tmp_path: Path, duet_file: str) -> None:
    paths = [
        put(tmp_path, "a.txt"),
        put(tmp_path, "b.lrc", LRC),
        put(tmp_path, "c.elrc", ELRC),
        put(tmp_path, "d.txt", duet_file.encode()),
    ]
    for count, path in enumerate(paths, 1):
        found = best_lyrics(paths[:count])
        assert found is not None
        assert found.path == path


def test_of_equals_the_first_is_best(tmp_path: Path) -> None:
    paths = [put(tmp_path, "b.lrc", LRC), put(tmp_path, "a.lrc", LRC)]
    found = best_lyrics(paths)
    assert found is not None
    assert found.path == paths[0]
    assert found.lyrics.timing is Timing.LINES


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    paths = [put(tmp_path, "bad.lrc", b""), tmp_path / "missing.lrc", put(tmp_path, "a.lrc", LRC)]
    found = best_lyrics(paths)
    assert found is not None
    assert found.path == paths[2]
    assert [text.split()[0].rstrip(":") for text in found.skipped] == ["bad.lrc", "missing.lrc"]
    assert best_lyrics(paths[:2]) is None
    assert best_lyrics(()) is None
