"""Telling formats apart, and writing one as another."""

import pytest

from core.errors import LyricsError
from core.lyrics.ends import with_words, without_times, without_words
from core.lyrics.formats import LyricsFormat, format_lyrics, parse_lyrics, sniff
from core.lyrics.model import Line, Lyrics, Timing
from core.lyrics.plain import parse_plain

PLAIN = "[Chorus]\nLa la la\n\n: he said\n# 1\n"
LRC = "[ti:x]\n[00:01.00]la\n"
ELRC = "[00:01.00]<00:01.00>la <00:02.00>lo\n"


def test_formats_are_told_by_what_is_in_them(duet_file: str) -> None:
    assert sniff(PLAIN) is LyricsFormat.PLAIN
    assert sniff(LRC) is LyricsFormat.LRC
    assert sniff(ELRC) is LyricsFormat.ELRC
    assert sniff(duet_file) is LyricsFormat.ULTRASTAR
    assert sniff(duet_file.replace("\n", "\r\n")) is LyricsFormat.ULTRASTAR
    assert sniff("") is LyricsFormat.PLAIN


def test_ultrastar_without_a_tempo_is_no_plain_text() -> None:
    text = ": 0 1 0 a\n: 2 1 0 b\n"
    assert sniff(text) is LyricsFormat.ULTRASTAR
    with pytest.raises(LyricsError, match="BPM"):
        parse_lyrics(text)


def test_each_format_is_read(duet_file: str) -> None:
    timings = [parse_lyrics(text).timing for text in (PLAIN, LRC, ELRC, duet_file)]
    assert timings == [Timing.NONE, Timing.LINES, Timing.WORDS, Timing.WORDS]


@pytest.mark.parametrize("kind", list(LyricsFormat))
def test_ultrastar_as_every_format(duet: Lyrics, kind: LyricsFormat) -> None:
    text = format_lyrics(duet, kind)
    assert sniff(text) is kind
    again = parse_lyrics(text)
    assert again.text == duet.text
    if kind is not LyricsFormat.PLAIN:
        starts = [line.start for line in again.lines]
        assert starts == pytest.approx([line.start for line in duet.lines], abs=0.005)
    if kind in (LyricsFormat.ELRC, LyricsFormat.ULTRASTAR):
        found = [(word.text, word.start, word.end) for line in again.lines for word in line.words]
        wanted = [(word.text, word.start, word.end) for line in duet.lines for word in line.words]
        for one, other in zip(found, wanted, strict=True):
            assert one[0] == other[0]
            assert one[1:] == pytest.approx(other[1:], abs=0.005)


@pytest.mark.parametrize("kind", [LyricsFormat.LRC, LyricsFormat.ELRC, LyricsFormat.ULTRASTAR])
def test_text_has_no_times_to_write(kind: LyricsFormat) -> None:
    with pytest.raises(LyricsError, match="no times"):
        format_lyrics(parse_plain(PLAIN), kind)


def test_plain_text_keeps_verses_apart() -> None:
    lyrics = parse_plain("\n\n one \r\ntwo\n\n\n\nthree\n\n")
    assert [line.text for line in lyrics.lines] == ["one", "two", "", "three"]
    assert format_lyrics(lyrics, LyricsFormat.PLAIN) == "one\ntwo\n\nthree\n"


def test_plain_text_without_words_is_an_error() -> None:
    with pytest.raises(LyricsError, match="no words"):
        parse_plain(" \n\t\n")


def test_times_can_be_taken_away(duet: Lyrics) -> None:
    assert without_words(duet).timing is Timing.LINES
    assert without_words(duet).lines[0].end == duet.lines[0].end
    assert without_times(duet).timing is Timing.NONE
    assert without_times(duet).text == duet.text


def test_words_are_shared_out_over_a_line() -> None:
    lyrics = with_words(Lyrics((Line("aaa bbbb", 1.0, 3.0), Line("c", 10.0))))
    first, second = lyrics.lines
    assert [(word.text, word.start, word.end) for word in first.words] == [
        ("aaa ", 1.0, 2.0),
        ("bbbb", 2.0, 3.0),
    ]
    assert (second.end, second.words[0].end) == (11.0, 11.0)


def test_endings_of_files() -> None:
    assert [kind.suffix for kind in LyricsFormat] == [".lrc", ".elrc", ".txt", ".txt"]
