"""Names and numbers as people read them."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cli.wording import clock, count, safe, size, speed


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Für Elise", "Für Elise"),
        ("夜曲 👩‍🎤", "夜曲 👩‍🎤"),
        ("two\nlines", r"two\nlines"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\u202egnp.3pm", r"\u202egnp.3pm"),
        (os.fsdecode(b"caf\xe9.wav"), r"caf\xe9.wav"),
    ],
)
def test_names_are_shown_without_harm(name: str, shown: str) -> None:
    assert safe(name) == shown


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_name_is_one_printable_line(name: str) -> None:
    shown = safe(name)
    shown.encode("utf-8")
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (-1, "0:00"),
        (59.6, "1:00"),
        (247, "4:07"),
        (3600, "1:00:00"),
        (3723, "1:02:03"),
    ],
)
def test_lengths(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_speeds_counts_and_sizes() -> None:
    assert speed(52.4) == "52x real time"
    assert speed(2.34) == "2.3x real time"
    assert (count(1, "song"), count(2, "song")) == ("1 song", "2 songs")
    assert size(26_123_456) == "26.1 MB"
