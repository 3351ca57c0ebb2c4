"""Lyrics for audio that is cut, slower, or in another key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.lyrics.lrc import parse_lrc
from core.lyrics.model import Line, Lyrics, Word
from core.lyrics.timing import rescaled, shifted, transposed

LINES = Lyrics(
    (Line("a", 10.0, 12.0), Line("b", 20.0, 24.0), Line("c", 30.0)), duration=60.0, bpm=300.0
)
WORDS = Lyrics(
    (
        Line(
            "one two three",
            10.0,
            13.0,
            (Word("one ", 10.0, 11.0), Word("two ", 11.0, 12.0), Word("three", 12.0, 13.0)),
        ),
    )
)


def spans(lyrics: Lyrics) -> list[tuple[float | None, float | None]]:
    return [(line.start, line.end) for line in lyrics.lines]


def test_slower_is_later() -> None:
    slow = rescaled(LINES, 0.8)
    assert spans(slow) == [(12.5, 15.0), (25.0, 30.0), (37.5, None)]
    assert (slow.duration, slow.bpm) == (75.0, 240.0)


def test_a_part_of_the_audio_has_its_lines_only() -> None:
    part = rescaled(LINES, 2.0, 22.0, 26.0)
    assert part.text == "b"
    assert spans(part) == [(0.0, 1.0)]
    assert part.duration == 2.0


def test_lines_that_cross_the_end_are_cut() -> None:
    assert spans(rescaled(LINES, 1.0, 0.0, 21.5)) == [(10.0, 12.0), (20.0, 21.5)]


def test_words_that_are_cut_off_leave_the_text() -> None:
    begin = rescaled(WORDS, 1.0, 11.5)
    assert begin.text == "two three"
    assert [(word.start, word.end) for word in begin.lines[0].words] == [(0.0, 0.5), (0.5, 1.5)]
    end = rescaled(WORDS, 1.0, 0.0, 11.0)
    assert end.text == "one"
    assert end.lines[0].end == 11.0
    assert rescaled(WORDS, 1.0, 13.0).lines == ()


def test_a_mix_that_begins_with_silence() -> None:
    assert rescaled(WORDS, 1.0, -5.0).lines[0].words[1].start == 16.0


def test_notes_move_along(duet: Lyrics) -> None:
    slow = rescaled(duet, 0.5, 1.0)
    for old, new in zip(duet.lines, slow.lines, strict=True):
        for before, after in zip(old.words, new.words, strict=True):
            assert [note.start for note in after.notes] == pytest.approx(
                [(note.start - 1.0) / 0.5 for note in before.notes]
            )


def test_shift_moves_everything_and_keeps_the_length() -> None:
    later = shifted(LINES, 1.5)
    assert spans(later) == [(11.5, 13.5), (21.5, 25.5), (31.5, None)]
    assert (later.duration, later.bpm) == (60.0, 300.0)


def test_shift_before_the_beginning() -> None:
    assert spans(shifted(LINES, -11.0)) == [(0.0, 1.0), (9.0, 13.0), (19.0, None)]
    assert shifted(LINES, -13.0).text == "b\nc"


def test_lyrics_without_times_stay() -> None:
    lyrics = Lyrics((Line("a"), Line("b")))
    assert rescaled(lyrics, 0.5, 3.0, 4.0) == lyrics
    assert shifted(lyrics, 9.0) == lyrics


def test_other_key(duet: Lyrics) -> None:
    higher = transposed(duet, 3)
    assert higher.lines[0].words[0].pitch == 63
    assert higher.lines[0].words[0].notes[0].pitch == 63
    assert transposed(higher, -3) == duet
    assert transposed(duet, 100).lines[0].words[0].pitch is None


@pytest.mark.parametrize(
    ("rate", "start", "end"),
    [
        (0.0, 0.0, None),
        (-1.0, 0.0, None),
        (float("nan"), 0.0, None),
        (1.0, float("inf"), None),
        (1.0, 5.0, 5.0),
        (1.0, 5.0, float("nan")),
    ],
)
def test_parts_that_make_no_sense(rate: float, start: float, end: float | None) -> None:
    with pytest.raises(UsageError):
        rescaled(LINES, rate, start, end)


def test_shift_by_no_number() -> None:
    with pytest.raises(UsageError, match="moved"):
        shifted(LINES, float("nan"))


@given(
    st.floats(0.25, 4),
    st.floats(-100, 100),
    st.none() | st.floats(0.01, 200),
)
def test_whatever_is_left_lies_inside_the_part(
    rate: float, start: float, length: float | None
) -> None:
    lyrics = parse_lrc(
        "[00:01.00]<00:01.00>a <00:01.50>b<00:02.00>\n[00:30.00]c\n[00:31.00]<00:32.00>d\n"
        "[00:31.00]e\n[01:00.00]f\n[01:10.00]"
    )
    end = None if length is None else start + length
    part = rescaled(lyrics, rate, start, end)
    last = float("inf") if length is None else length / rate + 1e-9
    for line in part.lines:
        times = [line.start, line.end]
        times += [time for word in line.words for time in (word.start, word.end)]
        assert all(0 <= time <= last for time in times if time is not None)
        if line.words:
            assert "".join(word.text for word in line.words) == line.text
