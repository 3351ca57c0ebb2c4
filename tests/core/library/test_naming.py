"""Names that every file system takes."""

import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.library.characters import clusters
from core.library.naming import (
    NAME_LIMIT,
    caseless_key,
    folder_name,
    guess_from_filename,
    numbered,
)

_NASTY = [
    *'/\\:*?"<>|. \t\n\r\0\x7f\x85\u00a0\u2028\u202e\u200b\u200c\u200d\ufeff\ufe0f\ufffe\ue000',
    *"\ud800\udc80\udfff\u0301\u0338\u1100\u1161\u11a8\u3164\u034f",
    *("CON", "nul", "COM1", "lpt¹", "aux.", ".txt", " - ", "🏴\U000e0067\U000e007f"),
    *("👩\u200d👩\u200d👧\u200d👦", "🇩🇪", "👍🏽", "é", "e\u0301", "日本", "a" * 50, "ж" * 40),
]
anything = st.text(st.characters()) | st.lists(st.sampled_from(_NASTY)).map("".join)


def assert_legal(name: str) -> None:
    """What ext4, NTFS, exFAT and SMB ask of a name, and people of one that they see."""
    assert 1 <= len(name.encode()) <= NAME_LIMIT
    assert len(name.encode("utf-16-le")) // 2 <= NAME_LIMIT
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]', name)
    assert name == name.strip(" .")
    assert unicodedata.is_normalized("NFC", name)
    base = name.split(".")[0].rstrip().upper()
    assert not re.fullmatch(r"CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³]", base)
    hidden = {c for c in name if unicodedata.category(c) in ("Cf", "Cc", "Cs", "Co", "Zl", "Zp")}
    assert all(c == "\u200d" or "\U000e0020" <= c <= "\U000e007f" for c in hidden)


@given(anything, anything, anything)
@example("", "", "")
@example("?", "?", "?")
@example("CON", "", "")
@example("", "com¹ .x", "")
@example("", "CON." + "a" * 200, "")
@example("\u0301" * 300, "a" + "\u0301" * 300, "")
@example("x" * 300, "y" * 300, "")
@example("", "<\u0338", "")
@example(".", "..", "...")
def test_any_text_becomes_a_legal_name(artist: str, title: str, fallback: str) -> None:
    name = folder_name(artist, title, fallback)
    assert_legal(name)
    assert folder_name("", name, "") == name, "a legal name stays as it is"


@given(anything, st.integers(2, 10**6))
@example("x" * 300, 2)
@example("a" + "\u0301" * 300, 999999)
def test_numbered_names_are_legal_and_differ(title: str, n: int) -> None:
    name = folder_name("", title, "")
    assert_legal(numbered(name, n))
    assert numbered(name, n).endswith(f" ({n})")
    assert caseless_key(numbered(name, n)) != caseless_key(numbered(name, n + 1))


@given(anything)
def test_the_file_system_here_takes_the_name(
    tmp_path_factory: pytest.TempPathFactory, title: str
) -> None:
    name = folder_name("", title, "")
    folder = tmp_path_factory.mktemp("names")
    (folder / name).mkdir()
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        ("Queen", "Bohemian Rhapsody", "Queen - Bohemian Rhapsody"),
        ("AC/DC", "T.N.T.", "AC-DC - T.N.T"),
        ("Foo", "Bar: Baz", "Foo - Bar - Baz"),
        ("Foo", "12:51", "Foo - 12-51"),
        ("", "Why?", "Why"),
        ("XXX", "?", "XXX - _"),
        ("", '"Heroes"', "'Heroes'"),
        ("F**k", "<3", "F__k - (3"),
        ("...And You", "..Trail", "And You - Trail"),
        ("  a\t b ", "c\u00a0\n d", "a b - c d"),
        ("", "CON", "CON_"),
        ("", "nul.flac", "nul_.flac"),
        ("", "Con Air", "Con Air"),
        ("Beyonce\u0301", "Halo", "Beyoncé - Halo"),
        ("a\u202eb", "c\u200bd", "ab - cd"),
        ("", "\ud83d\ude00", "😀"),
        ("", "a\udc80b", "a\ufffdb"),
        ("", "👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("", "pass\u200dword", "password"),
        ("", "❤\ufe0f", "❤\ufe0f"),
        ("", "🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("", "x\U000e0067", "x"),
        ("Sigur Rós", "()", "Sigur Rós - ()"),
        ("", "مرحبا", "مرحبا"),
    ],
)
def test_names_look_like_what_they_are_of(artist: str, title: str, expected: str) -> None:
    assert folder_name(artist, title, "file") == expected


def test_the_fallback_stands_in_for_a_missing_title() -> None:
    assert folder_name("Queen", "", "Queen - Live") == "Queen - Live"
    assert folder_name("Queen", " . ", "") == "Queen"
    assert folder_name("", "", "\u200b") == "Unknown"


def test_a_long_artist_leaves_room_for_the_title() -> None:
    name = folder_name("a" * 500, "b" * 500, "")
    assert name == "a" * 50 + " - " + "b" * 67
    assert folder_name("a" * 100, "short", "") == "a" * 100 + " - short"
    assert len(folder_name("a" * 500, "short", "")) == NAME_LIMIT


