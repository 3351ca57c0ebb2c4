"""Which characters the bytes of old files are."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.lyrics.encoding import decode

TEXT = "[ti:Crème brûlée]\n[00:01.00]C’est déjà l’été\n[00:05.00]où ça?\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32-le"),
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_every_encoding_gives_the_text(data: bytes, encoding: str) -> None:
    decoded = decode(data)
    assert (decoded.text, decoded.encoding, decoded.damaged) == (TEXT, encoding, False)


def test_bytes_that_windows_does_not_know_are_latin_1() -> None:
    decoded = decode(b"caf\xe9 \x81")
    assert (decoded.text, decoded.encoding) == ("café \x81", "latin-1")


def test_announced_encoding_counts_where_it_is_not_utf8() -> None:
    text = "#ENCODING:CP1250\n#TITLE:Žluťoučký kůň\n"
    assert decode(text.encode("cp1250")).text == text
    assert decode(text.encode("utf-8")).text == text, "it is often wrong"


def test_a_few_damaged_characters_do_not_make_it_another_encoding() -> None:
    decoded = decode(("é" * 50).encode() + b"\xff" + ("è" * 50).encode() + b"\xc3")
    assert decoded.encoding == "utf-8"
    assert decoded.damaged
    assert decoded.text == "é" * 50 + "�" + "è" * 50 + "�"


def test_odd_length_of_utf16_is_damage() -> None:
    decoded = decode(codecs.BOM_UTF16_LE + "la".encode("utf-16-le") + b"x")
    assert decoded.text.startswith("la")
    assert decoded.damaged


def test_other_alphabets_in_utf16_without_a_mark() -> None:
    text = "[00:01.00]мы поём\n[00:02.00]песню\n"
    assert decode(text.encode("utf-16-le")).text == text


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "utf-8-sig", "utf-16"])
def test_somebody_may_know_better(encoding: str) -> None:
    text = "[00:01.00]日本\n"
    assert decode(text.encode(encoding), encoding).text == text


@pytest.mark.parametrize("encoding", ["klingon", "", "hex", "undefined", "a\0b"])
def test_encodings_that_are_none(encoding: str) -> None:
    with pytest.raises(UsageError, match="no encoding"):
        decode(b"la la", encoding)


@given(st.binary(max_size=300))
def test_any_bytes_give_some_text(data: bytes) -> None:
    decoded = decode(data)
    decoded.text.encode("utf-8")
    assert decoded.damaged or decoded.text.encode(decoded.encoding) in data


@given(st.text(max_size=100))
def test_utf8_is_never_taken_for_anything_else(text: str) -> None:
    if "\0" not in text and not text.startswith(("\ufeff", "\ufffe")):
        assert decode(text.encode()).text == text
