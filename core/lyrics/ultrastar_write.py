"""Writing UltraStar songs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.errors import LyricsError, UsageError
from core.lyrics.beats import FASTEST, SLOWEST, beat_seconds
from core.lyrics.ends import with_words
from core.lyrics.model import Line, Lyrics, Note, NoteKind, Timing, Word
from core.lyrics.text import clean
from core.lyrics.ultrastar import KINDS, MIDDLE_C

_COARSEST, _FINEST = 400.0, 1600.0
"""#BPM of lyrics that have none: beats of 37.5 ms, as editors use them, down to 9.4 ms."""

_KEPT = ("LANGUAGE", "EDITION", "GENRE", "YEAR", "TAGS", "RENDITION", "COMMENT")
_LETTERS = {kind: letter for letter, kind in KINDS.items()}
_HELD = "~"


@dataclass(frozen=True, slots=True)
class SongFiles:
    """Names of the files beside an UltraStar song.

    Attributes
    ----------
    audio
        The whole song, or the mix that is sung to.
    vocals, instrumental
        Its stems, or None.
    cover
        A picture, or None.
    """

    audio: str
    vocals: str | None = None
    instrumental: str | None = None
    cover: str | None = None


def format_ultrastar(lyrics: Lyrics, files: SongFiles, *, bpm: float | None = None) -> str:
    """Return lyrics as an UltraStar song of version 1.1.0.

    Words without a pitch become freestyle notes, which are shown and not scored; lines without
    words get words by their length. Times are rounded to beats; the first note is on beat 0.

    Parameters
    ----------
    lyrics
        Lyrics with times.
    files
        What lies beside it.
    bpm
        #BPM, that is a quarter of the beats per minute; None takes the lyrics' own, else 400
        (times right to 19 ms), or up to 1600 where words follow each other faster than beats.

    Raises
    ------
    LyricsError
        The lyrics have no times.
    UsageError
        A tempo that is none.
    """
    if lyrics.timing is Timing.NONE:
        raise LyricsError(
            "These lyrics have no times, which UltraStar needs.",
            "Write them as plain text instead.",
        )
    complete = with_words(lyrics)
    tempo = _own_tempo(complete) if bpm is None else bpm
    if not (math.isfinite(tempo) and SLOWEST <= tempo <= FASTEST):
        raise UsageError(f"{tempo} is no #BPM.", f"Choose one from {SLOWEST} to {FASTEST}.")
    gap = min((word.start for line in complete.lines for word in line.words), default=0.0)
    # The header tells milliseconds: beats have to be counted from what it says.
    gap = round(gap * 1000) / 1000
    rows = [f"#{name}:{value}" for name, value in _headers(lyrics, files, tempo, gap)]
    singers = lyrics.singers
    if not singers:
        rows += _voice(complete.lines, gap, tempo)
    for number, singer in enumerate(singers, 1):
        rows.append(f"P{number}")
        rows += _voice([line for line in complete.lines if line.singer in ("", singer)], gap, tempo)
    return "\n".join([*rows, "E"]) + "\n"


def _own_tempo(lyrics: Lyrics) -> float:
    if lyrics.bpm is not None and SLOWEST <= lyrics.bpm <= FASTEST:
        return lyrics.bpm
    tempo = _COARSEST
    for singer in lyrics.singers or ("",):
        lines = [line for line in lyrics.lines if line.singer in ("", singer)]
        starts = sorted(word.start for line in lines for word in line.words)
        closest = min((after - before for before, after in pairwise(starts)), default=math.inf)
        while tempo < _FINEST and beat_seconds(tempo) > closest:
            tempo *= 2
    return tempo


def _headers(lyrics: Lyrics, files: SongFiles, tempo: float, gap: float) -> list[tuple[str, str]]:
    extra = dict(lyrics.extra)
    rows = [
        ("VERSION", "1.1.0"),
        ("TITLE", lyrics.title or "Unknown"),
        ("ARTIST", lyrics.artist or "Unknown"),
        # Older games know the one name, newer ones prefer the other.
        ("MP3", files.audio),
        ("AUDIO", files.audio),
        ("VOCALS", files.vocals or ""),
        ("INSTRUMENTAL", files.instrumental or ""),
        ("COVER", files.cover or ""),
        ("CREATOR", lyrics.by),
        *((name, lyrics.language if name == "LANGUAGE" else extra.get(name, "")) for name in _KEPT),
        *((f"P{number}", name) for number, name in enumerate(lyrics.singers, 1)),
        ("BPM", _decimal(tempo)),
        ("GAP", _decimal(gap * 1000)),
    ]
    return [(name, text) for name, value in rows if (text := clean(value).strip())]


def _decimal(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _voice(lines: Sequence[Line], gap: float, tempo: float) -> list[str]:
    """Write the notes of one singer; none begins before the one before it ends."""
    step = beat_seconds(float(_decimal(tempo)))
    rows: list[str] = []
    free = 0
    notes = [(note, index) for index, line in enumerate(lines) for note in _notes(line)]
    starts = [round((note.start - gap) / step) for note, _ in notes] + [math.inf]
    previous = 0
    for (note, index), planned, following in zip(notes, starts, starts[1:], strict=False):
        if index != previous:
            rows.append(f"- {free}")
            previous = index
        start = max(int(planned), free)
        end = min(max(round((note.end - gap) / step), start + 1), max(following, start + 1))
        free = int(end)
        rows.append(_row(note, start, free - start))
    return rows


def _notes(line: Line) -> list[Note]:
    """Return the notes of a line, with the space between words in their texts."""
    notes: list[Note] = []
    for word in line.words:
        own = list(word.notes) or [_only_note(word, line)]
        if word.text[-1:].isspace() and own[-1].text:
            own[-1] = _with_text(own[-1], own[-1].text + " ")
        elif word.text[-1:].isspace():
            own[-1] = _with_text(own[-1], _HELD + " ")
        notes += own
    return sorted(notes, key=lambda note: note.start)


def _only_note(word: Word, line: Line) -> Note:
    end = word.end if word.end is not None else line.end
    kind = NoteKind.FREESTYLE if word.pitch is None else NoteKind.NORMAL
    text = word.text.strip()
    return Note(text, word.start, word.start if end is None else end, word.pitch, kind)


def _with_text(note: Note, text: str) -> Note:
    return Note(text, note.start, note.end, note.pitch, note.kind)


def _row(note: Note, start: int, length: int) -> str:
    pitch = 0 if note.pitch is None else note.pitch - MIDDLE_C
    kind = note.kind
    if kind.pitched and note.pitch is None:
        kind = NoteKind.FREESTYLE
    return f"{_LETTERS[kind]} {start} {length} {pitch} {clean(note.text) or _HELD}"
