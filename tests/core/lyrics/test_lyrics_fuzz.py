"""Whatever a file holds: lyrics that every writer and player can take, or a clear error."""

import contextlib
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import LyricsError
from core.lyrics.encoding import decode
from core.lyrics.ends import with_words, without_times
from core.lyrics.formats import LyricsFormat, format_lyrics, parse_lyrics
from core.lyrics.lrc import parse_lrc
from core.lyrics.merge import merged
from core.lyrics.model import Lyrics, Timing
from core.lyrics.plain import parse_plain
from core.lyrics.position import position
from core.lyrics.sylt import lyrics_of_pieces, pieces_of_lyrics
from core.lyrics.timing import rescaled, shifted, transposed
from core.lyrics.ultrastar import parse_ultrastar

READERS = [parse_lyrics, parse_lrc, parse_ultrastar, parse_plain]

LRC = """\
[ti:Été]
[ar:Somebody]
[offset:+120]
[length:03:21]
# comment
[00:01.00][01:01.00]first line
[00:04.50]<00:04.50>word <00:05.00>by <00:05.50>word<00:06.00>
[00:08.00]
[00:00:09]odd
[00:10]v1: someone
"""
SONG = """\
#VERSION:1.0.0
#TITLE:Été
#BPM:297,5
#GAP:1250
#RELATIVE:no
#P1:Ann
P1
: 0 3 9 So
* 6 4 11  far
- 12 14
F 16 4 11 a
R 20 4 3 way
B 22 200
: 25 8 14 ~
P2
: 25 8 14  home
E
"""

# What the formats are made of, so that random text is often almost right.
PIECES = st.sampled_from(
    [
        *("[", "]", "<", ">", ":", ".", ",", "#", "*", "-", "~", "+", " ", "\t", "\n", "\r\n"),
        *("E", "F", "R", "G", "P1", "P2", "B", "BPM", "GAP", "RELATIVE:yes", "la", "é", "\0"),
        *("0", "1", "00", "59", "99", "999999999", "nan", "inf", "1e9", "٣", "offset", "length"),
        *(
            "[00:01.00]",
            "<00:02.00>",
            "[9999:59.99]",
            ": 0 4 0 la\n",
            "#BPM:300\n",
            "- 5\n",
            "v1: ",
        ),
        *("[ti:x]", "\x85", "\u2028", "\ufeff"),
    ]
)


def usable(lyrics: Lyrics) -> None:
    """Put lyrics through everything that is done with them."""
    assert lyrics.lines
    for line in lyrics.lines:
        assert line.text == line.text.strip()
        assert "\n" not in line.text
        if line.words:
            assert "".join(word.text for word in line.words).strip() == line.text
    lyrics.text.encode("utf-8")
    for kind in LyricsFormat:
        if kind is LyricsFormat.PLAIN or lyrics.timing is not Timing.NONE:
            text = format_lyrics(lyrics, kind)
            with contextlib.suppress(LyricsError):
                parse_lyrics(text)
    for moment in (-1.0, 0.0, 5.0, 1e9):
        position(lyrics, moment)
    for changed in (rescaled(lyrics, 0.5, 4.0, 6.0), shifted(lyrics, -2.0), transposed(lyrics, 70)):
        with_words(changed)
    without_times(lyrics)
    merged(lyrics, lyrics)
    if pieces := pieces_of_lyrics(lyrics):
        lyrics_of_pieces(pieces)


def survives(reader: Callable[[str], Lyrics], text: str) -> None:
    try:
        lyrics = reader(text)
    except LyricsError:
        return
    usable(lyrics)


def mutated(text: str, seed: int) -> str:
    """Change a few places of a good file."""
    source = random.Random(seed)
    letters = list(text)
    for _ in range(source.randint(1, 8)):
        at = source.randrange(len(letters) + 1)
        length = source.choice((1, 1, 1, 3, 20))
        change = source.randrange(5)
        if change == 0:
            del letters[at : at + length]
        elif change == 1:
            letters[at:at] = source.choices("[]<>:.,#-~*FRGPEB019\n \0é😀\ud800", k=length)
        elif change == 2:
            letters[at:at] = letters[at : at + length] * source.randint(1, 5)
        elif change == 3:
            letters[at : at + length] = reversed(letters[at : at + length])
        else:
            other = source.randrange(len(letters) + 1)
            letters[at:at] = letters[other : other + length]
    return "".join(letters)


@pytest.mark.parametrize("reader", READERS)
@given(st.text(max_size=200))
@settings(deadline=None)
def test_random_text(reader: Callable[[str], Lyrics], text: str) -> None:
    survives(reader, text)


@pytest.mark.parametrize("reader", READERS)
@given(st.lists(PIECES, max_size=60).map("".join))
@example("[00:01.00]" * 500 + "la")
@example("#BPM:300\n#RELATIVE:yes\n: 0 1 0 a\n- 999999999 999999999\n: 0 1 0 b")
@example("#BPM:300\nB 0 999999\n: 999999999 999999999 9999 a\nB -5 1")
@settings(max_examples=300, deadline=None)
def test_text_that_is_almost_right(reader: Callable[[str], Lyrics], text: str) -> None:
    survives(reader, text)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("good", [LRC, SONG])
def test_good_files_with_mistakes(reader: Callable[[str], Lyrics], good: str) -> None:
    for seed in range(250):
        survives(reader, mutated(good, seed))


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_random_bytes(data: bytes) -> None:
    survives(parse_lyrics, decode(data).text)


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(-(2**33), 2**33)), max_size=20))
@settings(deadline=None)
def test_random_pieces(pieces: list[tuple[str, int]]) -> None:
    try:
        lyrics = lyrics_of_pieces(pieces)
    except LyricsError:
        return
    usable(lyrics)


@pytest.mark.parametrize(
    "text",
    [
        "[00:01.00]" * 50_000 + "<00:01.00>la " * 5_000,
        ("[00:01.00]" * 90 + "<00:01.00>a" * 90 + "\n") * 500,
        "[00:01.00]la\n" * 40_000,
        "[" * 1_000_000,
        "[ " * 500_000,
        "[00:01.00]" + "[ti:" * 200_000 + "]",
        "[" + " " * 1_000_000 + "00:01]la",
        "#BPM:300\n" + ": 0 1 0 la\n" * 50_000,
        "#BPM:300\n" + ": 0 1 0 la\n-0\n" * 30_000,
        "#BPM:300\n" + "B 1 200\n" * 100_000 + ": 0 1 0 la",
        "#" + ":" * 1_000_000,
        ":" + " " * 1_000_000 + "1",
        "-" + "\t" * 1_000_000,
        "#BPM:" + "9" * 1_000_000,
        "x\n" * 200_000,
        "x" * 1_000_000,
    ],
    ids=lambda text: repr(text[:20]),
)
@pytest.mark.parametrize("reader", [parse_lyrics, parse_lrc, parse_ultrastar])
def test_large_files_end_soon(reader: Callable[[str], Lyrics], text: str) -> None:
    began = time.perf_counter()
    with contextlib.suppress(LyricsError):
        lyrics = reader(text)
        position(lyrics, 1.0)
        with_words(lyrics)
    assert time.perf_counter() - began < 20
