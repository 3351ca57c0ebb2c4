"""The formats of lyrics: which one a text is in, reading any, writing the one asked for."""

import re
from enum import StrEnum

from core.lyrics.lrc import parse_lrc
from core.lyrics.lrc_write import format_lrc
from core.lyrics.model import Lyrics
from core.lyrics.plain import format_plain, parse_plain
from core.lyrics.stamps import LINE_STAMP, WORD_STAMP
from core.lyrics.text import clean, split_lines
from core.lyrics.ultrastar import parse_ultrastar
from core.lyrics.ultrastar_write import SongFiles, format_ultrastar


class LyricsFormat(StrEnum):
    """How lyrics are written down."""

    LRC = "lrc"
    """A time before each line."""
    ELRC = "elrc"
    """The same, and a time before each word."""
    ULTRASTAR = "ultrastar"
    PLAIN = "plain"

    @property
    def suffix(self) -> str:
        """The ending of such a file, with its dot."""
        return f".{self}" if self in (LyricsFormat.LRC, LyricsFormat.ELRC) else ".txt"


_SAMPLE_LINES = 2000
_NOTE = re.compile(r"[ \t]*[:*FRG][ \t]*-?[0-9]+[ \t]+-?[0-9]+[ \t]+-?[0-9]+(?:[ \t].*)?")
_BPM = re.compile(r"[ \t]*#[ \t]*BPM[ \t]*:", re.IGNORECASE)


def sniff(text: str) -> LyricsFormat:
    """Tell the format of lyrics by what is in them, never by a file's name.

    Parameters
    ----------
    text
        The file, decoded.
    """
    notes = stamped = 0
    bpm = words = False
    for raw in split_lines(text)[:_SAMPLE_LINES]:
        row = clean(raw[:1000]).strip()
        if _BPM.match(row):
            bpm = True
        elif _NOTE.fullmatch(row):
            notes += 1
        elif match := LINE_STAMP.match(row) or WORD_STAMP.match(row):
            stamped += 1
            rest = row[match.end() :]
            words = (
                words or match[0].startswith("<") or ("<" in rest and bool(WORD_STAMP.search(rest)))
            )
    if notes > stamped and (bpm or notes >= 2):
        return LyricsFormat.ULTRASTAR
    if stamped:
        return LyricsFormat.ELRC if words else LyricsFormat.LRC
    return LyricsFormat.PLAIN


def parse_lyrics(text: str) -> Lyrics:
    """Read lyrics in whatever format they are.

    Parameters
    ----------
    text
        The file, decoded.

    Raises
    ------
    LyricsError
        There are no words in it, or an UltraStar song says no tempo.
    """
    kind = sniff(text)
    if kind is LyricsFormat.ULTRASTAR:
        return parse_ultrastar(text)
    if kind is LyricsFormat.PLAIN:
        return parse_plain(text)
    return parse_lrc(text)


def format_lyrics(lyrics: Lyrics, kind: LyricsFormat, *, files: SongFiles | None = None) -> str:
    """Return lyrics as a file of the asked-for format.

    Parameters
    ----------
    lyrics
        What to write. Finer times than the format has are left out.
    kind
        The format.
    files
        For UltraStar: what lies beside it; None names ``audio.ogg``.

    Raises
    ------
    LyricsError
        The format needs times, and the lyrics have none.
    """
    if kind is LyricsFormat.PLAIN:
        return format_plain(lyrics)
    if kind is LyricsFormat.ULTRASTAR:
        return format_ultrastar(lyrics, files or SongFiles("audio.ogg"))
    return format_lrc(lyrics, words=kind is LyricsFormat.ELRC)
