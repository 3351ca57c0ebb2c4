"""Names of keys, the Camelot wheel, and shifts."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.keys import Key, Mode, nearest_shift, parse_key
from core.errors import UsageError

ALL = [Key(tonic, mode) for mode in Mode for tonic in range(12)]
keys = st.sampled_from(ALL)

A_MINOR = Key(9, Mode.MINOR)
C_MAJOR = Key(0, Mode.MAJOR)

# The wheel as DJ programs print it.
WHEEL = {
    "1A": "G#m 1B B",
    "2A": "Ebm 2B F#",
    "3A": "Bbm 3B Db",
    "4A": "Fm 4B Ab",
    "5A": "Cm 5B Eb",
    "6A": "Gm 6B Bb",
    "7A": "Dm 7B F",
    "8A": "Am 8B C",
    "9A": "Em 9B G",
    "10A": "Bm 10B D",
    "11A": "F#m 11B A",
    "12A": "C#m 12B E",
}


@pytest.mark.parametrize(("hour", "others"), WHEEL.items())
def test_wheel_is_the_one_that_djs_know(hour: str, others: str) -> None:
    minor, hour_major, major = others.split()
    assert parse_key(hour).tkey == minor
    assert parse_key(minor).camelot == hour
    assert parse_key(hour_major).tkey == major
    assert parse_key(major).camelot == hour_major
    assert parse_key(hour).relative == parse_key(major)


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.tkey)
def test_every_way_to_write_a_key_is_read_back(key: Key) -> None:
    for text in (key.name, key.tkey, key.camelot, f" {key.name} ", key.camelot.lower()):
        assert parse_key(text) == key


@pytest.mark.parametrize(
    ("text", "tkey"),
    [
        ("A#m", "Bbm"),
        ("Bbm", "Bbm"),
        ("b♭ minor", "Bbm"),
        ("Cb", "B"),
        ("E#", "F"),
        ("B# minor", "Cm"),
        ("F#maj", "F#"),
        ("F sharp minor", "F#m"),
        ("D-flat major", "Db"),
        ("a moll", "Am"),
        ("C", "C"),
        ("CM", "C"),
        ("Cm", "Cm"),
        ("Amin", "Am"),
        ("08A", "Am"),
        ("1m", "Am"),
        ("1d", "C"),
        ("6m", "G#m"),
        ("12d", "F"),
    ],
)
def test_tags_of_other_programs_are_understood(text: str, tkey: str) -> None:
    assert parse_key(text).tkey == tkey


@pytest.mark.parametrize(
    "text", ["", "H", "13A", "0B", "A##", "Am7", "o", "8C", "major", "A miner"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no musical key"):
        parse_key(text)


@given(st.text(max_size=12))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert parse_key(text) in ALL


def test_names() -> None:
    assert (A_MINOR.name, A_MINOR.camelot, A_MINOR.tkey) == ("A minor", "8A", "Am")
    assert (C_MAJOR.name, C_MAJOR.camelot, C_MAJOR.tkey) == ("C major", "8B", "C")


def test_tonic_outside_the_octave_is_refused() -> None:
    with pytest.raises(ValueError, match="pitch class"):
        Key(12, Mode.MAJOR)


@given(keys, st.integers(-30, 30))
def test_transposing_there_and_back_changes_nothing(key: Key, semitones: int) -> None:
    assert key.transposed(semitones).transposed(-semitones) == key
    assert key.transposed(semitones).mode is key.mode


@given(keys, keys)
def test_distance_is_symmetric_and_at_most_seven(one: Key, other: Key) -> None:
    assert one.distance(other) == other.distance(one)
    assert 0 <= one.distance(other) <= 7
    assert (one.distance(other) == 0) == (one == other)


def test_fifths_and_relatives_are_one_step_away() -> None:
    assert C_MAJOR.distance(parse_key("G")) == 1
    assert C_MAJOR.distance(parse_key("F")) == 1
    assert C_MAJOR.distance(A_MINOR) == 1
    assert C_MAJOR.distance(parse_key("F#")) == 6
    assert C_MAJOR.distance(parse_key("Ebm")) == 7


@given(keys, keys)
def test_nearest_shift_arrives_at_the_key_or_its_relative(source: Key, target: Key) -> None:
    shift = nearest_shift(source, target)
    assert -6 <= shift <= 5
    assert source.transposed(shift) in (target, target.relative)
    strict = nearest_shift(source, target, relatives=False)
    assert source.transposed(strict).tonic == target.tonic


def test_relatives_need_no_shift_unless_asked() -> None:
    assert nearest_shift(C_MAJOR, A_MINOR) == 0
    assert nearest_shift(C_MAJOR, A_MINOR, relatives=False) == -3
    assert nearest_shift(C_MAJOR, parse_key("F#")) == -6
    assert nearest_shift(A_MINOR, parse_key("Bm")) == 2
