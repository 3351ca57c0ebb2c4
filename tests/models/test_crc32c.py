import numpy as np
import pytest

from models.crc32c import crc32c, masked_crc32c


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"", 0x00000000),
        (b"123456789", 0xE3069283),
        # RFC 3720, appendix B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_known_checksums(data: bytes, checksum: int) -> None:
    assert crc32c(data) == checksum


def _bit_by_bit(data: bytes) -> int:
    state = 0xFFFFFFFF
    for octet in data:
        state ^= octet
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 * (state & 1))
    return state ^ 0xFFFFFFFF


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 1023, 1024, 1025, 4097, 70001])
def test_every_way_of_cutting_into_lanes_agrees_with_the_definition(length: int) -> None:
    data = np.random.default_rng(length).integers(0, 256, length, dtype=np.uint8).tobytes()
    assert crc32c(data) == _bit_by_bit(data)


def test_arrays_and_bytes_agree_and_the_array_is_not_changed() -> None:
    data = np.arange(5000, dtype=np.uint16).view(np.uint8)
    before = data.copy()
    assert crc32c(data) == crc32c(data.tobytes())
    assert np.array_equal(data, before)


def test_masked_checksum_is_rotated_and_shifted() -> None:
    assert masked_crc32c(b"123456789") == (
        ((0xE3069283 >> 15) | (0xE3069283 << 17)) + 0xA282EAD8
    ) & (0xFFFFFFFF)
