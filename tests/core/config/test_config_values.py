"""What may be written for times, sizes, words and lists."""

import os
from pathlib import Path
from typing import Any

import pytest

from core.audio.formats import Codec, OutputFormat
from core.config.settings import BACKENDS, BITS, PRESETS, JobSettings, Key
from core.config.values import (
    Context,
    Kind,
    Mismatch,
    choice,
    flag,
    one_of,
    place,
    seconds,
    several,
    size,
    text,
    unless,
    whole,
    word,
)
from core.separation.backend import Backend
from core.separation.presets import DEFAULT_PRESET
from core.separation.presets import PRESETS as KNOWN_PRESETS
from core.separation.separator import DEFAULT_MODEL

CONTEXT = Context(Path("/etc/minusone"), {"HOME": "/home/anna"})


def test_the_words_are_those_that_the_program_knows() -> None:
    assert tuple(KNOWN_PRESETS) == PRESETS
    assert tuple(Backend) == BACKENDS
    assert DEFAULT_PRESET in PRESETS
    assert DEFAULT_MODEL == "spleeter-2stems"


def test_every_number_of_bits_is_one_that_some_format_has() -> None:
    assert all(OutputFormat(Codec.WAV, bits).bits == bits for bits in BITS)


@pytest.mark.parametrize(
    ("kind", "found", "value"),
    [
        (seconds(0, 3600), 5, 5.0),
        (seconds(0, 3600), 0.5, 0.5),
        (seconds(0, 3600), "5", 5.0),
        (seconds(0, 3600), " 1.5 min ", 90.0),
        (seconds(0, 3600), "250ms", 0.25),
        (seconds(0, 3600), "1 Hour", 3600.0),
        (size(), 0, 0),
        (size(), 123, 123),
        (size(), "123", 123),
        (size(), "2 GB", 2_000_000_000),
        (size(), "1.5 kB", 1500),
        (size(), "500MiB", 500 << 20),
        (size(), "1 TiB", 1 << 40),
        (whole(1, 3), 3, 3),
        (one_of((16, 24)), 24, 24),
        (flag(), True, True),
        (word(("a", "b")), " B ", "b"),
        (choice(Codec), "FLAC", Codec.FLAC),
        (text("a name"), " x y ", "x y"),
        (place("a folder"), "/srv/../x/", Path("/x")),
        (place("a folder"), "x/./y", Path("/etc/minusone/x/y")),
        (place("a folder"), "../x", Path("/etc/x")),
        (place("a folder"), "~", Path("/home/anna")),
        (place("a folder"), "~/x", Path("/home/anna/x")),
        (place("a folder"), "$HOME/x", Path("/home/anna/x")),
        (place("a folder"), "${HOME}/x", Path("/home/anna/x")),
        (place("a folder"), "$HOMER/x", Path("/etc/minusone/$HOMER/x")),
        (place("a folder"), "a~b", Path("/etc/minusone/a~b")),
        (place("a folder"), "~root/x", Path("/root/x")),
        (several(text("a name"), "names", ","), ["b", "a", "b"], ("b", "a")),
        (several(text("a name"), "names", ","), "b", ("b",)),
        (several(text("a name"), "names", ","), [], ()),
        (unless(whole(1, 3), "auto"), "Auto", None),
        (unless(whole(1, 3), "auto"), 2, 2),
    ],
)
def test_a_value_is_read(kind: Kind[Any], found: object, value: object) -> None:
    read = kind.read(found, CONTEXT)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (seconds(0, 3600), 3601),
        (seconds(0, 3600), -0.1),
        (seconds(0, 3600), float("inf")),
        (seconds(0, 3600), float("nan")),
        (seconds(0, 3600), True),
        (seconds(0, 3600), "5 m"),
        (seconds(0, 3600), "-5"),
        (seconds(0, 3600), ""),
        (seconds(0, 3600), "٥"),
        (seconds(0, 3600), [5]),
        (size(), -1),
        (size(), 10**400),
        (size(), "1 G"),
        (size(), "1e3"),
        (whole(1, 3), 4),
        (whole(1, 3), 2.0),
        (whole(0, 3), True),
        (whole(1, 3), "2"),
        (one_of((16, 24)), 20),
        (one_of((1, 24)), True),
        (flag(), 1),
        (flag(), "true"),
        (word(("a", "b")), "c"),
        (word(("a", "b")), 1),
        (text("a name"), "  "),
        (text("a name"), "a\x1bb"),
        (place("a folder"), ""),
        (place("a folder"), "a\0b"),
        (place("a folder"), 5),
        (place("a folder"), "~nobody-of-that-name"),
        (several(text("a name"), "names", ","), ["a", 1]),
        (unless(whole(1, 3), "auto"), "none"),
    ],
)
def test_what_a_key_does_not_take_is_refused(kind: Kind[Any], found: object) -> None:
    with pytest.raises(Mismatch):
        kind.read(found, CONTEXT)


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (whole(1, 100), " 42 ", 42),
        (one_of((16, 24)), "24", 24),
        (seconds(0, 3600), "2 min", 120.0),
        (size(), "1 GB", 10**9),
        (flag(), "Yes", True),
        (flag(), "0", False),
        (several(text("a name"), "names", ","), "a, b,", ("a", "b")),
        (
            several(place("a folder"), "names", os.pathsep),
            "~/a:/b c",
            (Path("/home/anna/a"), Path("/b c")),
        ),
        (unless(whole(1, 3), "auto"), "auto", None),
        (unless(whole(1, 3), "auto"), "2", 2),
        (unless(several(text("a name"), "names", ","), "all"), "ALL", None),
        (unless(several(text("a name"), "names", ","), "all"), "a,b", ("a", "b")),
    ],
)
def test_a_variable_is_read(kind: Kind[Any], typed: str, value: object) -> None:
    assert kind.read(kind.parse(typed), CONTEXT) == value


def test_keys_know_their_names() -> None:
    key = Key("inbox", "max_size", size(), "4 GB", "Larger files are left alone.", None)
    assert key.variable == "MINUSONE_INBOX_MAX_SIZE"
    assert key.label == "'max_size' in [inbox]"
    assert Key("", "library", place("a folder"), "~", "", None).variable == "MINUSONE_LIBRARY"


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        JobSettings().workers = 2  # type: ignore[misc]
