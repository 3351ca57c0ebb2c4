"""The index moves in front of the samples and still points to them."""

import io
import struct

import numpy as np
import pytest

from core.mix.mp4_boxes import BoxError, file_boxes, find_one, make_box
from core.mix.mp4_index import bring_index_forward, chunk_offsets, move_chunks

PATH = (b"trak", b"mdia", b"minf", b"stbl")


def index(offsets: list[int], *, wide: bool = False) -> bytes:
    """Return the body of a moov box with one track."""
    kind, code = (b"co64", "Q") if wide else (b"stco", "I")
    body = make_box(kind, struct.pack(f">II{len(offsets)}{code}", 0, len(offsets), *offsets))
    for outer in reversed(PATH):
        body = make_box(outer, body)
    return make_box(b"mvhd", b"header") + body


def offsets(moov: bytes, kind: bytes = b"stco") -> list[int]:
    return chunk_offsets(kind, find_one(moov, *PATH, kind)).tolist()


def test_the_index_comes_first_and_points_to_the_same_bytes() -> None:
    # More than is moved at a time, and no multiple of it.
    sound = np.random.default_rng(5).bytes(2_500_001)
    head = make_box(b"ftyp", b"M4A isom") + make_box(b"free", b"")
    places = [0, 1, 999_999, 1_048_576, 2_499_990]
    start = len(head) + 8
    file = io.BytesIO(head + make_box(b"mdat", sound))
    file.seek(0, 2)
    file.write(make_box(b"moov", index([start + place for place in places])))

    bring_index_forward(file, lambda moov: moov + make_box(b"udta", b""))

    data = file.getvalue()
    boxes = file_boxes(file)
    assert [box.kind for box in boxes] == [b"ftyp", b"moov", b"free", b"mdat"]
    moov = data[boxes[1].body : boxes[1].end]
    assert find_one(moov, b"udta") == b""
    for offset, place in zip(offsets(moov), places, strict=True):
        assert data[offset : offset + 10] == sound[place : place + 10]
    assert data[boxes[3].body : boxes[3].end] == sound


def test_an_index_that_becomes_smaller_leaves_nothing_at_the_end() -> None:
    moov = index([24]) + make_box(b"free", bytes(500))
    file = io.BytesIO(make_box(b"ftyp", b"M4A isom") + make_box(b"mdat", b"sound"))
    file.seek(0, 2)
    file.write(make_box(b"moov", moov))
    bring_index_forward(file, lambda moov: moov[:-508])
    assert [box.kind for box in file_boxes(file)] == [b"ftyp", b"moov", b"mdat"]
    assert file.getvalue().endswith(make_box(b"mdat", b"sound"))


@pytest.mark.parametrize(
    "order",
    [
        (b"ftyp", b"moov", b"mdat"),
        (b"ftyp", b"moov"),
        (b"mdat", b"moov"),
        (b"ftyp", b"mdat"),
        (b"ftyp", b"mdat", b"moof", b"moov"),
    ],
)
def test_other_orders_are_refused_and_nothing_is_changed(order: tuple[bytes, ...]) -> None:
    data = b"".join(make_box(kind, b"") for kind in order)
    file = io.BytesIO(data)
    with pytest.raises(BoxError):
        bring_index_forward(file, lambda moov: moov)
    assert file.getvalue() == data


def test_offsets_become_64_bits_wide_on_demand() -> None:
    moved = move_chunks(index([100, 0xFFFFFFFF]), 1000, wide=True)
    assert offsets(moved, b"co64") == [1100, 0xFFFFFFFF + 1000]


def test_offsets_of_64_bits_keep_their_width() -> None:
    assert offsets(move_chunks(index([1 << 40], wide=True), -5), b"co64") == [(1 << 40) - 5]


@pytest.mark.parametrize(("offset", "distance"), [(0xFFFFFFFF, 1), (10, -11)])
def test_an_offset_that_no_longer_fits_is_refused(offset: int, distance: int) -> None:
    with pytest.raises(BoxError):
        move_chunks(index([offset]), distance)


def test_a_table_that_lies_about_its_length_is_refused() -> None:
    with pytest.raises(BoxError):
        chunk_offsets(b"stco", struct.pack(">III", 0, 2, 100))
