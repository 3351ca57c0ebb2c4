"""Inputs of all kinds come as stereo at one rate, in step, whatever block lengths they have."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.audio.waveform import Samples
from core.mix.stem_inputs import BlockInput, FileInput, Input, InputGroup


def read_all(source: Input, frames: int) -> Samples:
    blocks = []
    while len(block := source.read(frames)):
        assert block.shape[1] == 2
        blocks.append(block)
    assert all(len(block) == frames for block in blocks[:-1])
    return np.concatenate(blocks)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_file_is_the_same_in_blocks_of_any_length(stem_song, rate: int) -> None:
    wholes = []
    for frames in (1 << 20, 40_000, 777):
        source = FileInput(stem_song.master, rate)
        wholes.append(read_all(source, frames))
        source.close()
    assert len(wholes[0]) == source.frames
    assert all(np.array_equal(whole, wholes[0]) for whole in wholes)


def test_a_closed_file_is_no_longer_open(stem_song) -> None:
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    source = FileInput(stem_song.master, 44100)
    assert len(list(descriptors.iterdir())) > before
    source.close()
    assert len(list(descriptors.iterdir())) == before


def test_blocks_are_cut_and_joined() -> None:
    whole = np.arange(2000, dtype=np.float32).reshape(-1, 2) / 2000

    def blocks() -> Iterator[Samples]:
        for start, end in ((0, 3), (3, 3), (3, 900), (900, 1000)):
            yield whole[start:end]

    assert np.array_equal(read_all(BlockInput(blocks), 64), whole)


def test_closing_stops_what_is_being_made() -> None:
    stopped = []

    def blocks() -> Iterator[Samples]:
        try:
            while True:
                yield np.zeros((10, 2), np.float32)
        finally:
            stopped.append(True)

    source = BlockInput(blocks)
    source.read(5)
    source.close()
    assert stopped == [True]


@pytest.mark.parametrize(
    ("subtype", "rate", "bits"),
    [("PCM_16", 44100, 16), ("PCM_24", 44100, 24), ("FLOAT", 44100, None), ("PCM_16", 48000, None)],
)
def test_bits_that_hold_a_file_exactly(
    tmp_path: Path, subtype: str, rate: int, bits: int | None
) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, np.zeros((100, 2)), rate, subtype=subtype)
    source = FileInput(path, 44100)
    assert source.lossless_bits == bits
    source.close()


def test_a_group_ends_with_its_longest_input_and_closes_all() -> None:
    class Steps:
        name = "steps"
        frames = None
        lossless_bits = 16

        def __init__(self, length: int) -> None:
            self.warnings = ["It is damaged."]
            self.left = length
            self.closed = False

        def read(self, frames: int) -> Samples:
            given = min(frames, self.left)
            self.left -= given
            return np.ones((given, 2), np.float32)

        def close(self) -> None:
            self.closed = True

    short, long = Steps(40_000), Steps(100_000)
    with InputGroup() as group:
        group.add("short", short)
        group.add("long", long)
        assert group.frames is None
        assert group.bits == 16
        blocks = list(group.blocks())
        assert group.notes(44100) == [
            "It is damaged.",
            "steps ends 1.36 s before the others; silence follows.",
            "It is damaged.",
        ]
    assert short.closed
    assert long.closed
    assert all(len(block["short"]) == len(block["long"]) for block in blocks)
    joined = np.concatenate([block["short"] for block in blocks])
    assert joined.shape == (100_000, 2)
    assert joined[:40_000].all()
    assert not joined[40_000:].any()
