"""Reading UltraStar songs."""

import pytest

from core.errors import LyricsError
from core.lyrics.model import Lyrics, NoteKind, Timing
from core.lyrics.ultrastar import parse_ultrastar

# A beat is 0.05 s.
HEAD = "#TITLE:T\n#ARTIST:A\n#BPM:300\n#GAP:1000\n"


def song(body: str, head: str = HEAD) -> Lyrics:
    return parse_ultrastar(head + body)


def test_beats_are_a_quarter_of_bpm_after_the_gap() -> None:
    lyrics = song(": 0 10 0 La\n: 20 5 2  lo\nE")
    (line,) = lyrics.lines
    assert (line.text, line.start, line.end) == ("La lo", 1.0, pytest.approx(2.25))
    assert [(word.text, word.start, word.end, word.pitch) for word in line.words] == [
        ("La ", 1.0, pytest.approx(1.5), 60),
        ("lo", pytest.approx(2.0), pytest.approx(2.25), 62),
    ]
    assert (lyrics.title, lyrics.artist, lyrics.bpm) == ("T", "A", 300.0)
    assert lyrics.timing is Timing.WORDS


def test_decimal_commas() -> None:
    lyrics = song(": 4 4 0 a\nE", "#BPM:297,5\n#GAP:11250,5\n")
    assert lyrics.lines[0].onset == pytest.approx(11.2505 + 4 * 60 / (4 * 297.5))


@pytest.mark.parametrize(
    "notes",
    [
        ": 0 1 0 Twen\n: 2 1 0 ty\n: 4 1 0  one",
        ": 0 1 0 Twen\n: 2 1 0 ty \n: 4 1 0 one",
        ": 0 1 0 Twen\n: 2 1 0 ~\n: 3 1 0 ty\n: 4 1 0  one",
        ": 0 1 0 Twen\n: 2 1 0 ~ty\n: 4 1 0  one",
        ": 0 1 0 Twen\n: 2 1 0 ty\n: 3 1 0 ~ \n: 4 1 0 one",
        ": 0 1 0 Twen\n: 2 1 0 ty \n: 3 1 0 ~\n: 4 1 0 one",
        ": 0 1 0 Twen\n: 2 1 0 ty\n: 3 1 0  ~\n: 4 1 0 one",
        ": 0 1 0 ~\n: 1 1 0 Twen\n: 2 1 0 ty\n: 4 1 0  one",
    ],
)
def test_syllables_make_words_in_either_style_of_spacing(notes: str) -> None:
    (line,) = song(notes).lines
    assert [word.text for word in line.words] == ["Twenty ", "one"]


def test_notes_of_a_word_are_kept_with_their_kinds() -> None:
    (line,) = song(": 0 1 0 a\n* 1 4 2 b\nF 5 1 3 c\nR 6 1 4 d\nG 7 1 5 e").lines
    (word,) = line.words
    assert [note.kind for note in word.notes] == [
        NoteKind.NORMAL,
        NoteKind.GOLDEN,
        NoteKind.FREESTYLE,
        NoteKind.RAP,
        NoteKind.RAP_GOLDEN,
    ]
    assert [note.pitch for note in word.notes] == [60, 62, None, None, None]
    assert word.pitch == 62, "that of the longest note"


def test_lines_break_at_dashes() -> None:
    lyrics = song(": 0 5 0 a\n- 8\n: 10 5 0 b\n- 16 20\n-18\n: 30 5 0 c\nE")
    assert [(line.text, line.onset) for line in lyrics.lines] == [
        ("a", 1.0),
        ("b", 1.5),
        ("c", 2.5),
    ]


def test_relative_beats_are_counted_from_the_line_break() -> None:
    body = ": 0 5 0 a\n- 10 20\n: 0 5 0 b\n- 10 30\n: 2 5 0 c\nE"
    lyrics = song(body, HEAD + "#RELATIVE:YES\n")
    assert [line.onset for line in lyrics.lines] == pytest.approx([1.0, 2.0, 3.6])


