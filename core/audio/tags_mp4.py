"""Tags in MP4 atoms, as iTunes writes them."""

from mutagen.mp4 import AtomDataType, MP4Cover, MP4FreeForm, MP4Tags

from core.audio.tag_types import Cover, Tags, clean_fields

_TEXT = {
    "title": "\xa9nam",
    "artist": "\xa9ART",
    "album": "\xa9alb",
    "albumartist": "aART",
    "date": "\xa9day",
    "genre": "\xa9gen",
    "composer": "\xa9wrt",
    "copyright": "cprt",
    "comment": "\xa9cmt",
    "lyrics": "\xa9lyr",
}
_PAIRS = {"tracknumber": "trkn", "discnumber": "disk"}
_FREE_FORM = {
    name: f"----:com.apple.iTunes:{key}"
    for name, key in {
        "isrc": "ISRC",
        "publisher": "LABEL",
        "lyricist": "LYRICIST",
        "conductor": "CONDUCTOR",
        "language": "LANGUAGE",
        "key": "initialkey",
    }.items()
}
_TEMPO = "tmpo"
_MIMES = {AtomDataType.JPEG: "image/jpeg", AtomDataType.PNG: "image/png"}
_PICTURES = {"image/jpeg": MP4Cover.FORMAT_JPEG, "image/jpg": MP4Cover.FORMAT_JPEG} | {
    "image/png": MP4Cover.FORMAT_PNG
}


def read_mp4(tags: MP4Tags) -> Tags:
    """Return what the atoms say."""
    raw = {name: list(tags[key]) for name, key in _TEXT.items() if key in tags}
    for name, key in _PAIRS.items():
        raw[name] = [
            f"{number}/{total}" if total else f"{number}"
            for number, total in tags.get(key, [])
            if number
        ]
    for name, key in _FREE_FORM.items():
        raw[name] = [bytes(value).decode("utf-8", "replace") for value in tags.get(key, [])]
    raw["bpm"] = [str(value) for value in tags.get(_TEMPO, []) if value]
    covers = tags.get("covr", [])
    cover = None
    if covers:
        cover = Cover(_MIMES.get(covers[0].imageformat, "image/jpeg"), bytes(covers[0]))
    return Tags(clean_fields(raw), cover)


def fill_mp4(target: MP4Tags, tags: Tags) -> None:
    """Put tags into atoms, replacing those of the same kind."""
    for name, values in tags.fields.items():
        if name in _TEXT:
            target[_TEXT[name]] = list(values)
        elif name in _PAIRS:
            if pair := _pair(values[0]):
                target[_PAIRS[name]] = [pair]
        elif name in _FREE_FORM:
            target[_FREE_FORM[name]] = [MP4FreeForm(value.encode()) for value in values]
        elif name == "bpm" and (tempo := _whole(values[0])) is not None:
            target[_TEMPO] = [tempo]
    if tags.cover is not None and holds_cover(tags.cover):
        target["covr"] = [MP4Cover(tags.cover.data, imageformat=_PICTURES[tags.cover.mime])]


def holds_cover(cover: Cover) -> bool:
    """Whether MP4 knows this kind of picture."""
    return cover.mime in _PICTURES


def _pair(text: str) -> tuple[int, int] | None:
    number, _, total = text.partition("/")
    first = _whole(number)
    return None if first is None else (first, _whole(total) or 0)


def _whole(text: str) -> int | None:
    """Return text as a number that fits its atom (16 bits), or None."""
    try:
        value = round(float(text))
    except (ValueError, OverflowError):
        return None
    return value if 0 <= value <= 0xFFFF else None
