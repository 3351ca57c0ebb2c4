"""Paths as text: any bytes there and back, and no two of them alike."""

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.store.database import Database
from core.store.pathtext import path_to_text, storable, text_to_path

# Bytes that a path may hold; enough of those that matter here.
_BYTES = st.one_of(
    st.binary(max_size=40),
    st.lists(
        st.sampled_from([b"\xee\xbe\x80", b"\xee\xbf\xbf", b"\xee", b"\xbe", b"a", b"\xff"])
    ).map(b"".join),
).map(lambda raw: raw.replace(b"\0", b""))


def _path(raw: bytes) -> Path:
    return Path(os.fsdecode(b"/in/" + raw))


@given(_BYTES)
@example("naïve \N{GUITAR} e\N{COMBINING ACUTE ACCENT}".encode())
@example(b"latin \xe9 \xff\x80")
@example("\uef80\uefff\uef7f\uf000".encode())
@example(b"line\nfeed \x1b[0m")
def test_any_path_comes_back(raw: bytes) -> None:
    path = _path(raw)
    text = path_to_text(path)
    text.encode("utf-8")  # no lone surrogates
    assert os.fsencode(text_to_path(text)) == os.fsencode(path)


@given(_BYTES, _BYTES)
@example(b"\xee\xbe\x80", "\uefee\uefbe\uef80".encode())
@example(b"\x80", "\uef80".encode())
def test_different_paths_have_different_texts(one: bytes, other: bytes) -> None:
    same = os.fsencode(_path(one)) == os.fsencode(_path(other))
    assert (path_to_text(_path(one)) == path_to_text(_path(other))) == same


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_plain_names_are_stored_as_they_are(name: str) -> None:
    path = Path("/in") / name
    if not any("\uef80" <= char <= "\uefff" for char in name):
        assert path_to_text(path) == str(path)


def test_bytes_that_are_no_text_have_their_places() -> None:
    assert path_to_text(_path(b"\x80 \xff")) == "/in/\uef80 \uefff"
    assert path_to_text(_path("\uef80".encode())) == "/in/\uefee\uefbe\uef80"


def test_path_comes_back_from_the_database(db: Database) -> None:
    path = _path(b"caf\xe9 \xf0\x9f\x8e\xb8\n")
    assert text_to_path(db.value("SELECT ?", (path_to_text(path),))) == path


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plain", "plain"),
        ("naïve \N{GUITAR}", "naïve \N{GUITAR}"),
        ("caf\udce9", "caf\ufffd"),
        ("\ud83c alone", "\ufffd alone"),
        ("a\0b", "a\ufffdb"),
    ],
)
def test_text_for_people_is_made_storable(db: Database, text: str, stored: str) -> None:
    assert storable(text) == stored
    assert db.value("SELECT ?", (storable(text),)) == stored
