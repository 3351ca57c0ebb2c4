"""Lyrics and covers that lie beside a song."""

import os
import unicodedata
from pathlib import Path

import pytest

from core.errors import OutputError
from core.library.sidecars import (
    COVER_BYTES,
    LYRICS_BYTES,
    carry_sidecars,
    find_sidecars,
    write_cover,
)

JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
WEBP = b"RIFF\0\0\0\0WEBP" + bytes(20)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "My Song.mp3"
    path.write_bytes(b"sound")
    return path


@pytest.fixture
def track(tmp_path: Path) -> Path:
    folder = tmp_path / "track"
    folder.mkdir()
    return folder


def put(song: Path, name: str, data: bytes = b"la la") -> Path:
    path = song.with_name(name)
    path.write_bytes(data)
    return path


def test_lyrics_of_every_kind_are_carried(song: Path, track: Path) -> None:
    for suffix in ("txt", "cdg", "lrc", "elrc"):
        put(song, f"My Song.{suffix}", suffix.encode())
    carried = carry_sidecars(song, track, has_cover=False)
    assert carried.lyrics == ("lyrics.lrc", "lyrics.elrc", "lyrics.txt", "lyrics.cdg")
    assert (carried.cover, carried.warnings) == (None, ())
    assert (track / "lyrics.elrc").read_bytes() == b"elrc"
    assert {path.name for path in track.iterdir()} == set(carried.lyrics), (
        "and nothing is left over"
    )


@pytest.mark.parametrize("name", ["my song.LRC", "My Song.mp3.lrc", "MY SONG.MP3.LRC"])
def test_lyrics_are_found_under_names_alike(song: Path, name: str) -> None:
    lyrics = put(song, name)
    assert find_sidecars(song).lyrics == (lyrics,)


def test_the_very_name_goes_first(song: Path) -> None:
    put(song, "my song.lrc")
    put(song, "My Song.mp3.lrc")
    exact = put(song, "My Song.lrc")
    assert find_sidecars(song).lyrics == (exact,)


def test_names_from_a_mac_are_found(song: Path) -> None:
    composed = put(song, unicodedata.normalize("NFC", "Béyoncé.mp3"))
    decomposed = put(song, unicodedata.normalize("NFD", "Béyoncé.lrc"))
    assert find_sidecars(composed).lyrics == (decomposed,)


def test_other_songs_keep_theirs(song: Path, track: Path) -> None:
    put(song, "My Song 2.lrc")
    put(song, "readme.txt")
    assert carry_sidecars(song, track, has_cover=False).lyrics == ()


def test_a_song_is_no_sidecar_of_itself(song: Path) -> None:
    text = put(song, "odd.txt")
    assert find_sidecars(text).lyrics == ()


def test_names_that_are_no_text_are_carried(song: Path, track: Path) -> None:
    odd = put(song, os.fsdecode(b"so\xffng.mp3"))
    put(song, os.fsdecode(b"so\xffng.lrc"))
    assert carry_sidecars(odd, track, has_cover=False).lyrics == ("lyrics.lrc",)


@pytest.mark.parametrize(
    ("name", "data", "written"),
    [
        ("cover.jpg", JPEG, "cover.jpg"),
        ("Folder.JPG", JPEG, "cover.jpg"),
        ("front.jpeg", JPEG, "cover.jpg"),
        ("FRONT.png", PNG, "cover.png"),
        ("cover.webp", WEBP, "cover.webp"),
        ("cover.jpg", PNG, "cover.png"),
    ],
)
def test_the_folder_s_picture_is_carried(
    song: Path, track: Path, name: str, data: bytes, written: str
) -> None:
    put(song, name, data)
    assert carry_sidecars(song, track, has_cover=False).cover == written
    assert (track / written).read_bytes() == data


def test_cover_goes_before_folder_and_front(song: Path) -> None:
    put(song, "front.jpg", JPEG)
    put(song, "folder.jpg", JPEG)
    cover = put(song, "cover.webp", WEBP)
    assert find_sidecars(song).cover == cover


def test_a_song_s_own_picture_goes_before_the_folder_s(song: Path, track: Path) -> None:
    put(song, "cover.jpg", JPEG)
    own = write_cover(PNG, "image/png", track)
    carried = carry_sidecars(song, track, has_cover=True)
    assert (own, carried.cover) == ("cover.png", None)
    assert [path.name for path in track.iterdir()] == ["cover.png"]


