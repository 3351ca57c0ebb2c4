"""Reading UltraStar songs: notes with a text and a pitch, counted in beats."""

import re

from core.errors import LyricsError
from core.lyrics.beats import BeatClock
from core.lyrics.merge import shared_lines
from core.lyrics.model import MAX_TIME, Line, Lyrics, Note, NoteKind, in_order, line_of_words
from core.lyrics.syllables import words_of_notes
from core.lyrics.text import MAX_CHARACTERS, MAX_LINES, MAX_WORDS, Warnings, clean, split_lines
from core.lyrics.ultrastar_header import Header, is_header, read_header

MIDDLE_C = 60
"""MIDI note number of UltraStar's pitch 0."""

KINDS = {
    ":": NoteKind.NORMAL,
    "*": NoteKind.GOLDEN,
    "F": NoteKind.FREESTYLE,
    "R": NoteKind.RAP,
    "G": NoteKind.RAP_GOLDEN,
}

# Exactly one space before the text: more of them belong to it.
_NOTE = re.compile(
    r"[ \t]*([!-~])[ \t]*([+-]?[0-9]{1,9})[ \t]+([+-]?[0-9]{1,9})[ \t]+([+-]?[0-9]{1,4})"
    r"(?:[ \t](.*))?"
)
_BREAK = re.compile(r"[ \t]*-[ \t]*(-?[0-9]{1,9})(?:[ \t]+(-?[0-9]{1,9}))?[ \t]*")
_VOICE = re.compile(r"[ \t]*P[ \t]*([1-9])[ \t]*")
_TEMPO = re.compile(
    r"[ \t]*B[ \t]+([0-9]{1,9}(?:[.,][0-9]{1,9})?)[ \t]+([0-9]{1,6}(?:[.,][0-9]{1,9})?)[ \t]*"
)
_HIGHEST_PITCH = 127


class _Voice:
    """The notes of one singer, gathered into lines."""

    def __init__(self) -> None:
        self.lines: list[list[Note]] = [[]]
        self.offset = 0
        """What starts are counted from, in beats, where they are relative."""

    def break_line(self) -> None:
        if self.lines[-1]:
            self.lines.append([])


def parse_ultrastar(text: str) -> Lyrics:
    """Read an UltraStar song, version 1 or older.

    Times are those of the audio: #VIDEOGAP and #START move none of them. In a duet, lines that
    both sing alike become one line of everyone.

    Parameters
    ----------
    text
        The file, decoded.

    Raises
    ------
    LyricsError
        There is no usable #BPM in it, or no notes.
    """
    warnings = Warnings()
    rows = split_lines(text)
    header = Header()
    for number, row in enumerate(rows, 1):
        if is_header(row):
            read_header(clean(row), header, number, warnings)
    if header.bpm is None:
        raise LyricsError(
            "This UltraStar song has no #BPM, or one that is no tempo.",
            "Without it, its notes have no times. Add a line such as #BPM:240 at the top.",
        )
    clock = BeatClock(header.bpm, header.gap)
    voices = _read_voices(rows, header, clock, warnings)
    lines = _song_lines(voices, header)
    if not lines:
        raise LyricsError("There are no notes in this UltraStar song.", "Choose another file.")
    return Lyrics(
        lines,
        title=header.get("TITLE"),
        artist=header.get("ARTIST"),
        album=header.get("ALBUM"),
        by=header.get("CREATOR"),
        language=header.get("LANGUAGE"),
        bpm=None if clock.changes else header.bpm,
        extra=header.extra(),
        warnings=warnings.texts(),
    )


def _read_voices(
    rows: list[str], header: Header, clock: BeatClock, warnings: Warnings
) -> dict[int, _Voice]:
    voices: dict[int, _Voice] = {}
    number_of_voice = 1
    notes = 0
    for number, raw in enumerate(rows, 1):
        row = clean(raw)
        if not row.strip() or is_header(row):
            continue
        if row.strip() == "E":
            break
        voice = voices.setdefault(number_of_voice, _Voice())
        if match := _VOICE.fullmatch(row):
            number_of_voice = int(match[1])
        elif match := _TEMPO.fullmatch(row):
            beat = float(match[1].replace(",", ".")) + voice.offset
            if not clock.change(beat, float(match[2].replace(",", "."))):
                warnings.add(number, "a change of tempo that is none, left out")
        elif match := _BREAK.fullmatch(row):
            voice.break_line()
            if header.relative:
                # Where only one number stands, it is both the break and the new origin.
                voice.offset += int(match[2] or match[1])
        elif match := _NOTE.fullmatch(row):
            if notes == MAX_WORDS or len(voice.lines) > MAX_LINES:
                warnings.add(number, "too many notes, all from here on are left out")
                break
            note = _note(match, voice.offset, clock, number, warnings)
            if note is not None:
                voice.lines[-1].append(note)
                notes += 1
        else:
            warnings.add(number, "neither a note nor a line break, left out")
    return voices


def _note(
    match: re.Match[str], offset: int, clock: BeatClock, number: int, warnings: Warnings
) -> Note | None:
    kind = KINDS.get(match[1])
    if kind is None:
        warnings.add(number, f"unknown kind of note {match[1]!r}, taken as freestyle")
        kind = NoteKind.FREESTYLE
    beat, length = int(match[2]) + offset, int(match[3])
    if length < 0:
        warnings.add(number, "a note of negative length, left out")
        return None
    start, end = clock.seconds(beat), clock.seconds(beat + length)
    if not -MAX_TIME <= start <= end <= MAX_TIME:
        warnings.add(number, "a note at a time that no song has, left out")
        return None
    pitch = int(match[4]) + MIDDLE_C
    known = kind.pitched and 0 <= pitch <= _HIGHEST_PITCH
    text = (match[5] or "")[:MAX_CHARACTERS]
    return Note(text, max(start, 0.0), max(end, 0.0), pitch if known else None, kind)


def _song_lines(voices: dict[int, _Voice], header: Header) -> tuple[Line, ...]:
    used = {number: voice for number, voice in voices.items() if any(voice.lines)}
    lines: list[Line] = []
    for number, voice in used.items():
        # Before versions, P3 was what both sing.
        everyone = len(used) == 1 or (number == 3 and not header.versioned)
        singer = "" if everyone else header.singer(number)
        for notes in voice.lines:
            words = words_of_notes(notes)
            if words:
                lines.append(line_of_words(words, singer=singer))
    return shared_lines(in_order(lines)) if len(used) > 1 else in_order(lines)
