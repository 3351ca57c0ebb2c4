"""Reading and writing LRC."""

import pytest

from core.errors import LyricsError
from core.lyrics.lrc import parse_lrc
from core.lyrics.lrc_write import format_lrc
from core.lyrics.model import Line, Lyrics, Timing, Word
from core.lyrics.stamps import clock


def starts(text: str) -> list[float]:
    return [line.onset for line in parse_lrc(text).lines]


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("[00:12.34]", 12.34),
        ("[1:02.5]", 62.5),
        ("[01:02]", 62.0),
        ("[01:02.345]", 62.345),
        ("[01:02,50]", 62.5),
        ("[75:00.00]", 4500.0),
        ("[01:02:03.50]", 3723.5),
        ("[ 00:12.00 ]", 12.0),
        ("[00:90.00]", 90.0),
    ],
)
def test_times_in_every_spelling(stamp: str, seconds: float) -> None:
    assert starts(f"{stamp}la") == pytest.approx([seconds])


def test_three_numbers_are_hours_where_they_can_be() -> None:
    assert starts("[00:00:05]a\n[00:03:20]b") == [5.0, 200.0]


def test_three_numbers_are_hundredths_where_a_clock_would_not_show_them() -> None:
    assert starts("[00:05:10]a\n[00:07:85]b") == pytest.approx([5.1, 7.85])
    assert starts("[00:05:10]a\n[01:07:20]b") == pytest.approx([5.1, 67.2])


def test_a_line_with_several_times_is_sung_several_times() -> None:
    lyrics = parse_lrc("[00:10.00][00:30.00]chorus\n[00:20.00]verse")
    assert [(line.onset, line.text) for line in lyrics.lines] == [
        (10.0, "chorus"),
        (20.0, "verse"),
        (30.0, "chorus"),
    ]


def test_tags_of_the_song() -> None:
    lyrics = parse_lrc(
        "[ti:A [live] one]\n[ar:B][al: C ]\n[au:D]\n[by:E]\n[la:fr]\n[length: 3:45]\n"
        "[re:editor]\n[ve:1.2]\n[#:nothing]\n# nothing\n[:] nothing\n[00:01.00]la"
    )
    assert (lyrics.title, lyrics.artist, lyrics.album) == ("A [live] one", "B", "C")
    assert (lyrics.author, lyrics.by, lyrics.language) == ("D", "E", "fr")
    assert lyrics.duration == 225.0
    assert lyrics.extra == (("re", "editor"), ("ve", "1.2"))
    assert lyrics.warnings == ()


@pytest.mark.parametrize(
    ("offset", "start"), [("+500", 9.5), ("500", 9.5), ("-250", 10.25), ("+20000", 0.0)]
)
def test_positive_offset_lets_the_words_come_earlier(offset: str, start: float) -> None:
    assert starts(f"[00:10.00]la\n[offset:{offset}]") == [start]


def test_offset_that_is_no_number_is_told_with_its_line() -> None:
    lyrics = parse_lrc("[ti:x]\n[offset:soon]\n[00:10.00]la")
    assert lyrics.lines[0].onset == 10.0
    assert len(lyrics.warnings) == 1
    assert lyrics.warnings[0].startswith("Line 2:")


def test_words_last_until_the_next_one() -> None:
    lyrics = parse_lrc("[00:10.00]<00:10.00>Hel<00:10.50>lo <00:11.00> <00:11.20>world<00:12.00>")
    (line,) = lyrics.lines
    assert (line.text, line.start, line.end) == ("Hello world", 10.0, 12.0)
    assert line.words == (
        Word("Hel", 10.0, 10.5),
        Word("lo ", 10.5, 11.0),
        Word("world", 11.2, 12.0),
    )
    assert lyrics.timing is Timing.WORDS


def test_space_before_a_word_is_space_after_the_one_before() -> None:
    (line,) = parse_lrc("[00:10.00]Hi <00:10.50> there<00:11.00> you").lines
    assert [word.text for word in line.words] == ["Hi ", "there ", "you"]
    assert line.text == "Hi there you"
    assert line.words[-1].end is None


def test_square_brackets_between_words_are_times_of_words() -> None:
    (line,) = parse_lrc("[00:10.00]Hi [00:10.50]there").lines
    assert [(word.text, word.start) for word in line.words] == [("Hi ", 10.0), ("there", 10.5)]


def test_a_line_without_a_stamp_of_its_own_begins_with_its_first_word() -> None:
    (line,) = parse_lrc("<00:10.00>Hi <00:10.50>there").lines
    assert line.onset == 10.0


def test_a_line_may_begin_before_its_first_word() -> None:
    (line,) = parse_lrc("[00:09.00]<00:10.00>Hi <00:10.50>there").lines
    assert (line.onset, line.words[0].start) == (9.0, 10.0)


def test_words_of_a_repeated_line_move_with_it() -> None:
    lyrics = parse_lrc("[00:10.00][01:00.00]<00:10.00>la <00:10.40>lo")
    assert [word.start for word in lyrics.lines[1].words] == pytest.approx([60.0, 60.4])


