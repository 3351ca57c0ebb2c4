"""Pieces of text with milliseconds."""

import pytest

from core.errors import LyricsError
from core.lyrics.lrc import parse_lrc
from core.lyrics.model import Lyrics, Timing
from core.lyrics.plain import parse_plain
from core.lyrics.sylt import lyrics_of_pieces, pieces_of_lyrics


def test_line_ends_begin_lines() -> None:
    lyrics = lyrics_of_pieces([("Strang", 1000), ("ers", 1200), (" in", 1500), ("\nthe", 3000)])
    assert lyrics.text == "Strangers in\nthe"
    assert [word.text for word in lyrics.lines[0].words] == ["Strang", "ers ", "in"]
    assert [line.onset for line in lyrics.lines] == [1.0, 3.0]


def test_line_ends_after_lines_are_understood_too() -> None:
    lyrics = lyrics_of_pieces(
        [("one ", 1000), ("two\n", 1500), ("three ", 3000), ("four\r\n", 3500)]
    )
    assert lyrics.text == "one two\nthree four"
    assert [line.onset for line in lyrics.lines] == [1.0, 3.0]


def test_without_line_ends_each_piece_is_a_line() -> None:
    lyrics = lyrics_of_pieces([("two", 2000), ("one", 1000), ("  ", 3000)])
    assert lyrics.text == "one\ntwo"
    assert lyrics.timing is Timing.LINES


def test_lines_of_one_piece_have_no_words() -> None:
    assert lyrics_of_pieces([("one", 1000), ("\ntwo", 2000)]).timing is Timing.LINES


@pytest.mark.parametrize("pieces", [[], [("", 0)], [("\n", 5)], [("late", 10**12), ("early", -5)]])
def test_no_words_is_an_error(pieces: list[tuple[str, int]]) -> None:
    with pytest.raises(LyricsError, match="no words"):
        lyrics_of_pieces(pieces)


def test_words_come_back(duet: Lyrics) -> None:
    pieces = pieces_of_lyrics(duet)
    again = lyrics_of_pieces(pieces)
    assert again.text == duet.text
    starts = [word.start for line in again.lines for word in line.words]
    assert starts == pytest.approx([word.start for line in duet.lines for word in line.words])


def test_lines_come_back() -> None:
    lyrics = parse_lrc("[00:01.00]a\n[00:02.50]b c\n")
    assert pieces_of_lyrics(lyrics) == [("a", 1000), ("\nb c", 2500)]
    assert lyrics_of_pieces(pieces_of_lyrics(lyrics)) == lyrics


def test_text_has_no_pieces() -> None:
    assert pieces_of_lyrics(parse_plain("a\nb")) == []
