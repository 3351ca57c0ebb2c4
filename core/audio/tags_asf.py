"""Tags of Windows Media files (read only: no stem is written as WMA)."""

import struct

from mutagen.asf import ASFTags

from core.audio.tag_types import Cover, Tags, clean_fields

_KEYS = {
    "title": "Title",
    "artist": "Author",
    "album": "WM/AlbumTitle",
    "albumartist": "WM/AlbumArtist",
    "date": "WM/Year",
    "genre": "WM/Genre",
    "tracknumber": "WM/TrackNumber",
    "discnumber": "WM/PartOfSet",
    "composer": "WM/Composer",
    "lyricist": "WM/Writer",
    "conductor": "WM/Conductor",
    "publisher": "WM/Publisher",
    "copyright": "Copyright",
    "comment": "Description",
    "isrc": "WM/ISRC",
    "bpm": "WM/BeatsPerMinute",
    "key": "WM/InitialKey",
    "language": "WM/Language",
    "lyrics": "WM/Lyrics",
}
_FRONT_COVER = 3


def read_asf(tags: ASFTags) -> Tags:
    """Return what the attributes say."""
    raw = {name: [str(value) for value in tags.get(key, [])] for name, key in _KEYS.items()}
    pictures = []
    for attribute in tags.get("WM/Picture", []):
        try:
            pictures.append(_picture(attribute.value))
        except (struct.error, ValueError, UnicodeDecodeError):
            continue
    pictures.sort(key=lambda picture: picture[0] != _FRONT_COVER)
    return Tags(clean_fields(raw), pictures[0][1] if pictures else None)


def _picture(data: bytes) -> tuple[int, Cover]:
    """Take a WM_PICTURE apart: kind, length, MIME type and description in UTF-16, picture."""
    kind, size = struct.unpack_from("<BI", data)
    rest = data[5 : len(data) - size]
    mime = rest.decode("utf-16-le").split("\0")[0]
    if not 0 < size <= len(data) - 5:
        raise ValueError("the picture is cut off")
    return kind, Cover(mime, data[-size:])