def test_words_that_go_back_in_time_do_not() -> None:
    (line,) = parse_lrc("[00:10.00]<00:12.00>la <00:11.00>lo <00:13.00>li").lines
    assert [word.start for word in line.words] == [12.0, 12.0, 13.0]


def test_an_empty_line_ends_the_one_before() -> None:
    lyrics = parse_lrc("[00:10.00]la\n[00:14.00]\n[00:20.00]lo")
    assert [(line.text, line.end) for line in lyrics.lines] == [("la", 14.0), ("lo", None)]


def test_singers() -> None:
    lyrics = parse_lrc("[00:01.00]M: he\n[00:02.00]F: she\n[00:03.00]D: both\n[00:04.00]v2: two")
    assert [(line.singer, line.text) for line in lyrics.lines] == [
        ("M", "he"),
        ("F", "she"),
        ("", "both"),
        ("v2", "two"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(end: str) -> None:
    assert starts(f"\ufeff[ti:x]{end}[00:01.00]a{end}[00:02.00]b{end}") == [1.0, 2.0]


def test_text_without_a_time_is_left_out_and_told() -> None:
    lyrics = parse_lrc("[00:01.00]a\nwho knows\n\n[00:02.00]b\n[bad:stamp.12]x")
    assert lyrics.text == "a\nb"
    assert [warning.split(":")[0] for warning in lyrics.warnings] == ["Line 2", "Line 5"]


def test_a_file_without_any_time_is_text() -> None:
    lyrics = parse_lrc("[ti:x]\none\n\n\ntwo\n")
    assert (lyrics.text, lyrics.title, lyrics.timing) == ("one\n\ntwo", "x", Timing.NONE)
    assert lyrics.warnings


def test_a_time_that_no_song_has_is_left_out() -> None:
    lyrics = parse_lrc("[00:01.00]a\n[9999:00.00]b")
    assert lyrics.text == "a"
    assert lyrics.warnings[0].startswith("Line 2:")


@pytest.mark.parametrize("text", ["", "\n\n", "[ti:x]", "[00:01.00]\n[00:02.00]  "])
def test_no_words_is_an_error(text: str) -> None:
    with pytest.raises(LyricsError, match="no words"):
        parse_lrc(text)


def test_many_warnings_are_summed_up() -> None:
    lyrics = parse_lrc("[00:01.00]a\n" + "x\n" * 1000)
    assert len(lyrics.warnings) == 51
    assert "950 more" in lyrics.warnings[-1]


def test_written_words_are_read_back() -> None:
    words = (Word("Hello ", 1.0, 1.5), Word("big ", 1.5, 2.0), Word("world", 2.25, 3.0))
    lyrics = Lyrics(
        (Line("Hello big world", 1.0, 3.0, words), Line("la", 4.0, 5.5)),
        title="T",
        artist="A",
        album="B",
        author="C",
        by="D",
        language="en",
        duration=200.0,
    )
    text = format_lrc(lyrics)
    assert "[00:01.00]<00:01.00>Hello <00:01.50>big <00:02.00><00:02.25>world<00:03.00>\n" in text
    assert parse_lrc(text) == lyrics


def test_written_lines_have_no_times_of_words() -> None:
    words = (Word("Hello ", 1.0, 1.5), Word("world", 2.25, 3.0))
    text = format_lrc(Lyrics((Line("Hello world", 1.0, 3.0, words),)), words=False)
    assert text == "[00:01.00]Hello world\n[00:03.00]\n"


def test_written_pause_is_an_empty_line_and_a_short_one_is_none() -> None:
    lines = (Line("a", 1.0, 3.0), Line("b", 3.5, 4.0), Line("c", 10.0))
    text = format_lrc(Lyrics(lines))
    assert text == "[00:01.00]a\n[00:03.50]b\n[00:04.00]\n[00:10.00]c\n"


def test_written_singers_are_asked_for() -> None:
    lyrics = Lyrics((Line("a", 1.0, singer="Ann"), Line("b", 2.0, singer="Bob"), Line("c", 3.0)))
    assert "[00:02.00]b\n" in format_lrc(lyrics)
    text = format_lrc(lyrics, singers=True)
    assert text == "[00:01.00]v1: a\n[00:02.00]v2: b\n[00:03.00]c\n"
    assert parse_lrc(text).singers == ("v1", "v2")


def test_lyrics_without_times_cannot_be_lrc() -> None:
    with pytest.raises(LyricsError, match="no times"):
        format_lrc(Lyrics((Line("a"),)))


def test_line_ends_within_a_value_cannot_forge_lines() -> None:
    text = format_lrc(Lyrics((Line("a\n[00:09.00]b", 1.0),), title="x\n[00:05.00]y"))
    assert text.count("\n") == 2


def test_times_above_an_hour_are_minutes() -> None:
    assert clock(3723.456) == "62:03.46"
    assert clock(59.999) == "01:00.00"
