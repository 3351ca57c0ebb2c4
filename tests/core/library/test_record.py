"""What a track's folder says about itself."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LibraryError, OutputError
from core.library.record import TRACK_RECORD, read_record, write_record
from core.store.records import NewTrack, Stem

TRACK = NewTrack(
    sha256="ab" * 32,
    folder="Queen - Innuendo",
    title="Innuendo",
    duration=390.5,
    rate=44100,
    channels=2,
    source_name=os.fsdecode(b"Innu\xffendo.mp3"),
    model="spleeter-2stems",
    preset="balanced",
    backend="cpu",
    stems=(
        Stem("vocals", "vocals.flac", "flac", 123),
        Stem("accompaniment", "accompaniment.flac", "flac", 456),
    ),
    artist="Queen",
    album="Innuendo",
    date="1991",
    genre="Rock",
    bpm=125.0,
    key="Em",
    cover="cover.jpg",
    lyrics=("lyrics.lrc", "lyrics.txt"),
)


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_record(tmp_path, 7, TRACK)
    assert read_record(tmp_path) == (7, TRACK)
    assert list(tmp_path.iterdir()) == [tmp_path / TRACK_RECORD]


def test_what_is_unknown_comes_back_too(tmp_path: Path) -> None:
    track = replace(TRACK, bpm=None, key=None, cover=None, lyrics=(), artist="", stems=())
    write_record(tmp_path, 7, track)
    assert read_record(tmp_path) == (7, track)


@given(
    st.builds(
        NewTrack,
        sha256=st.just("0" * 64),
        folder=st.sampled_from(["a", "a (2)", "Ünïcode", "sub/folder"]),
        title=st.text(st.characters()),
        duration=st.floats(0.001, 1e6),
        cover=st.none() | st.just("cover.png"),
        lyrics=st.just(()),
        stems=st.just(()),
        bpm=st.none() | st.floats(1, 999),
        rate=st.integers(1, 10**6),
        channels=st.integers(1, 8),
    )
)
def test_every_text_and_number_comes_back(
    tmp_path_factory: pytest.TempPathFactory, track: NewTrack
) -> None:
    folder = tmp_path_factory.mktemp("record")
    write_record(folder, 1, track)
    assert read_record(folder) == (1, track)


def test_a_record_replaces_an_earlier_one(tmp_path: Path) -> None:
    write_record(tmp_path, 7, TRACK)
    write_record(tmp_path, 8, replace(TRACK, title="Other"))
    assert read_record(tmp_path) == (8, replace(TRACK, title="Other"))
    assert list(tmp_path.iterdir()) == [tmp_path / TRACK_RECORD]


def test_no_record_is_none(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    assert read_record(tmp_path / "gone") is None
    (tmp_path / "file").touch()
    assert read_record(tmp_path / "file") is None


@pytest.mark.parametrize("part", [0, 1, 10, 100, 500, -3])
def test_half_a_record_is_none(tmp_path: Path, part: int) -> None:
    write_record(tmp_path, 7, TRACK)
    path = tmp_path / TRACK_RECORD
    path.write_bytes(path.read_bytes()[:part])
    assert read_record(tmp_path) is None


@pytest.mark.parametrize("data", [b"null", b"[]", b"7", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_something_else_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / TRACK_RECORD).write_bytes(data)
    assert read_record(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", 7),
        ("title", None),
        ("sha256", "short"),
        ("duration", "long"),
        ("duration", -1),
        ("duration", True),
        ("rate", 44100.5),
        ("stems", None),
        ("stems", [{"name": "vocals"}]),
        ("stems", [{"name": "v", "file": "../v.flac", "codec": "flac", "bytes": 1}]),
        ("stems", [{"name": "v", "file": "/etc/passwd", "codec": "flac", "bytes": 1}]),
        ("cover", "../../cover.jpg"),
        ("lyrics", ["a/b"]),
        ("lyrics", [3]),
        ("folder", "../outside"),
        ("folder", "/absolute"),
        ("folder", ""),
        ("bpm", "fast"),
    ],
)
def test_a_record_that_makes_no_sense_is_none(tmp_path: Path, name: str, value: Any) -> None:
    write_record(tmp_path, 7, TRACK)
    path = tmp_path / TRACK_RECORD
    record = json.loads(path.read_text())
    record["track"][name] = value
    path.write_text(json.dumps(record))
    assert read_record(tmp_path) is None


@pytest.mark.parametrize(("name", "value"), [("format", 2), ("job", "7"), ("job", None)])
def test_a_record_of_another_version_is_none(tmp_path: Path, name: str, value: Any) -> None:
    write_record(tmp_path, 7, TRACK)
    path = tmp_path / TRACK_RECORD
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    assert read_record(tmp_path) is None


def test_a_link_a_pipe_and_a_folder_are_no_records(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_record(other, 7, TRACK)
    place = tmp_path / TRACK_RECORD
    place.symlink_to(other / TRACK_RECORD)
    assert read_record(tmp_path) is None
    place.unlink()
    os.mkfifo(place)
    assert read_record(tmp_path) is None
    place.unlink()
    place.mkdir()
    assert read_record(tmp_path) is None


def test_a_disk_that_does_not_answer_is_no_missing_record(tmp_path: Path) -> None:
    # A name that is too long stands for every error that says nothing about the file.
    with pytest.raises(LibraryError, match="cannot be read"):
        read_record(tmp_path / ("x" * 300))


def test_a_folder_that_has_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.minusone\.json cannot be written"):
        write_record(tmp_path / "gone", 7, TRACK)
