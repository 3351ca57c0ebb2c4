"""Lyrics in the tags of an audio file: ID3, Vorbis comments, MP4."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutagen
from mutagen import id3
from mutagen._vorbis import VCommentDict
from mutagen.asf import ASFTags
from mutagen.mp4 import MP4Tags

from core.audio.filenames import display_name
from core.audio.partfile import output_error
from core.audio.tags import DAMAGE
from core.errors import LyricsError
from core.library.sidecars import LYRICS_BYTES
from core.lyrics.formats import parse_lyrics
from core.lyrics.lrc_write import format_lrc
from core.lyrics.model import Lyrics, Timing
from core.lyrics.ranking import fineness
from core.lyrics.sylt import lyrics_of_pieces, pieces_of_lyrics

_SYNCED = "LYRICS"
_UNSYNCED = "UNSYNCEDLYRICS"
_COMMENTS = (_SYNCED, "SYNCEDLYRICS", _UNSYNCED, "UNSYNCED LYRICS")
_ATOM = "\xa9lyr"
_ASF = "WM/Lyrics"
_UNKNOWN_LANGUAGE = "XXX"
_MILLISECONDS, _LYRICS = 2, 1


def read_embedded(path: Path) -> Lyrics | None:
    """Read the lyrics in a song's tags; of several, those with the finest times.

    Parameters
    ----------
    path
        The song.

    Returns
    -------
    Lyrics | None
        None where its tags hold none.

    Raises
    ------
    LyricsError
        The file cannot be read, or its tags are damaged.
    """
    try:
        song = mutagen.File(path)
        found = [] if song is None or song.tags is None else list(_all_lyrics(song.tags))
    except DAMAGE as exc:
        raise LyricsError(
            f"The tags of {display_name(path)} cannot be read.", "Put the lyrics beside it instead."
        ) from exc
    return max(found, key=fineness, default=None)


def write_embedded(path: Path, lyrics: Lyrics, *, words: bool = False) -> None:
    """Write lyrics into the tags of a file that this program has made, in place of those there.

    ID3: USLT with the text, and SYLT with the times. Vorbis comments: LYRICS as LRC, and
    UNSYNCEDLYRICS with the text. MP4: its one field, as LRC where there are times.

    Parameters
    ----------
    path
        An MP3, WAV, FLAC, Ogg, Opus or M4A file.
    lyrics
        With times or without.
    words
        Write the times of words into LRC. Few players know them there; SYLT always has them.

    Raises
    ------
    LyricsError
        A file of this kind cannot hold lyrics.
    OutputError
        The disk is full, or anything else that the operating system refused.
    """
    try:
        song = mutagen.File(path)
        if song is not None and song.tags is None:
            song.add_tags()
        if song is None or not _fill(song.tags, lyrics, words):
            raise LyricsError(
                f"{display_name(path)} cannot hold lyrics.", "Write them beside it instead."
            )
        song.save()
    except DAMAGE as exc:
        # mutagen wraps what the operating system says.
        for cause in (exc, *exc.args):
            if isinstance(cause, OSError):
                raise output_error(path, cause) from exc
        raise LyricsError(
            f"The lyrics cannot be written into {display_name(path)} ({exc}).",
            "Write them beside it instead.",
        ) from exc


def _all_lyrics(tags: Any) -> Iterator[Lyrics]:
    if isinstance(tags, id3.ID3):
        for frame in tags.getall("SYLT"):
            # Frames may count MPEG frames instead of time, or hold chords and stage directions.
            if frame.format == _MILLISECONDS and frame.type in (0, _LYRICS):
                yield from _attempt(lyrics_of_pieces, frame.text)
    for text in _texts(tags):
        if len(text) > LYRICS_BYTES:
            continue
        yield from _attempt(parse_lyrics, text)


def _attempt(read: Any, source: Any) -> Iterator[Lyrics]:
    try:
        yield read(source)
    except LyricsError:
        return


def _texts(tags: Any) -> list[str]:
    if isinstance(tags, id3.ID3):
        return [str(frame.text) for frame in tags.getall("USLT")]
    if isinstance(tags, MP4Tags):
        return [str(text) for text in tags.get(_ATOM, [])]
    if isinstance(tags, ASFTags):
        return [str(text) for text in tags.get(_ASF, [])]
    if isinstance(tags, VCommentDict):
        return [str(text) for name in _COMMENTS for text in tags.get(name, [])]
    return []


def _fill(tags: Any, lyrics: Lyrics, words: bool) -> bool:
    """Put lyrics into tags; False where they have no place for any."""
    timed = lyrics.timing is not Timing.NONE
    synced = format_lrc(lyrics, words=words) if timed else lyrics.text
    if isinstance(tags, id3.ID3):
        _fill_id3(tags, lyrics)
    elif isinstance(tags, MP4Tags):
        tags[_ATOM] = [synced]
    elif isinstance(tags, VCommentDict):
        for name in _COMMENTS:
            if name in tags:
                del tags[name]
        tags[_SYNCED] = [synced]
        if timed:
            tags[_UNSYNCED] = [lyrics.text]
    else:
        return False
    return True


def _fill_id3(tags: Any, lyrics: Lyrics) -> None:
    shared = {"encoding": id3.Encoding.UTF8, "lang": _UNKNOWN_LANGUAGE, "desc": ""}
    tags.setall("USLT", [id3.USLT(text=lyrics.text, **shared)])
    tags.delall("SYLT")
    pieces = pieces_of_lyrics(lyrics)
    if pieces:
        frame = id3.SYLT(format=_MILLISECONDS, type=_LYRICS, text=pieces, **shared)
        tags.setall("SYLT", [frame])
