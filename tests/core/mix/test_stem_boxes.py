"""Any index becomes that of a stem file, and nothing else in it is touched."""

import struct

from core.mix.mp4_boxes import find_all, find_one, inner_boxes, make_box
from core.mix.stem_boxes import as_stem_file
from core.mix.stem_manifest import COLOURS, StemLabel, read_manifest

LABELS = tuple(StemLabel(f"Stem {number}", colour) for number, colour in enumerate(COLOURS, 1))


def track(version: int = 0, flags: int = 3, group: int = 1) -> bytes:
    times = struct.pack(">QQIIQ" if version else ">IIIII", 1, 2, 3, 0, 4)
    rest = struct.pack(">8xhhhH36xII", 0, group, 0x0100, 0, 5, 6)
    header = bytes([version]) + flags.to_bytes(3) + times + rest
    return make_box(b"trak", make_box(b"tkhd", header) + make_box(b"mdia", b""))


def test_only_the_first_track_is_enabled_and_none_is_an_alternative() -> None:
    wanted = track(flags=1, group=0) + track(flags=0, group=0)
    moov = as_stem_file(track() + track(), LABELS)
    assert moov.startswith(wanted)


def test_track_headers_with_times_of_64_bits() -> None:
    moov = as_stem_file(track(1) + track(1), LABELS)
    assert moov.startswith(track(1, 1, 0) + track(1, 0, 0))


def test_without_user_data_there_are_some_afterwards() -> None:
    user_data = find_one(as_stem_file(track(), LABELS), b"udta")
    assert read_manifest(find_one(user_data, b"stem")) == LABELS


def test_a_stem_box_is_replaced_and_other_user_data_stay() -> None:
    old = make_box(b"meta", b"tags") + make_box(b"stem", b"{}") + make_box(b"name", b"x")
    # Four zero bytes end it, behind which nothing may follow.
    moov = as_stem_file(make_box(b"udta", old + bytes(4)) + track(), LABELS)
    user_data = find_one(moov, b"udta")
    assert [box.kind for box in inner_boxes(user_data)] == [b"meta", b"name", b"stem"]
    assert find_one(user_data, b"meta") == b"tags"
    assert read_manifest(find_one(user_data, b"stem")) == LABELS


def test_user_data_of_tracks_are_their_own() -> None:
    own = make_box(b"udta", make_box(b"stem", b"of the track"))
    moov = as_stem_file(make_box(b"trak", own), LABELS)
    assert find_all(moov, b"trak", b"udta", b"stem") == [b"of the track"]
    assert len(find_all(moov, b"udta")) == 1
