"""Lyrics files: read whatever they are, written whole."""

import os
from pathlib import Path

import pytest

from core.errors import LyricsError, OutputError
from core.lyrics.files import read_lyrics, write_lyrics
from core.lyrics.formats import LyricsFormat
from core.lyrics.lrc import parse_lrc
from core.lyrics.model import Lyrics, Timing
from core.lyrics.ultrastar_write import SongFiles

LRC = "[ti:Été]\n[00:01.00]la\n"


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_old_files_are_read(tmp_path: Path, encoding: str) -> None:
    lyrics = read_lyrics(put(tmp_path, "a.lrc", LRC.replace("\n", "\r\n").encode(encoding)))
    assert (lyrics.title, lyrics.text, lyrics.warnings) == ("Été", "la", ())


def test_the_name_does_not_say_what_it_is(tmp_path: Path, duet_file: str) -> None:
    assert read_lyrics(put(tmp_path, "a.txt", LRC.encode())).timing is Timing.LINES
    assert read_lyrics(put(tmp_path, "b.lrc", duet_file.encode())).timing is Timing.WORDS


def test_encoding_can_be_named(tmp_path: Path) -> None:
    path = put(tmp_path, "a.lrc", "[00:01.00]песня\n".encode("cp1251"))
    assert read_lyrics(path, encoding="cp1251").text == "песня"


def test_damaged_characters_are_told(tmp_path: Path) -> None:
    lyrics = read_lyrics(put(tmp_path, "a.lrc", ("é" * 20).encode() + b"\xff\n"))
    assert "damaged" in lyrics.warnings[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no words"),
        (b"\x00\x01\x02\x03" * 100, "no text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + bytes(range(32)) * 9, "no text"),
        (b"a\n" * (3 << 20), "4 MiB"),
    ],
)
def test_what_is_no_lyrics_is_told_with_its_name(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(LyricsError, match=reason) as error:
        read_lyrics(put(tmp_path, "bad.lrc", data))
    assert error.value.title.startswith("bad.lrc")
    assert error.value.detail


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.lrc")
    for name in ("missing.lrc", "pipe.lrc", "."):
        with pytest.raises(LyricsError):
            read_lyrics(tmp_path / name)
    with pytest.raises(LyricsError):
        read_lyrics(Path("a\0b"))


def test_written_files_are_read_back(tmp_path: Path, duet: Lyrics) -> None:
    path = tmp_path / "song.txt"
    write_lyrics(path, duet, LyricsFormat.ULTRASTAR, files=SongFiles("song.ogg"))
    assert read_lyrics(path).lines == duet.lines
    assert [entry.name for entry in tmp_path.iterdir()] == ["song.txt"]


def test_an_existing_file_is_replaced_only_if_allowed(tmp_path: Path) -> None:
    path = put(tmp_path, "a.lrc", b"mine")
    lyrics = parse_lrc(LRC)
    with pytest.raises(OutputError, match="already exists"):
        write_lyrics(path, lyrics, LyricsFormat.LRC)
    assert path.read_bytes() == b"mine"
    write_lyrics(path, lyrics, LyricsFormat.LRC, overwrite=True)
    assert read_lyrics(path) == lyrics


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder does not exist"):
        write_lyrics(tmp_path / "no" / "a.lrc", parse_lrc(LRC), LyricsFormat.LRC)
