"""Several lyrics into one."""

import pytest

from core.errors import LyricsError
from core.lyrics.lrc import parse_lrc
from core.lyrics.merge import merged
from core.lyrics.model import Line, Lyrics, Timing, Word
from core.lyrics.plain import parse_plain


def test_lines_interleave_by_their_times() -> None:
    one = parse_lrc("[ti:One]\n[00:01.00]a\n[00:05.00]c")
    two = parse_lrc("[ti:Two]\n[ar:B]\n[00:03.00]b\n[00:07.00]d")
    both = merged(one, two)
    assert both.text == "a\nb\nc\nd"
    assert (both.title, both.artist) == ("One", "B")


def test_same_words_at_the_same_time_are_one_line_of_everyone() -> None:
    one = Lyrics((Line("Hey  you", 1.0, singer="A"), Line("x", 3.0, singer="A")))
    two = Lyrics((Line("hey you", 1.04, singer="B"), Line("x", 9.0, singer="B")))
    assert [(line.text, line.singer) for line in merged(one, two).lines] == [
        ("Hey  you", ""),
        ("x", "A"),
        ("x", "B"),
    ]


def test_the_line_that_knows_its_words_stays() -> None:
    rough = Lyrics((Line("a b", 1.0, singer="A"),))
    fine = Lyrics((Line("a b", 1.02, 2.0, (Word("a ", 1.02), Word("b", 1.5, 2.0)), "A"),))
    both = merged(rough, fine)
    assert both.timing is Timing.WORDS
    assert both.lines[0].singer == "A"


def test_merging_with_itself_changes_nothing(duet: Lyrics) -> None:
    assert merged(duet, duet) == duet
    assert merged(duet) == duet


def test_times_and_no_times_do_not_go_together() -> None:
    with pytest.raises(LyricsError, match="without"):
        merged(parse_lrc("[00:01.00]a"), parse_plain("b"))


def test_text_follows_text() -> None:
    assert merged(parse_plain("a"), parse_plain("b")).text == "a\nb"
