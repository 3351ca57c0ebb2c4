"""What lyrics may be."""

import math

import pytest

from core.lyrics.ends import line_end
from core.lyrics.model import Line, Lyrics, Timing, Word, line_of_words


@pytest.mark.parametrize(
    "lines",
    [
        (Line("a", 1.0), Line("b")),
        (Line("a"), Line("b", 1.0)),
        (Line("a", 2.0), Line("b", 1.0)),
        (Line("a", -1.0),),
        (Line("a", math.nan),),
        (Line("a", math.inf),),
        (Line("a", 2.0, 1.0),),
        (Line("a", 2.0, math.nan),),
        (Line("a", 2.0, 3.0, (Word("a", 2.0, 1.0),)),),
        (Line("a", None, None, (Word("a", 2.0, 3.0),)),),
    ],
)
def test_lyrics_that_no_player_could_follow(lines: tuple[Line, ...]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Lyrics(lines)


def test_how_finely_they_are_timed() -> None:
    assert Lyrics(()).timing is Timing.NONE
    assert Lyrics((Line("a"),)).timing is Timing.NONE
    assert Lyrics((Line("a", 1.0),)).timing is Timing.LINES
    assert Lyrics((Line("a", 1.0), line_of_words((Word("b", 2.0),)))).timing is Timing.WORDS


def test_warnings_do_not_make_them_different() -> None:
    assert Lyrics((Line("a"),), warnings=("x",)) == Lyrics((Line("a"),))


def test_a_line_of_words() -> None:
    line = line_of_words((Word("a ", 1.0, 2.0), Word("b", 2.0, 3.0)), singer="S")
    assert (line.text, line.start, line.end, line.singer) == ("a b", 1.0, 3.0, "S")
    assert line_of_words((Word("a", 1.0),)).end is None


@pytest.mark.parametrize(
    ("line", "following", "end"),
    [
        (Line("a", 1.0, 3.0), 2.0, 3.0),
        (Line("a", 1.0, None, (Word("a", 1.5, 4.0),)), 2.0, 4.0),
        (Line("a", 1.0, None, (Word("a", 1.5),)), 9.0, 2.5),
        (Line("a", 1.0), 1.5, 1.5),
        (Line("a", 1.0), 9.0, 2.0),
        (Line("twenty characters ok", 1.0), 9.0, 4.0),
        (Line("sung with the next", 1.0), 1.0, 3.7),
    ],
)
def test_ends_that_are_not_told(line: Line, following: float, end: float) -> None:
    assert line_end(Lyrics((line, Line("next", following))), 0) == pytest.approx(end)
