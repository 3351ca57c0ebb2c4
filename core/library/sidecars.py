"""Files that belong to a song and lie beside it: lyrics, and the picture of the cover."""

import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from core.audio.filenames import display_name
from core.audio.partfile import output_error
from core.library.durable import write_new_file

LYRICS_SUFFIXES = (".lrc", ".elrc", ".txt", ".cdg")
COVER_NAMES = ("cover", "folder", "front")
COVER_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

LYRICS_BYTES = 4 << 20
"""Lyrics larger than this stay behind."""

COVER_BYTES = 20 << 20
"""Covers larger than this stay behind."""

_MIME_SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tiff",
    "image/avif": ".avif",
    "image/heic": ".heic",
}


@dataclass(frozen=True, slots=True)
class Sidecars:
    """What lies beside a song.

    Attributes
    ----------
    lyrics
        At most one file of each kind, in the order of `LYRICS_SUFFIXES`.
    cover
        The picture of the folder that the song is in, if there is one.
    """

    lyrics: tuple[Path, ...]
    cover: Path | None


@dataclass(frozen=True, slots=True)
class Carried:
    """What was copied beside the stems.

    Attributes
    ----------
    cover, lyrics
        Names in the track's folder.
    warnings
        A sentence for each file that stayed behind.
    """

    cover: str | None
    lyrics: tuple[str, ...]
    warnings: tuple[str, ...]


class _Left(Exception):  # noqa: N818
    """A file stays behind, for this reason."""


def find_sidecars(song: Path) -> Sidecars:
    """Look for the files that belong to a song.

    Lyrics have the song's name with another ending (``song.lrc``, or ``song.mp3.lrc``), in
    whatever capitals. Links are followed inside the song's folder only.

    Raises
    ------
    OSError
        The song's folder cannot be read.
    """
    beside = _regular_files(song.parent)
    lyrics = []
    for suffix in LYRICS_SUFFIXES:
        names = (song.stem + suffix, song.name + suffix)
        found = _first(beside, names)
        if found is not None and found.name != song.name:
            lyrics.append(found)
    covers = [name + suffix for name in COVER_NAMES for suffix in COVER_SUFFIXES]
    return Sidecars(tuple(lyrics), _first(beside, covers))


def carry_sidecars(song: Path, folder: Path, has_cover: bool) -> Carried:
    """Copy what belongs to a song into its track's folder, as ``lyrics.lrc``, ``cover.jpg`` ...

    Parameters
    ----------
    song
        The original.
    folder
        Of the track, unfinished: none of those names is in it.
    has_cover
        Whether the song brought a picture of its own, which goes before the folder's.

    Raises
    ------
    OutputError
        The track's folder cannot be written to.
    """
    warnings: list[str] = []
    try:
        found = find_sidecars(song)
    except OSError as exc:
        reason = f"The folder of {display_name(song)} cannot be read ({exc.strerror})"
        return Carried(None, (), (f"{reason}: its lyrics and cover stay behind.",))
    lyrics = []
    for path in found.lyrics:
        try:
            data = _read(path, song.parent, LYRICS_BYTES)
        except _Left as reason:
            warnings.append(str(reason))
            continue
        lyrics.append(_write(folder, f"lyrics{path.suffix.lower()}", data))
    cover = None
    if found.cover is not None and not has_cover:
        try:
            data = _read(found.cover, song.parent, COVER_BYTES)
            suffix = _picture_suffix(data)
            if suffix is None:
                raise _Left(f"{display_name(found.cover)} is no picture and stays behind.")
            cover = _write(folder, f"cover{suffix}", data)
        except _Left as reason:
            warnings.append(str(reason))
    return Carried(cover, tuple(lyrics), tuple(warnings))


def write_cover(cover: bytes, mime: str, folder: Path) -> str:
    """Write a song's embedded picture into its track's folder, which has none yet.

    Parameters
    ----------
    cover
        The picture file.
    mime
        What the song says that it is; its first bytes know better.
    folder
        Of the track.

    Returns
    -------
    str
        Name of the file.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    announced = _MIME_SUFFIXES.get(mime.strip().lower(), ".jpg")
    return _write(folder, f"cover{_picture_suffix(cover) or announced}", cover)


def _regular_files(folder: Path) -> dict[str, list[Path]]:
    """List the files of a folder by their caseless names."""
    found: dict[str, list[Path]] = {}
    with os.scandir(folder) as scan:
        for entry in scan:
            # A link is looked at when it is opened.
            if entry.is_symlink() or entry.is_file(follow_symlinks=False):
                found.setdefault(_caseless(entry.name), []).append(folder / entry.name)
    return found


def _first(beside: dict[str, list[Path]], names: list[str] | tuple[str, ...]) -> Path | None:
    for name in names:
        alike = beside.get(_caseless(name), [])
        if alike:
            # The very name, if it is there, and else always the same one.
            return min(alike, key=lambda path: (path.name != name, path.name))
    return None


def _caseless(name: str) -> str:
    # Names from a Mac are NFD.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _read(path: Path, folder: Path, limit: int) -> bytes:
    shown = display_name(path)
    try:
        real = Path(os.path.realpath(path))
        if real.parent != Path(os.path.realpath(folder)):
            raise _Left(f"{shown} leads out of the song's folder and stays behind.")
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _Left(f"{shown} is no file and stays behind.")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(limit + 1)
        finally:
            os.close(descriptor)
    except OSError as exc:
        raise _Left(f"{shown} cannot be read ({exc.strerror}) and stays behind.") from exc
    if not data:
        raise _Left(f"{shown} is empty and stays behind.")
    if len(data) > limit:
        raise _Left(f"{shown} is larger than {limit >> 20} MiB and stays behind.")
    return data


def _write(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    try:
        write_new_file(path, data)
    except OSError as exc:
        raise output_error(path, exc) from exc
    return name


def _picture_suffix(data: bytes) -> str | None:
    """Tell a picture by its first bytes."""
    if data.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return ".gif"
    if data.startswith(b"BM"):
        return ".bmp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return ".avif"
    return None
