"""Lyrics in the tags of audio files."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from mutagen import id3
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.mp4 import MP4

from core.errors import LyricsError, OutputError
from core.lyrics.embedded import read_embedded, write_embedded
from core.lyrics.lrc import parse_lrc
from core.lyrics.model import Line, Lyrics, Timing
from core.lyrics.songs import lyrics_of_song

RATE = 44100
WORDS = parse_lrc(
    "[00:01.00]<00:01.00>La <00:01.50>lé<00:02.00>\n[00:03.25]<00:03.25>lo <00:03.75>li<00:04.00>\n"
)
LINES = parse_lrc("[00:01.00]La lé\n[00:03.25]lo li\n")
TEXT = Lyrics((Line("La lé"), Line(""), Line("lo li")))


@pytest.fixture(params=["mp3", "wav", "flac", "ogg", "opus", "m4a"])
def song(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Half a second of silence without tags."""
    path = tmp_path / f"song.{request.param}"
    make(path)
    return path


def make(path: Path) -> None:
    if path.suffix == ".m4a":
        with av.open(path, "w", format="ipod") as container:
            stream = container.add_stream("aac", rate=RATE, layout="mono")
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return
    rate = 48000 if path.suffix == ".opus" else RATE
    kind = {".opus": ("OGG", "OPUS"), ".ogg": ("OGG", "VORBIS"), ".mp3": ("MP3", None)}
    container_name, codec = kind.get(path.suffix, (path.suffix[1:].upper(), None))
    soundfile.write(path, np.zeros(rate // 2), rate, format=container_name, subtype=codec)


def test_a_song_without_tags_has_none(song: Path) -> None:
    assert read_embedded(song) is None
    assert lyrics_of_song(song) is None


def test_lines_come_back_from_every_format(song: Path) -> None:
    write_embedded(song, LINES)
    assert read_embedded(song) == LINES


def test_text_comes_back_from_every_format(song: Path) -> None:
    write_embedded(song, TEXT)
    assert read_embedded(song) == TEXT


def test_words_come_back_where_they_have_a_place(song: Path) -> None:
    write_embedded(song, WORDS, words=True)
    found = read_embedded(song)
    assert found is not None
    assert found.timing is Timing.WORDS
    starts = [word.start for line in found.lines for word in line.words]
    assert starts == [word.start for line in WORDS.lines for word in line.words]


def test_new_lyrics_replace_the_old(song: Path) -> None:
    write_embedded(song, LINES)
    write_embedded(song, TEXT)
    assert read_embedded(song) == TEXT


def test_mp3_has_the_text_and_the_times(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    make(path)
    write_embedded(path, WORDS)
    tags = ID3(path)
    assert tags.getall("USLT")[0].text == "La lé\nlo li"
    assert tags.getall("SYLT")[0].text == [
        ("La ", 1000),
        ("lé", 1500),
        ("\nlo ", 3250),
        ("li", 3750),
    ]


def test_flac_has_the_text_and_lrc(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    make(path)
    write_embedded(path, WORDS)
    tags = FLAC(path)
    assert tags["LYRICS"] == ["[00:01.00]La lé\n[00:03.25]lo li\n[00:04.00]\n"]
    assert tags["UNSYNCEDLYRICS"] == ["La lé\nlo li"]


def test_m4a_has_one_field(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    make(path)
    write_embedded(path, LINES)
    assert MP4(path)["\xa9lyr"] == ["[00:01.00]La lé\n[00:03.25]lo li\n"]


def test_frames_that_count_otherwise_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    make(path)
    tags = ID3()
    tags.add(id3.SYLT(encoding=3, lang="eng", format=1, type=1, desc="", text=[("x", 5)]))
    tags.add(id3.SYLT(encoding=3, lang="eng", format=2, type=5, desc="", text=[("Am", 5)]))
    tags.add(id3.USLT(encoding=3, lang="eng", desc="", text="words"))
    tags.save(path)
    found = read_embedded(path)
    assert found is not None
    assert found.text == "words"


def test_lyrics_beside_go_before_equal_ones_inside(song: Path) -> None:
    write_embedded(song, LINES)
    found = lyrics_of_song(song)
    assert found is not None
    assert found.path == song
    beside = song.with_suffix(".lrc")
    beside.write_text("[00:09.00]beside\n")
    found = lyrics_of_song(song)
    assert found is not None
    assert found.path == beside
    beside.write_text("only text\n")
    found = lyrics_of_song(song)
    assert found is not None
    assert found.path == song


def test_what_is_no_song(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"no sound at all" * 100)
    assert lyrics_of_song(path) is None
    with pytest.raises(OutputError, match="missing"):
        write_embedded(tmp_path / "missing.flac", TEXT)
    path = tmp_path / "a.txt"
    path.write_bytes(b"text")
    with pytest.raises(LyricsError, match="cannot hold"):
        write_embedded(path, TEXT)
