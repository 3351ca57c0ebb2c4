"""Reading a song's tags and cover, and writing them into its stems."""

import struct
from pathlib import Path
from typing import Any

import mutagen
from mutagen import id3
from mutagen._vorbis import VCommentDict
from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from core.audio.filenames import display_name
from core.audio.formats import Codec
from core.audio.tag_types import Cover, Tags, clean_text
from core.audio.tags_asf import read_asf
from core.audio.tags_file import read_plain
from core.audio.tags_id3 import fill_id3, read_id3
from core.audio.tags_mp4 import fill_mp4, holds_cover, read_mp4
from core.audio.tags_vorbis import (
    fill_comments,
    fill_flac_cover,
    fill_ogg_cover,
    read_flac_cover,
    read_named,
    read_ogg_cover,
)

__all__ = ["DAMAGE", "Cover", "Tags", "read_tags", "stem_tags", "write_tags"]

# mutagen's parsers meet arbitrary bytes; these are what damaged files make them raise.
DAMAGE = (
    mutagen.MutagenError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)
"""Exceptions that mutagen raises for damaged files."""

_CLASSES: dict[Codec, Any] = {
    Codec.WAV: WAVE,
    Codec.FLAC: FLAC,
    Codec.OGG: OggVorbis,
    Codec.OPUS: OggOpus,
    Codec.M4A: MP4,
}

_INSTRUMENTAL = "Instrumental"


def read_tags(path: Path) -> Tags:
    """Read the tags of a song of any format.

    Never raises for a song that can be read: a song without tags gives empty `Tags`, one with
    damaged tags gives empty `Tags` with a warning.

    Parameters
    ----------
    path
        The song.
    """
    try:
        tags = _read_known(path)
        if not tags.fields and tags.cover is None:
            tags = Tags(read_plain(path))
    except DAMAGE:
        return Tags(warning=f"The tags of {display_name(path)} are damaged; they were left out.")
    return tags


def _read_known(path: Path) -> Tags:
    song = mutagen.File(path)
    tags = None if song is None else song.tags
    if tags is None:
        return Tags(cover=read_flac_cover(song) if isinstance(song, FLAC) else None)
    if isinstance(tags, id3.ID3):
        return read_id3(tags)
    if isinstance(song, MP4):
        return read_mp4(tags)
    if isinstance(song, ASF):
        return read_asf(tags)
    if isinstance(song, FLAC):
        return Tags(read_named(tags.as_dict()), read_flac_cover(song))
    if isinstance(tags, VCommentDict):
        return Tags(read_named(tags.as_dict()), read_ogg_cover(tags.as_dict()))
    return Tags()


def write_tags(path: Path, codec: Codec, tags: Tags) -> str | None:
    """Write tags into a file that this program has made.

    Parameters
    ----------
    path
        The file; its name need not tell its format.
    codec
        Its format.
    tags
        What to write.

    Returns
    -------
    str | None
        A sentence for the user when some of it could not be written, else None.

    Raises
    ------
    OSError
        The disk is full, or anything else that the operating system refused.
    """
    if codec is Codec.M4A and tags.cover is not None and not holds_cover(tags.cover):
        _write(path, codec, Tags(tags.fields))
        return f"m4a cannot hold a cover of the kind {tags.cover.mime}; it was left out."
    try:
        _write(path, codec, tags)
    except DAMAGE as exc:
        # mutagen wraps what the operating system says.
        for cause in (exc, *exc.args):
            if isinstance(cause, OSError):
                raise cause from None
        return f"the tags could not be written ({exc})."
    return None


def _write(path: Path, codec: Codec, tags: Tags) -> None:
    if codec is Codec.MP3:
        frames = id3.ID3()
        fill_id3(frames, tags)
        frames.save(path)
        return
    # mutagen's types do not say that tags are there once they have been added.
    song = _CLASSES[codec](path)
    if song.tags is None:
        song.add_tags()
    if codec is Codec.WAV:
        fill_id3(song.tags, tags)
    elif codec is Codec.M4A:
        fill_mp4(song.tags, tags)
    else:
        fill_comments(song.tags, tags)
        if tags.cover is not None and codec is Codec.FLAC:
            fill_flac_cover(song, tags.cover)
        elif tags.cover is not None:
            fill_ogg_cover(song.tags, tags.cover)
    song.save()


def stem_tags(tags: Tags, stem_name: str, fallback_title: str) -> Tags:
    """Return a song's tags for one of its stems.

    Parameters
    ----------
    tags
        The song's.
    stem_name
        ``"vocals"`` makes the title ``Title (Vocals)``; ``"accompaniment"`` makes it
        ``Title (Instrumental)``, which is what people search for.
    fallback_title
        Used where the song has no title; usually its file name without the ending.
    """
    label = _INSTRUMENTAL if stem_name == "accompaniment" else stem_name.capitalize()
    title = tags.title or clean_text(fallback_title)
    return Tags({**tags.fields, "title": (f"{title} ({label})".strip(),)}, tags.cover)