def test_relative_voices_count_apart() -> None:
    body = "P1\n: 0 5 0 a\n- 10 20\n: 0 5 0 b\nP2\n: 4 5 0 c\nE"
    lyrics = song(body, HEAD + "#RELATIVE:yes\n")
    assert [(line.text, line.onset) for line in lyrics.lines] == [
        ("a", 1.0),
        ("c", pytest.approx(1.2)),
        ("b", 2.0),
    ]


def test_video_gap_and_start_move_nothing() -> None:
    lyrics = song(": 0 5 0 a", HEAD + "#VIDEOGAP:4\n#START:20\n#END:90000\n")
    assert lyrics.lines[0].onset == 1.0
    assert dict(lyrics.extra) == {"VIDEOGAP": "4", "START": "20", "END": "90000"}


def test_tempo_may_change() -> None:
    lyrics = song(": 0 10 0 a\nB 20 600\n- 15\n: 40 10 0 b")
    assert lyrics.lines[1].onset == pytest.approx(1.0 + 20 * 0.05 + 20 * 0.025)
    assert lyrics.bpm is None


def test_duet(duet: Lyrics) -> None:
    assert [(line.singer, line.text) for line in duet.lines] == [
        ("Ann", "I sing"),
        ("Bob", "You sing"),
        ("", "Together"),
    ]
    assert duet.singers == ("Ann", "Bob")


def test_duet_with_the_older_names() -> None:
    head = HEAD + "#DUETSINGERP1:Ann\n#DUETSINGERP2:Bob\n"
    lyrics = song("P 1\n: 0 5 0 a\nP 2\n: 9 5 0 b\nP3\n: 20 5 0 c", head)
    assert [line.singer for line in lyrics.lines] == ["Ann", "Bob", ""]


def test_third_voice_of_a_versioned_song_is_a_third_singer() -> None:
    head = HEAD + "#VERSION:1.0.0\n#P3:Cid\n"
    lyrics = song("P1\n: 0 5 0 a\nP2\n: 9 5 0 b\nP3\n: 20 5 0 c", head)
    assert lyrics.singers == ("P1", "P2", "Cid")


def test_names_of_files_are_kept() -> None:
    head = HEAD + "#mp3:a.mp3\n#AUDIO:a.ogg\n#VOCALS:v.ogg\n#INSTRUMENTAL: i.ogg \n#COVER:\n"
    extra = dict(song(": 0 5 0 a", head).extra)
    assert extra == {
        "MP3": "a.mp3",
        "AUDIO": "a.ogg",
        "VOCALS": "v.ogg",
        "INSTRUMENTAL": "i.ogg",
    }


def test_nothing_counts_after_the_end() -> None:
    lyrics = song(": 0 5 0 a\nE\nnot a note\n: 20 5 0 b")
    assert lyrics.text == "a"
    assert lyrics.warnings == ()


@pytest.mark.parametrize(
    "row",
    [
        "nonsense",
        ": 0 5",
        ": x 5 0 b",
        ": 5 -5 0 b",
        ": 999999999 5 0 b",
        "#nocolon",
        "#GAP:soon",
    ],
)
def test_what_is_left_out_is_told_with_its_line(row: str) -> None:
    lyrics = song(f": 0 5 0 a\n{row}\n")
    assert lyrics.text == "a"
    assert [warning.split(":")[0] for warning in lyrics.warnings] == ["Line 6"]


def test_unknown_kind_of_note_is_sung_freely() -> None:
    lyrics = song("Z 0 5 0 a")
    assert lyrics.lines[0].words[0].notes[0].kind is NoteKind.FREESTYLE
    assert "'Z'" in lyrics.warnings[0]


def test_notes_before_the_audio_begin_with_it() -> None:
    lyrics = song(": -40 50 0 a")
    assert (lyrics.lines[0].start, lyrics.lines[0].end) == (0.0, pytest.approx(1.5))


@pytest.mark.parametrize(
    "bpm", ["", "#BPM:\n", "#BPM:0\n", "#BPM:-5\n", "#BPM:nan\n", "#BPM:1e9\n"]
)
def test_without_a_tempo_there_are_no_times(bpm: str) -> None:
    with pytest.raises(LyricsError, match="BPM"):
        song(": 0 5 0 a", bpm)


def test_without_notes_there_are_no_lyrics() -> None:
    with pytest.raises(LyricsError, match="no notes"):
        song("- 5\nE")
