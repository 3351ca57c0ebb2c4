"""Boxes are taken apart and put together without loss, and damage never passes for boxes."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mix.mp4_boxes import (
    Box,
    BoxError,
    edit_boxes,
    file_boxes,
    find_all,
    find_one,
    inner_boxes,
    make_box,
)

LEAF = st.tuples(st.sampled_from([b"mvhd", b"free", b"stsz", b"stem"]), st.binary(max_size=40))
TREE = st.recursive(
    LEAF,
    lambda inner: st.tuples(st.sampled_from([b"moov", b"trak"]), st.lists(inner, max_size=3)),
    max_leaves=12,
)


def packed(box: tuple[bytes, object]) -> bytes:
    kind, content = box
    if isinstance(content, bytes):
        return make_box(kind, content)
    return make_box(kind, b"".join(packed(inner) for inner in content))


@given(st.lists(TREE, max_size=4))
def test_boxes_that_nobody_changes_stay_as_they_are(boxes: list[tuple[bytes, object]]) -> None:
    data = b"".join(packed(box) for box in boxes)
    assert edit_boxes(data, lambda kind, body: (kind, body)) == data
    assert [box.kind for box in inner_boxes(data)] == [kind for kind, _ in boxes]


@given(st.lists(TREE, min_size=1, max_size=4), st.integers(min_value=1))
def test_a_cut_file_is_either_shorter_by_whole_boxes_or_refused(
    boxes: list[tuple[bytes, object]], cut: int
) -> None:
    parts = [packed(box) for box in boxes]
    data = b"".join(parts)
    kept = data[: -(cut % len(data)) or None]
    ends = {sum(map(len, parts[:count])) for count in range(len(parts) + 1)}
    if len(kept) in ends:
        assert sum(box.end - box.start for box in file_boxes(io.BytesIO(kept))) == len(kept)
    else:
        with pytest.raises(BoxError):
            file_boxes(io.BytesIO(kept))


def test_a_changed_box_makes_all_boxes_around_it_larger() -> None:
    data = make_box(b"moov", make_box(b"trak", make_box(b"tkhd", b"old")) + make_box(b"udta", b""))

    def change(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
        return (b"TKHD", b"longer") if kind == b"tkhd" else (kind, body)

    edited = edit_boxes(data, change)
    assert find_one(edited, b"moov", b"trak", b"TKHD") == b"longer"
    assert len(edited) == len(data) + 3


def test_sizes_of_64_bits_and_open_ends_are_understood() -> None:
    long = struct.pack(">I4sQ", 1, b"mdat", 16 + 5) + b"hello"
    last = struct.pack(">I4s", 0, b"mdat") + b"to the end"
    assert file_boxes(io.BytesIO(long + last)) == [
        Box(b"mdat", 0, 16, 21),
        Box(b"mdat", 21, 29, 39),
    ]


def test_an_open_end_inside_another_box_is_refused() -> None:
    with pytest.raises(BoxError, match="free"):
        list(inner_boxes(struct.pack(">I4s", 0, b"free") + b"data"))


def test_four_zero_bytes_may_end_user_data() -> None:
    assert [box.kind for box in inner_boxes(make_box(b"name", b"x") + bytes(4))] == [b"name"]


@pytest.mark.parametrize("size", [2, 7, 9, 0xFFFFFFFF])
def test_a_box_that_is_larger_than_its_surroundings_or_smaller_than_its_header(size: int) -> None:
    with pytest.raises(BoxError):
        list(inner_boxes(struct.pack(">I4s", size, b"free")))


def test_boxes_are_found_at_their_path_only() -> None:
    track = make_box(b"trak", make_box(b"udta", make_box(b"stem", b"not this")))
    movie = track + make_box(b"udta", make_box(b"stem", b"this")) + track
    assert find_one(movie, b"udta", b"stem") == b"this"
    assert find_all(movie, b"trak", b"udta", b"stem") == [b"not this", b"not this"]
    with pytest.raises(BoxError, match="no trak/stem box"):
        find_one(movie, b"trak", b"stem")
    with pytest.raises(BoxError, match="2 trak boxes"):
        find_one(movie, b"trak")
