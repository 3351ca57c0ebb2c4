"""Where a player is in the lyrics."""

import time as clock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lyrics.lrc import parse_lrc
from core.lyrics.model import Line, Lyrics, Word
from core.lyrics.position import Position, line_at, next_lines, position
from core.lyrics.ultrastar import parse_ultrastar

SONG = Lyrics(
    (
        Line(
            "one two",
            10.0,
            13.0,
            (Word("one ", 10.0, 11.0), Word("two", 12.0, 13.0)),
        ),
        Line("three", 20.0, 22.0),
        Line("four", 24.0),
    )
)


@pytest.mark.parametrize(
    ("time", "line"),
    [
        (0.0, None),
        (9.999, None),
        (10.0, 0),
        (12.9, 0),
        (13.0, None),
        (20.0, 1),
        (22.0, None),
        (24.5, 2),
        (25.1, None),
        (1e6, None),
    ],
)
def test_line_being_sung(time: float, line: int | None) -> None:
    assert line_at(SONG, time) == line
    assert position(SONG, time).line == line


def test_before_the_song() -> None:
    assert position(SONG, 4.0) == Position(upcoming=0, until_next=6.0)


def test_within_a_word() -> None:
    where = position(SONG, 10.25)
    assert (where.line, where.word, where.word_progress) == (0, 0, 0.25)
    assert where.line_progress == pytest.approx(0.25 * 4 / 7)
    assert (where.upcoming, where.until_next) == (1, 9.75)


def test_between_words() -> None:
    where = position(SONG, 11.5)
    assert (where.word, where.word_progress) == (0, 1.0)
    assert where.line_progress == pytest.approx(4 / 7)


def test_between_lines() -> None:
    where = position(SONG, 15.0)
    assert (where.line, where.previous, where.singing) == (None, 0, ())
    assert where.until_next == 5.0


def test_a_line_without_words_is_sung_evenly() -> None:
    assert position(SONG, 20.5).line_progress == 0.25
    assert position(SONG, 20.5).word is None


def test_after_the_last_line() -> None:
    assert position(SONG, 100.0) == Position(previous=2)


def test_next_lines() -> None:
    assert next_lines(SONG, 0.0, 2) == (0, 1)
    assert next_lines(SONG, 10.0, 5) == (1, 2)
    assert next_lines(SONG, 30.0, 5) == ()


def test_a_held_syllable_lasts_over_its_notes() -> None:
    lyrics = parse_ultrastar("#BPM:300\n: 0 20 0 soo\n: 20 40 2 ~\n: 60 20 0 ner\nE")
    assert position(lyrics, 0.75).word_progress == pytest.approx(0.25 * 3 / 6)
    assert position(lyrics, 2.25).word_progress == pytest.approx(0.75 * 3 / 6)
    assert position(lyrics, 3.5).word_progress == pytest.approx(4.5 / 6)


def test_a_word_goes_on_note_by_note(duet: Lyrics) -> None:
    # "To" 0.5 s, a pause of 0.5 s, "ge" and "ther" 1 s each.
    line = duet.lines[2]
    assert position(duet, line.onset + 0.25).word_progress == pytest.approx(1 / 8)
    assert position(duet, line.onset + 0.75).word_progress == pytest.approx(2 / 8)
    assert position(duet, line.onset + 2.0).word_progress == pytest.approx(4 / 8)
    assert position(duet, line.onset + 2.5).word_progress == pytest.approx(6 / 8)


def test_singers_together() -> None:
    lyrics = Lyrics((Line("a", 1.0, 9.0, singer="A"), Line("b", 2.0, 4.0, singer="B")))
    assert position(lyrics, 3.0).singing == (0, 1)
    assert position(lyrics, 3.0).line == 1
    assert position(lyrics, 5.0).line == 0, "it is still sung"


def test_lyrics_without_times() -> None:
    lyrics = Lyrics((Line("a"), Line("b")))
    assert line_at(lyrics, 1.0) is None
    assert position(lyrics, 1.0) == Position()
    assert next_lines(lyrics, 1.0, 3) == ()
    assert position(Lyrics(()), 1.0) == Position()


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.floats(-5, 70))
def test_agrees_with_looking_at_every_line(starts: list[int], time: float) -> None:
    lyrics = Lyrics(tuple(Line("la la la", float(start)) for start in sorted(starts)))
    where = position(lyrics, time)
    begun = [index for index, line in enumerate(lyrics.lines) if line.onset <= time]
    later = [index for index, line in enumerate(lyrics.lines) if line.onset > time]
    assert where.previous == (begun[-1] if begun else None)
    assert where.upcoming == (later[0] if later else None)
    if where.line is not None:
        assert where.line == begun[-1]
        assert 0 <= where.line_progress <= 1
    if where.until_next is not None:
        assert where.until_next > 0


def test_progress_never_goes_back(duet: Lyrics) -> None:
    line = duet.lines[2]
    seen = [position(duet, line.onset + step / 100).line_progress for step in range(300)]
    assert seen == sorted(seen)
    assert seen[-1] > 0.99


def test_quick_enough_for_every_frame_of_a_long_song() -> None:
    text = "".join(
        f"[{n // 60:02d}:{n % 60:02d}.00]<{n // 60:02d}:{n % 60:02d}.50>la\n" for n in range(5000)
    )
    lyrics = parse_lrc(text)
    began = clock.perf_counter()
    for step in range(1000):
        position(lyrics, step * 5.0)
    # 60 frames a second leave 16 ms for each; this is a hundredth of it on a slow machine.
    assert clock.perf_counter() - began < 1.0
