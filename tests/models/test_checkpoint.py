import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from models.checkpoint import open_checkpoint
from models.crc32c import masked_crc32c
from models.errors import ConversionError

GOLDEN = Path(__file__).parent / "golden" / "leaky-2"
DATA = "model.data-00000-of-00001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("model.index", DATA):
        shutil.copy(GOLDEN / name, tmp_path / name)
    return tmp_path


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def test_names_and_shapes_are_those_of_spleeter() -> None:
    checkpoint = open_checkpoint(GOLDEN)
    assert checkpoint.tensor("conv2d/kernel").shape == (5, 5, 2, 2)
    assert checkpoint.tensor("conv2d_13/kernel").shape == (4, 4, 1, 2)
    assert checkpoint.tensor("conv2d_transpose_11/kernel").shape == (5, 5, 1, 4)
    assert "batch_normalization_23/moving_variance" in checkpoint.names
    assert [path.name for path in checkpoint.files()] == ["model.index", DATA]


def test_values_are_float32_and_writable_copies() -> None:
    checkpoint = open_checkpoint(GOLDEN)
    kernel = checkpoint.tensor("conv2d/kernel")
    assert kernel.dtype == np.float32
    kernel[:] = 0
    assert checkpoint.tensor("conv2d/kernel").any()


def test_missing_index_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=r"model\.index cannot be read") as caught:
        open_checkpoint(tmp_path)
    assert "model.data-00000-of-00001" in caught.value.detail


def test_missing_data_file_is_refused(folder: Path) -> None:
    (folder / DATA).unlink()
    with pytest.raises(ConversionError, match="cannot be read"):
        open_checkpoint(folder).tensor("conv2d/kernel")


def test_unknown_variable_is_refused(folder: Path) -> None:
    with pytest.raises(ConversionError, match="has no variable 'conv3d/kernel'"):
        open_checkpoint(folder).tensor("conv3d/kernel")


def test_damaged_value_is_refused_and_named(folder: Path) -> None:
    checkpoint = open_checkpoint(folder)
    entry = checkpoint.entries["conv2d_3/kernel"]
    _flip(folder / DATA, entry.offset + entry.size // 2)
    assert checkpoint.tensor("conv2d_2/kernel").size
    with pytest.raises(ConversionError, match=r"damaged: the checksum of 'conv2d_3/kernel'"):
        checkpoint.tensor("conv2d_3/kernel")


def test_data_file_cut_short_is_refused(folder: Path) -> None:
    checkpoint = open_checkpoint(folder)
    entry = checkpoint.entries["conv2d_transpose/kernel"]
    with (folder / DATA).open("r+b") as file:
        file.truncate(entry.offset + entry.size - 1)
    with pytest.raises(ConversionError, match="end inside 'conv2d_transpose/kernel'"):
        checkpoint.tensor("conv2d_transpose/kernel")


def test_every_damaged_byte_of_the_index_is_refused(folder: Path) -> None:
    index = folder / "model.index"
    size = index.stat().st_size
    # The footer's padding (LevelDB leaves it undefined) is the only part without a meaning.
    for at in [*range(0, size - 48, 97), size - 48, size - 8, size - 1]:
        shutil.copy(GOLDEN / "model.index", index)
        _flip(index, at)
        with pytest.raises(ConversionError, match=r"model\.index"):
            open_checkpoint(folder)


@pytest.mark.parametrize("kept", [0, 7, 47, 48, 1000])
def test_index_cut_short_is_refused(folder: Path, kept: int) -> None:
    index = folder / "model.index"
    index.write_bytes(index.read_bytes()[:kept])
    with pytest.raises(ConversionError, match="cut short"):
        open_checkpoint(folder)


def test_other_file_with_a_footer_is_refused(folder: Path) -> None:
    (folder / "model.index").write_bytes(b"RIFF" + bytes(200))
    with pytest.raises(ConversionError, match="not the index of a TensorFlow checkpoint"):
        open_checkpoint(folder)


def test_footer_that_points_outside_is_refused(folder: Path) -> None:
    handles = b"\x00\x08" + b"\xff\xff\xff\xff\x7f\x08"
    footer = handles.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    (folder / "model.index").write_bytes(footer)
    with pytest.raises(ConversionError, match="damaged"):
        open_checkpoint(folder)


def test_snappy_block_is_refused_with_the_reason(folder: Path) -> None:
    block = b"\0" * 8
    tail = block + b"\x01"
    data = tail + struct.pack("<I", masked_crc32c(tail))
    footer = b"\x00\x08\x00\x08".ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    (folder / "model.index").write_bytes(data + footer)
    with pytest.raises(ConversionError, match="Snappy"):
        open_checkpoint(folder)
