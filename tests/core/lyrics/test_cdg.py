"""CD+G files are recognized and measured."""

from pathlib import Path

import pytest

from core.errors import LyricsError
from core.lyrics.cdg import looks_like_cdg, read_cdg

EMPTY = bytes(24)
# A memory preset, with a bit of another subcode channel set as on real discs.
PRESET = bytes([0x49, 0x81]) + bytes(22)
TILE = bytes([9, 6]) + bytes(22)


def test_length(tmp_path: Path) -> None:
    path = tmp_path / "song.cdg"
    path.write_bytes(PRESET + EMPTY * 299 + TILE * 300 + b"rest")
    assert read_cdg(path).packs == 600
    assert read_cdg(path).seconds == 2.0


@pytest.mark.parametrize(
    "data", [b"", EMPTY * 100, b"[00:01.00]la la la la\n" * 100, bytes(range(1, 256)) * 50]
)
def test_what_is_no_cdg(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "song.cdg"
    path.write_bytes(data)
    with pytest.raises(LyricsError, match=r"song\.cdg is no CD\+G"):
        read_cdg(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(LyricsError, match="cannot be read"):
        read_cdg(tmp_path / "song.cdg")
    with pytest.raises(LyricsError, match="cannot be read"):
        read_cdg(tmp_path)


def test_scratches_are_forgiven() -> None:
    assert looks_like_cdg(TILE * 20 + bytes([5] * 24))
    assert not looks_like_cdg(TILE + bytes([5] * 24) * 3)
