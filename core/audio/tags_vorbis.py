"""Tags in Vorbis comments (FLAC, Ogg Vorbis, Opus), and other formats with free names."""

import base64
import binascii
from collections.abc import Iterable, Mapping, MutableMapping

from mutagen import MutagenError
from mutagen.flac import FLAC, Picture

from core.audio.tag_types import NAMES, Cover, Tags, clean_fields

# What programs and other formats (APEv2, Matroska) call the same thing.
_ALIASES = {
    "album artist": "albumartist",
    "album_artist": "albumartist",
    "year": "date",
    "date_released": "date",
    "track": "tracknumber",
    "part_number": "tracknumber",
    "disc": "discnumber",
    "organization": "publisher",
    "label": "publisher",
    "description": "comment",
    "unsyncedlyrics": "lyrics",
    "initialkey": "key",
}
# What Vorbis comments usually call ours.
_WRITTEN = {"publisher": "organization", "key": "initialkey"}
_TOTALS = {
    "tracknumber": ("tracktotal", "totaltracks"),
    "discnumber": ("disctotal", "totaldiscs"),
}
_PICTURE_KEY = "metadata_block_picture"
_FRONT_COVER = 3


def read_named(comments: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Return the fields of a mapping from free names, in any case, to lists of values."""
    lower = {key.lower(): [str(value) for value in values] for key, values in comments.items()}
    raw = {name: lower[name] for name in NAMES if name in lower}
    for alias, name in _ALIASES.items():
        if alias in lower:
            raw.setdefault(name, lower[alias])
    for name, keys in _TOTALS.items():
        total = next((lower[key][0] for key in keys if lower.get(key)), None)
        if total and raw.get(name) and "/" not in raw[name][0]:
            raw[name] = [f"{raw[name][0]}/{total}"]
    return clean_fields(raw)


def read_flac_cover(song: FLAC) -> Cover | None:
    """Return the cover among a FLAC file's picture blocks."""
    return _best(song.pictures)


def read_ogg_cover(comments: Mapping[str, list[str]]) -> Cover | None:
    """Return the cover among an Ogg file's comments; damaged pictures are left out."""
    pictures = []
    for text in comments.get(_PICTURE_KEY, []):
        try:
            pictures.append(Picture(base64.b64decode(text)))
        except (binascii.Error, MutagenError, ValueError):
            continue
    return _best(pictures)


def fill_comments(target: MutableMapping[str, list[str]], tags: Tags) -> None:
    """Put tags into Vorbis comments, replacing those of the same name."""
    for name, values in tags.fields.items():
        target[_WRITTEN.get(name, name)] = list(values)


def fill_flac_cover(song: FLAC, cover: Cover) -> None:
    """Make `cover` the only picture of a FLAC file."""
    song.clear_pictures()
    song.add_picture(_picture(cover))


def fill_ogg_cover(target: MutableMapping[str, list[str]], cover: Cover) -> None:
    """Make `cover` the only picture of an Ogg file."""
    target[_PICTURE_KEY] = [base64.b64encode(_picture(cover).write()).decode("ascii")]


def _best(pictures: Iterable[Picture]) -> Cover | None:
    usable = [picture for picture in pictures if picture.data and picture.mime != "-->"]
    usable.sort(key=lambda picture: picture.type != _FRONT_COVER)
    return Cover(usable[0].mime, usable[0].data) if usable else None


def _picture(cover: Cover) -> Picture:
    picture = Picture()
    picture.type = _FRONT_COVER
    picture.mime = cover.mime
    picture.data = cover.data
    return picture
