"""Writing UltraStar songs."""

from itertools import pairwise

import pytest

from core.errors import LyricsError, UsageError
from core.lyrics.model import Line, Lyrics, Note, Word
from core.lyrics.timing import rescaled
from core.lyrics.ultrastar import parse_ultrastar
from core.lyrics.ultrastar_write import SongFiles, format_ultrastar

FILES = SongFiles("mix.ogg", "vocals.ogg", "instrumental.ogg", "cover.jpg")


def all_notes(lyrics: Lyrics) -> list[Note]:
    return [note for line in lyrics.lines for word in line.words for note in word.notes]


def test_what_was_read_is_written_again(duet: Lyrics) -> None:
    text = format_ultrastar(duet, FILES)
    again = parse_ultrastar(text)
    assert again.lines == duet.lines
    assert (again.title, again.artist, again.bpm) == (duet.title, duet.artist, duet.bpm)
    assert text.splitlines()[-13:] == [
        ": 20 10 2 sing",
        "- 30",
        ": 100 10 4 To",
        ": 120 20 5 ge",
        ": 140 20 5 ther",
        "P2",
        ": 50 10 -5 You ",
        ": 70 10 -3 sing",
        "- 80",
        ": 100 10 4 To",
        ": 120 20 5 ge",
        ": 140 20 5 ther",
        "E",
    ]


def test_files_are_named(duet: Lyrics) -> None:
    rows = format_ultrastar(duet, FILES).splitlines()
    for row in (
        "#VERSION:1.1.0",
        "#TITLE:Two of us",
        "#MP3:mix.ogg",
        "#AUDIO:mix.ogg",
        "#VOCALS:vocals.ogg",
        "#INSTRUMENTAL:instrumental.ogg",
        "#COVER:cover.jpg",
        "#P1:Ann",
        "#P2:Bob",
        "#BPM:300",
        "#GAP:1000",
    ):
        assert row in rows


def test_other_names_of_the_old_song_are_not_carried(duet: Lyrics) -> None:
    rows = format_ultrastar(duet, SongFiles("mix.ogg"))
    assert "two.mp3" not in rows
    assert "#VOCALS" not in rows


def test_slower_song_keeps_its_beats(duet: Lyrics) -> None:
    slow = rescaled(duet, 0.8)
    text = format_ultrastar(slow, FILES)
    assert "#BPM:240\n" in text
    assert "#GAP:1250\n" in text
    body = text.splitlines()[text.splitlines().index("P1") :]
    fast = format_ultrastar(duet, FILES).splitlines()
    assert body == fast[fast.index("P1") :]


def test_words_without_notes_are_freestyle_near_their_times() -> None:
    words = (Word("La ", 1.0, 1.2), Word("lo", 1.3, 2.0), Word("!", 2.0, 2.001))
    again = parse_ultrastar(format_ultrastar(Lyrics((Line("La lo!", 1.0, 2.001, words),)), FILES))
    notes = all_notes(again)
    assert [note.kind.value for note in notes] == ["freestyle"] * 3
    for note, word in zip(notes, words, strict=True):
        assert note.start == pytest.approx(word.start, abs=0.019)
    assert notes[1].end == pytest.approx(2.0, abs=0.019)
    assert again.text == "La lo!"


def test_gap_is_whole_milliseconds() -> None:
    lyrics = Lyrics((Line("a", 4 / 3, 2.0), Line("b", 5.0, 6.0)))
    text = format_ultrastar(lyrics, FILES)
    assert "#GAP:1333\n" in text
    again = parse_ultrastar(text)
    assert [line.onset for line in again.lines] == pytest.approx([4 / 3, 5.0], abs=0.019)


def test_fast_words_get_finer_beats() -> None:
    words = tuple(Word(f"w{n} ", 1 + n * 0.021, 1 + (n + 1) * 0.021) for n in range(20))
    text = format_ultrastar(Lyrics((Line("x", 1.0, 2.0, words),)), FILES)
    assert "#BPM:800\n" in text
    starts = [note.start for note in all_notes(parse_ultrastar(text))]
    assert starts == pytest.approx([word.start for word in words], abs=0.01)


def test_lines_without_words_are_shared_out() -> None:
    lyrics = Lyrics((Line("one two three", 2.0, 4.6), Line("four", 6.0)))
    again = parse_ultrastar(format_ultrastar(lyrics, FILES))
    assert again.text == lyrics.text
    assert [word.start for word in again.lines[0].words] == pytest.approx([2.0, 2.8, 3.6], abs=0.02)


def test_notes_never_overlap() -> None:
    words = (Word("a ", 1.0, 3.0), Word("b ", 1.0, 3.0), Word("c", 1.01, 1.02))
    text = format_ultrastar(Lyrics((Line("a b c", 1.0, 3.0, words),)), FILES)
    notes = [row.split() for row in text.splitlines() if row.startswith("F ")]
    spans = [(int(start), int(start) + int(length)) for _, start, length, *_ in notes]
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert all(start < end for start, end in spans)


def test_lyrics_without_times_cannot_be_sung() -> None:
    with pytest.raises(LyricsError, match="no times"):
        format_ultrastar(Lyrics((Line("a"),)), FILES)


@pytest.mark.parametrize("bpm", [0.0, -1.0, float("nan"), 1e9])
def test_tempo_must_be_one(duet: Lyrics, bpm: float) -> None:
    with pytest.raises(UsageError, match="BPM"):
        format_ultrastar(duet, FILES, bpm=bpm)


def test_names_cannot_forge_headers(duet: Lyrics) -> None:
    text = format_ultrastar(duet, SongFiles("a.ogg\n#GAP:99"))
    assert [row for row in text.splitlines() if row.startswith("#GAP")] == ["#GAP:1000"]
