"""Only what is a stem file passes for one; anything else is refused with the reason."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import AudioError
from core.mix.mp4_boxes import edit_boxes, file_boxes, make_box
from core.mix.mp4_index import move_chunks
from core.mix.stem_info import read_stem_mp4
from core.mix.stem_mp4 import write_stem_mp4

Change = Callable[[bytes, bytes], tuple[bytes, bytes]]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A stem file of AAC tracks, 0.3 s long."""
    folder = tmp_path_factory.mktemp("good")
    stem = folder / "vocals.wav"
    noise = np.random.default_rng(1).standard_normal((13230, 2)) * 0.1
    soundfile.write(stem, noise, 44100)
    target = folder / "good.stem.mp4"
    write_stem_mp4(target, None, {"vocals": stem})
    return target.read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.stem.mp4"


def with_moov(data: bytes, edit: Callable[[bytes], bytes], file: Path) -> None:
    """Write a file with another index; the samples stay where it points."""
    file.write_bytes(data)
    with file.open("rb") as opened:
        kind, moov, *_ = file_boxes(opened)
    edited = edit(data[moov.body : moov.end])
    distance = len(edited) + 8 - (moov.end - moov.start)
    file.write_bytes(
        data[: kind.end] + make_box(b"moov", move_chunks(edited, distance)) + data[moov.end :]
    )


def nth(wanted: bytes, number: int, body: Callable[[bytes], bytes]) -> Change:
    """Change one of the boxes of a kind, counted from 0."""
    seen = -1

    def change(kind: bytes, old: bytes) -> tuple[bytes, bytes]:
        nonlocal seen
        if kind != wanted:
            return kind, old
        seen += 1
        return kind, body(old) if seen == number else old

    return change


def test_a_file_as_it_should_be(good: bytes, file: Path) -> None:
    file.write_bytes(good)
    info = read_stem_mp4(file)
    assert info.names == ("(silent)", "(silent)", "(silent)", "Vocals")
    assert [track.enabled for track in info.tracks] == [True, False, False, False, False]
    assert {(t.codec, t.rate, t.channels, t.frames, t.priming) for t in info.tracks} == {
        ("aac", 44100, 2, 13230, 1024)
    }
    assert info.duration == pytest.approx(0.3)


def test_files_without_edit_lists_are_as_long_as_their_samples(good: bytes, file: Path) -> None:
    # As Native Instruments' own tool writes them.
    def without_edits(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
        return (b"free", b"") if kind == b"edts" else (kind, body)

    with_moov(good, lambda moov: edit_boxes(moov, without_edits), file)
    info = read_stem_mp4(file)
    assert {(track.frames, track.priming) for track in info.tracks} == {(13230 + 1024, 0)}


def test_offsets_of_64_bits_are_understood(good: bytes, file: Path) -> None:
    with_moov(good, lambda moov: move_chunks(moov, 0, wide=True), file)
    assert read_stem_mp4(file).duration == pytest.approx(0.3)


def replaced(old: bytes, start: int, new: bytes) -> bytes:
    return old[:start] + new + old[start + len(new) :]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (nth(b"tkhd", 0, lambda b: replaced(b, 1, bytes(3))), "would not play the master"),
        (nth(b"tkhd", 2, lambda b: replaced(b, 1, b"\0\0\1")), "would not play the master"),
        (nth(b"hdlr", 1, lambda b: replaced(b, 8, b"vide")), "4 sound tracks"),
        (nth(b"stsd", 3, lambda b: b.replace(b"mp4a", b"fLaC")), "neither AAC nor ALAC"),
        (nth(b"stsd", 3, lambda b: replaced(b, 32, b"\0\1")), "not every track is stereo"),
        (nth(b"mdhd", 4, lambda b: replaced(b, 12, b"\0\0\xbb\x80")), "rate or length"),
        (nth(b"mdhd", 4, lambda b: replaced(b, 12, bytes(4))), "no clock"),
        (nth(b"elst", 1, lambda b: replaced(b, 8, b"\0\0\x30\0")), "rate or length"),
        (nth(b"elst", 1, lambda b: replaced(b, 12, b"\0\0\x04\1")), "rate or length"),
        (nth(b"elst", 1, lambda b: replaced(b, 12, b"\xff" * 4)), "later than the others"),
        (nth(b"elst", 1, lambda b: replaced(b, 4, b"\0\0\0\2")), "played in pieces"),
        (nth(b"stco", 0, lambda b: replaced(b, 8, b"\0\0\0\0")), "something else"),
        (nth(b"stco", 4, lambda b: replaced(b, 8, b"\x00\xff\xff\xff")), "something else"),
        (nth(b"stsz", 0, lambda b: replaced(b, 12, b"\x7f\0\0\0")), "something else"),
        (nth(b"stsz", 0, lambda b: replaced(b, 8, b"\0\0\0\1")), "contradictory"),
        (nth(b"stsz", 0, lambda b: b[:-4]), "as long as it says"),
        (nth(b"stts", 0, lambda b: replaced(b, 8, b"\0\0\0\1")), "contradictory"),
        (nth(b"stts", 0, lambda b: b[:-4]), "is no stem file"),
        (nth(b"stsc", 0, lambda b: replaced(b, 8, b"\0\0\0\2")), "contradictory"),
        (nth(b"stsc", 0, lambda b: replaced(b, 12, b"\0\0\0\0")), "contradictory"),
        (nth(b"stem", 0, lambda b: b""), "holds no JSON"),
        (nth(b"stem", 0, lambda b: json.dumps({"version": 1}).encode()), "4 stems"),
        (lambda kind, body: (b"STEM" if kind == b"stem" else kind, body), "no udta/stem box"),
        (lambda kind, body: (b"skip" if kind == b"tkhd" else kind, body), "no tkhd box"),
        (lambda kind, body: (kind, b"" if kind == b"tkhd" else body), "is no stem file"),
        (lambda kind, body: (kind, b"" if kind == b"mvhd" else body), "is no stem file"),
    ],
)
def test_what_is_wrong_is_said_of_a_file(
    good: bytes, file: Path, change: Change, reason: str
) -> None:
    with_moov(good, lambda moov: edit_boxes(moov, change), file)
    with pytest.raises(AudioError, match=reason) as refusal:
        read_stem_mp4(file)
    assert refusal.value.title.startswith("file.stem.mp4 is no stem file: ")


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", bytes(100)])
def test_other_files_are_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(AudioError, match="no stem file"):
        read_stem_mp4(file)


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(AudioError, match="cannot be read: No such file"):
        read_stem_mp4(file)


@settings(deadline=None)
@given(st.data())
def test_cut_files_are_refused(
    good: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    length = data.draw(st.integers(0, len(good) - 1))
    file = tmp_path_factory.getbasetemp() / "cut.stem.mp4"
    file.write_bytes(good[:length])
    with pytest.raises(AudioError):
        read_stem_mp4(file)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_damaged_index_is_read_or_refused(
    good: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        # The index is at the front.
        place = data.draw(st.integers(28, 9000))
        damaged[place] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.getbasetemp() / "damaged.stem.mp4"
    file.write_bytes(damaged)
    with contextlib.suppress(AudioError):
        assert len(read_stem_mp4(file).tracks) == 5
