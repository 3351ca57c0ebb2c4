"""Finding the lyrics of a song or a track, and choosing the best of them."""

import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import LyricsError
from core.library.sidecars import LYRICS_BYTES, find_sidecars
from core.lyrics.files import read_lyrics, read_text
from core.lyrics.formats import LyricsFormat, sniff
from core.lyrics.model import Lyrics
from core.lyrics.ranking import fineness
from core.lyrics.text import split_lines

SUFFIXES = (".elrc", ".lrc", ".txt")
"""Endings of lyrics that are text; see `core.lyrics.cdg` for the others."""

_TRACK_NAME = "lyrics"
_AUDIO_HEADERS = ("#MP3", "#AUDIO", "#VOCALS", "#INSTRUMENTAL")
# A folder of a thousand text files is no folder of a song.
_MOST_TEXTS = 50


@dataclass(frozen=True, slots=True)
class FoundLyrics:
    """The best lyrics that were found.

    Attributes
    ----------
    lyrics
        What they say.
    path
        The file they are in: the song itself, when they are in its tags.
    skipped
        A sentence for each file that could not be read.
    """

    lyrics: Lyrics
    path: Path
    skipped: tuple[str, ...] = ()


def lyrics_in_track(folder: Path) -> tuple[Path, ...]:
    """Return the lyrics files in a track's folder: ``lyrics.elrc``, ``.lrc`` or ``.txt``.

    A folder that cannot be read has none.
    """
    wanted = {_TRACK_NAME + suffix: index for index, suffix in enumerate(SUFFIXES)}
    found = [path for path in _files(folder) if _caseless(path.name) in wanted]
    return tuple(sorted(found, key=lambda path: (wanted[_caseless(path.name)], path.name)))


def lyrics_beside(song: Path) -> tuple[Path, ...]:
    """Return the lyrics files of a song in its folder.

    Those with its name and another ending (``song.lrc``, ``song.mp3.lrc``), then UltraStar songs
    that name it. A folder that cannot be read has none.
    """
    try:
        named = [path for path in find_sidecars(song).lyrics if _suffix(path) in SUFFIXES]
    except OSError:
        return ()
    named.sort(key=lambda path: SUFFIXES.index(_suffix(path)))
    texts = [path for path in _files(song.parent) if _suffix(path) == ".txt" and path not in named]
    if len(texts) > _MOST_TEXTS:
        return tuple(named)
    return (*named, *(path for path in sorted(texts) if _sings(path, song)))


def best_lyrics(paths: Iterable[Path]) -> FoundLyrics | None:
    """Read lyrics files and return the one that says most: notes, words, lines, text.

    Parameters
    ----------
    paths
        Of files equally good, the first is taken.

    Returns
    -------
    FoundLyrics | None
        None where none of them can be read.
    """
    best: tuple[Lyrics, Path] | None = None
    skipped = []
    for path in paths:
        try:
            lyrics = read_lyrics(path)
        except LyricsError as exc:
            skipped.append(str(exc))
            continue
        if best is None or fineness(lyrics) > fineness(best[0]):
            best = lyrics, path
    return None if best is None else FoundLyrics(*best, tuple(skipped))


def _sings(path: Path, song: Path) -> bool:
    """Whether a text file is an UltraStar song that names an audio file."""
    try:
        if path.stat().st_size > LYRICS_BYTES:
            return False
        text, _ = read_text(path)
    except (OSError, LyricsError):
        return False
    if sniff(text) is not LyricsFormat.ULTRASTAR:
        return False
    for row in split_lines(text):
        name, _, value = row.strip().partition(":")
        if name.strip().upper() in _AUDIO_HEADERS:
            # Songs made on Windows may have its separators.
            named = PurePosixPath(value.strip().replace("\\", "/"))
            # The audio may have been converted since.
            if named.name and _caseless(named.stem) == _caseless(song.stem):
                return True
    return False


def _files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as scan:
            return sorted(folder / entry.name for entry in scan if entry.is_file())
    except OSError:
        return []


def _suffix(path: Path) -> str:
    return path.suffix.lower()


def _caseless(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