@pytest.mark.parametrize(
    "cluster",
    ["👩\u200d👩\u200d👧\u200d👦", "👍🏽", "🇩🇪", "e\u0323\u0301", "❤\ufe0f"],
)
def test_cutting_never_breaks_what_people_see_as_one(cluster: str) -> None:
    whole = unicodedata.normalize("NFC", cluster)
    for shift in range(20):
        name = folder_name("", "x" * shift + cluster * 60, "")
        assert name[shift:].replace(whole, "") == ""
        assert len(name.encode()) > NAME_LIMIT - len(whole.encode())


def test_flags_are_split_in_pairs() -> None:
    assert clusters("🇩🇪🇫🇷") == ["🇩🇪", "🇫🇷"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Queen", "QUEEN"),
        ("Beyonce\u0301", "BEYONCÉ"),
        ("straße", "STRASSE"),
        ("Ωmega", "ωMEGA"),
        ("µ", "\u03bc"),
        ("name", "name. ."),
        ("ﬀ", "FF"),
        ("ı", "I"),
        ("ſ", "S"),
        ("a\u200db", "ab"),
        ("❤\ufe0f", "❤"),
        ("K", "\u212a"),
    ],
)
def test_names_that_some_system_takes_for_one_share_a_key(one: str, other: str) -> None:
    assert caseless_key(one) == caseless_key(other)


def test_names_that_differ_have_different_keys() -> None:
    assert caseless_key("Halo") != caseless_key("Hallo")
    assert caseless_key("e") != caseless_key("é")


@given(anything)
def test_capitals_and_composition_do_not_count(text: str) -> None:
    key = caseless_key(text)
    assert caseless_key(text.upper()) == key
    assert caseless_key(text.lower()) == key
    assert caseless_key(unicodedata.normalize("NFD", text)) == key
    assert caseless_key(unicodedata.normalize("NFC", text)) == key
    assert caseless_key(key) == key


@pytest.mark.parametrize(
    ("stem", "artist", "title"),
    [
        ("Queen - Bohemian Rhapsody", "Queen", "Bohemian Rhapsody"),
        ("Queen – Innuendo", "Queen", "Innuendo"),
        ("01 - Queen - Innuendo", "Queen", "Innuendo"),
        ("01. Innuendo", "", "Innuendo"),
        ("1-03 Innuendo", "", "Innuendo"),
        ("07 Innuendo", "", "Innuendo"),
        ("03. Queen - Innuendo", "Queen", "Innuendo"),
        ("12 - Innuendo", "", "Innuendo"),
        ("queen_-_innuendo", "queen", "innuendo"),
        ("under_pressure", "", "under pressure"),
        ("a b_c", "", "a b_c"),
        ("Queen - Innuendo (Official Video)", "Queen", "Innuendo"),
        ("Queen - Innuendo (Official Music Video) [HD]", "Queen", "Innuendo"),
        ("Queen - Innuendo (Lyrics)", "Queen", "Innuendo"),
        ("Queen - Innuendo [Official Lyric Video] [dQw4w9WgXcQ]", "Queen", "Innuendo"),
        ("Queen - Innuendo [a-b_c1234xy]", "Queen", "Innuendo"),
        ("Queen - Innuendo (Live)", "Queen", "Innuendo (Live)"),
        ("Queen - Innuendo (Remastered 2011)", "Queen", "Innuendo (Remastered 2011)"),
        ("Queen - Innuendo [Alternative]", "Queen", "Innuendo [Alternative]"),
        ("Queen - Innuendo [INTERLUDIUM]", "Queen", "Innuendo [INTERLUDIUM]"),
        ("Queen - Flash - Live", "Queen", "Flash - Live"),
        ("99 Luftballons", "", "99 Luftballons"),
        ("7 rings", "", "7 rings"),
        ("50 Cent - In Da Club", "50 Cent", "In Da Club"),
        ("311 - Down", "311", "Down"),
        ("1999", "", "1999"),
        ("01", "", "01"),
        ("01 - ", "", "01 -"),
        ("1979 - Smashing", "1979", "Smashing"),
        ("5.1 Test", "", "5.1 Test"),
        ("Jay-Z", "", "Jay-Z"),
        ("A-ha - Take On Me", "A-ha", "Take On Me"),
        ("(Official Video)", "", "(Official Video)"),
        ("[dQw4w9WgXcQ]", "", "[dQw4w9WgXcQ]"),
        (" - Title", "", "- Title"),
        ("Artist - ", "", "Artist -"),
        ("", "", ""),
        ("Beyonce\u0301 - Halo", "Beyoncé", "Halo"),
        ("Video", "", "Video"),
        ("Audio (Audio)", "", "Audio"),
    ],
)
def test_names_of_files_tell_artist_and_title(stem: str, artist: str, title: str) -> None:
    assert guess_from_filename(stem) == (artist, title)


@given(anything)
def test_a_guess_loses_no_song(stem: str) -> None:
    artist, title = guess_from_filename(stem)
    f"{artist}{title}".encode()
    assert title or not artist
    assert bool(title) == bool(guess_from_filename(title)[1])


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    stem = Path(os.fsdecode(b"Bj\xf6rk - J\xf3ga.mp3")).stem
    assert guess_from_filename(stem) == ("Bj\ufffdrk", "J\ufffdga")
