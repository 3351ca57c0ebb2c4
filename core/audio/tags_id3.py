"""Tags in ID3 frames: MP3, WAV, AIFF and others."""

from mutagen import id3

from core.audio.tag_types import Cover, Tags, clean_fields

_FRAMES = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "albumartist": "TPE2",
    "date": "TDRC",
    "genre": "TCON",
    "tracknumber": "TRCK",
    "discnumber": "TPOS",
    "composer": "TCOM",
    "lyricist": "TEXT",
    "conductor": "TPE3",
    "publisher": "TPUB",
    "copyright": "TCOP",
    "isrc": "TSRC",
    "bpm": "TBPM",
    "key": "TKEY",
    "language": "TLAN",
}
_FRONT_COVER = 3
_UNKNOWN_LANGUAGE = "XXX"


def read_id3(tags: id3.ID3) -> Tags:
    """Return what the frames say."""
    raw = {}
    for name, key in _FRAMES.items():
        frame = tags.get(key)
        if frame is not None:
            values = frame.genres if key == "TCON" else frame.text
            raw[name] = [str(value) for value in values]
    # A description marks a comment of a program, such as iTunes' volume figures.
    raw["comment"] = [
        text for frame in tags.getall("COMM") if not frame.desc for text in frame.text
    ]
    raw["lyrics"] = [frame.text for frame in tags.getall("USLT")]
    # "-->" marks a web address instead of a picture.
    pictures = [frame for frame in tags.getall("APIC") if frame.mime != "-->" and frame.data]
    pictures.sort(key=lambda frame: frame.type != _FRONT_COVER)
    cover = Cover(pictures[0].mime, pictures[0].data) if pictures else None
    return Tags(clean_fields(raw), cover)


def fill_id3(target: id3.ID3, tags: Tags) -> None:
    """Put tags into frames, replacing those of the same kind."""
    for name, values in tags.fields.items():
        if name in _FRAMES:
            key = _FRAMES[name]
            target.setall(key, [getattr(id3, key)(encoding=id3.Encoding.UTF8, text=list(values))])
    for name, kind in (("comment", id3.COMM), ("lyrics", id3.USLT)):
        if name in tags.fields:
            values = tags.fields[name]
            frame = kind(
                encoding=id3.Encoding.UTF8,
                lang=_UNKNOWN_LANGUAGE,
                desc="",
                text=list(values) if name == "comment" else "\n".join(values),
            )
            target.setall(kind.__name__, [frame])
    if tags.cover is not None:
        picture = id3.APIC(
            encoding=id3.Encoding.UTF8,
            mime=tags.cover.mime,
            type=_FRONT_COVER,
            desc="",
            data=tags.cover.data,
        )
        target.setall("APIC", [picture])
