"""Damage wherever it may be: sound comes out, or an error in plain words, never anything else."""

from pathlib import Path

import numpy as np
import pytest

from core.audio.decode import open_audio
from core.audio.encode import open_writer
from core.audio.formats import Codec, OutputFormat
from core.errors import AudioError


@pytest.fixture
def song(tmp_path: Path) -> bytes:
    return write(tmp_path / "song.flac", Codec.FLAC)


def write(path: Path, codec: Codec) -> bytes:
    noise = np.random.default_rng(0).normal(0, 0.1, (9000, 2)).astype(np.float32)
    with open_writer(path, OutputFormat(codec, 16), 22050, 2) as writer:
        writer.write(noise)
    return path.read_bytes()


def decoded(path: Path) -> tuple[int, str]:
    """Return the frames that can be decoded, or the error."""
    count = 0
    try:
        with open_audio(path) as reader:
            while len(block := reader.read(4096)):
                count += len(block)
    except AudioError as error:
        return count, f"{error.title} {error.detail}"
    return count, ""


def test_flac_cut_off_anywhere(song: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    lengths = []
    for kept in range(len(song) - 1, 40, -997):
        path.write_bytes(song[:kept])
        lengths.append(decoded(path)[0])
    assert lengths[0] > 0
    assert lengths == sorted(lengths, reverse=True)


def test_flac_with_a_hole_anywhere(song: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hole.flac"
    lengths = []
    for start in range(100, len(song) - 500, 1511):
        path.write_bytes(song[:start] + bytes(500) + song[start + 500 :])
        lengths.append(decoded(path)[0])
    assert min(lengths) > 0


@pytest.mark.parametrize("bit", range(16))
def test_wav_of_a_kind_that_nobody_knows(tmp_path: Path, bit: int) -> None:
    path = tmp_path / "kind.wav"
    data = bytearray(write(path, Codec.WAV))
    tag = data.index(b"fmt ") + 8
    data[tag + bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    frames, error = decoded(path)
    assert frames or error
