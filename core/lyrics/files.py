"""Lyrics files: reading one, whatever it is, and writing one."""

import os
import stat
from dataclasses import replace
from pathlib import Path

from core.audio.filenames import display_name
from core.audio.partfile import output_error
from core.errors import LyricsError, OutputError
from core.library.durable import put_file
from core.library.sidecars import LYRICS_BYTES
from core.lyrics.encoding import decode
from core.lyrics.formats import LyricsFormat, format_lyrics, parse_lyrics
from core.lyrics.model import Lyrics
from core.lyrics.ultrastar_write import SongFiles

_SAMPLE = 4096
_CONTROL = frozenset(map(chr, range(0x20))) - frozenset("\t\n\v\f\r\x1a\x1b")


def read_lyrics(path: Path, *, encoding: str | None = None) -> Lyrics:
    """Read a lyrics file of any format and encoding.

    Parameters
    ----------
    path
        The file.
    encoding
        Of its characters; None guesses, see `core.lyrics.encoding`.

    Returns
    -------
    Lyrics
        With a warning for everything in it that was left out.

    Raises
    ------
    LyricsError
        It cannot be read, is no text, is larger than 4 MiB, or there are no words in it.
    UsageError
        There is no such encoding.
    """
    name = display_name(path)
    text, damaged = read_text(path, encoding)
    try:
        lyrics = parse_lyrics(text)
    except LyricsError as exc:
        raise LyricsError(f"{name}: {exc.title}", exc.detail) from exc
    if damaged:
        warning = "Some characters are damaged; each is shown as �."
        return replace(lyrics, warnings=(warning, *lyrics.warnings))
    return lyrics


def read_text(path: Path, encoding: str | None = None) -> tuple[str, bool]:
    """Read a text file of any encoding; see `read_lyrics`.

    Returns
    -------
    tuple[str, bool]
        The text, and whether some of its characters were damaged.

    Raises
    ------
    LyricsError
        It cannot be read, is no text, or is larger than 4 MiB.
    """
    name = display_name(path)
    try:
        # Opening a pipe for reading would wait for its other end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise LyricsError(f"{name} is no file.", "Name a lyrics file.")
            data = file.read(LYRICS_BYTES + 1)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise LyricsError(f"{name} cannot be read: {reason}.", "Check the path.") from exc
    if len(data) > LYRICS_BYTES:
        raise LyricsError(
            f"{name} is larger than {LYRICS_BYTES >> 20} MiB.", "Lyrics are never that long."
        )
    decoded = decode(data, encoding)
    sample = decoded.text[:_SAMPLE]
    if sum(character in _CONTROL for character in sample) > len(sample) // 100:
        raise LyricsError(f"{name} is no text.", "Choose another file.")
    return decoded.text, decoded.damaged


def write_lyrics(
    path: Path,
    lyrics: Lyrics,
    kind: LyricsFormat,
    *,
    overwrite: bool = False,
    files: SongFiles | None = None,
) -> None:
    """Write a lyrics file, in UTF-8; it appears when it is whole.

    Parameters
    ----------
    path
        The file.
    lyrics
        What to write.
    kind
        The format.
    overwrite
        Whether one that is there may be replaced.
    files
        For UltraStar: what lies beside it.

    Raises
    ------
    LyricsError
        The format needs times, and the lyrics have none.
    OutputError
        It is there already, or cannot be written.
    """
    data = format_lyrics(lyrics, kind, files=files).encode("utf-8", "replace")
    try:
        put_file(path, data, replace=overwrite)
    except FileExistsError as exc:
        raise OutputError(
            f"{display_name(path)} already exists.",
            "Allow overwriting, or choose another name.",
        ) from exc
    except OSError as exc:
        raise output_error(path, exc) from exc