def test_what_is_no_picture_stays_behind(song: Path, track: Path) -> None:
    put(song, "cover.jpg", b"<html>")
    carried = carry_sidecars(song, track, has_cover=False)
    assert carried.cover is None
    assert carried.warnings == ("cover.jpg is no picture and stays behind.",)


@pytest.mark.parametrize(
    ("data", "mime", "name"),
    [
        (JPEG, "image/jpeg", "cover.jpg"),
        (PNG, "image/jpeg", "cover.png"),
        (b"GIF89a...", "", "cover.gif"),
        (b"unknown", "image/PNG ", "cover.png"),
        (b"unknown", "image/strange", "cover.jpg"),
        (b"\0\0\0\x1cftypavif", "", "cover.avif"),
    ],
)
def test_an_embedded_picture_gets_its_true_ending(
    track: Path, data: bytes, mime: str, name: str
) -> None:
    assert write_cover(data, mime, track) == name
    assert (track / name).read_bytes() == data


def test_what_is_too_large_stays_behind(song: Path, track: Path) -> None:
    put(song, "My Song.lrc", bytes(LYRICS_BYTES + 1))
    put(song, "My Song.txt", bytes(LYRICS_BYTES))
    put(song, "cover.jpg", JPEG + bytes(COVER_BYTES))
    carried = carry_sidecars(song, track, has_cover=False)
    assert (carried.lyrics, carried.cover) == (("lyrics.txt",), None)
    assert carried.warnings == (
        "My Song.lrc is larger than 4 MiB and stays behind.",
        "cover.jpg is larger than 20 MiB and stays behind.",
    )


def test_an_empty_file_stays_behind(song: Path, track: Path) -> None:
    put(song, "My Song.lrc", b"")
    carried = carry_sidecars(song, track, has_cover=False)
    assert carried.lyrics == ()
    assert carried.warnings == ("My Song.lrc is empty and stays behind.",)


def test_a_link_is_followed_inside_the_song_s_folder_only(song: Path, track: Path) -> None:
    secret = song.parent.parent / "secret"
    secret.write_bytes(b"secret")
    song.with_name("My Song.lrc").symlink_to(secret)
    put(song, "words", b"words")
    song.with_name("My Song.txt").symlink_to("words")
    song.with_name("My Song.cdg").symlink_to("nowhere")
    carried = carry_sidecars(song, track, has_cover=False)
    assert carried.lyrics == ("lyrics.txt",)
    assert (track / "lyrics.txt").read_bytes() == b"words"
    assert not (track / "lyrics.txt").is_symlink()
    assert carried.warnings == (
        "My Song.lrc leads out of the song's folder and stays behind.",
        "My Song.cdg cannot be read (No such file or directory) and stays behind.",
    )


def test_folders_and_pipes_are_no_sidecars(song: Path, track: Path) -> None:
    song.with_name("cover.jpg").mkdir()
    os.mkfifo(song.with_name("My Song.lrc"))
    os.mkfifo(song.with_name("pipe"))
    song.with_name("My Song.txt").symlink_to("pipe")
    song.with_name("My Song.cdg").symlink_to(".")
    carried = carry_sidecars(song, track, has_cover=False)
    assert (carried.cover, carried.lyrics) == (None, ())
    assert len(carried.warnings) == 2


def test_a_song_that_has_gone_leaves_a_warning(track: Path, tmp_path: Path) -> None:
    carried = carry_sidecars(tmp_path / "gone" / "song.mp3", track, has_cover=False)
    assert (carried.cover, carried.lyrics) == (None, ())
    assert "song.mp3" in carried.warnings[0]


def test_a_track_s_folder_that_has_gone_is_an_error(song: Path, tmp_path: Path) -> None:
    put(song, "My Song.lrc")
    with pytest.raises(OutputError, match=r"lyrics\.lrc cannot be written"):
        carry_sidecars(song, tmp_path / "gone", has_cover=False)
    with pytest.raises(OutputError, match=r"cover\.png"):
        write_cover(PNG, "image/png", tmp_path / "gone")
