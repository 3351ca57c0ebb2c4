"""A checkpoint out of an archive that nobody vouches for.

The archive comes from a network or a memory stick. It is read as a stream, member by member,
and anything that a checkpoint archive has no reason to hold ends the extraction: links, devices,
paths that lead out of the folder, sizes out of all proportion.
"""

import gzip
import re
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from core.errors import ModelError

MAX_UNPACKED = 1 << 30
"""Bytes. The largest published checkpoint unpacks to a fifth of this."""

MAX_MEMBERS = 64

_WANTED = re.compile(r"model\.(index|data-\d{5}-of-\d{5})")
_BLOCK = 1 << 20


def extract_checkpoint(archive: Path, folder: Path, max_unpacked: int = MAX_UNPACKED) -> None:
    """Unpack a checkpoint's index and data files; leave everything else in the archive.

    Parameters
    ----------
    archive
        A gzipped tar file with `model.index` and `model.data-*` at its top level.
    folder
        An existing folder without these files.
    max_unpacked
        Largest accepted size of the whole unpacked archive, bytes.

    Raises
    ------
    ModelError
        The archive is damaged, unsafe, too large, or holds no checkpoint.
    OSError
        A file cannot be written.
    """
    found = set()
    try:
        with (
            _BoundedGzip(archive, max_unpacked) as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as tar,
        ):
            for count, member in enumerate(tar, start=1):
                _inspect(member, archive)
                if count > MAX_MEMBERS:
                    raise _unsafe(archive, f"more than {MAX_MEMBERS} members")
                name = str(PurePosixPath(member.name))
                if member.isdir() or not _WANTED.fullmatch(name):
                    continue
                if name in found:
                    raise _unsafe(archive, f"{name} twice")
                found.add(name)
                _unpack(tar, member, folder / name)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as exc:
        raise ModelError(
            f"The archive {archive} is damaged or is no gzipped tar file ({exc}).",
            "Fetch it again.",
        ) from exc
    if "model.index" not in found or len(found) < 2:
        raise ModelError(
            f"The archive {archive} holds no checkpoint.",
            "It should have model.index and model.data-00000-of-00001 at its top level.",
        )


def _inspect(member: tarfile.TarInfo, archive: Path) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\0" in member.name:
        raise _unsafe(archive, f"the path {member.name!r}, which leads out of its folder")
    if member.issym() or member.islnk():
        raise _unsafe(archive, f"{member.name!r}, a link")
    if not (member.isdir() or member.isreg()) or member.issparse():
        raise _unsafe(archive, f"{member.name!r}, which is neither a file nor a folder")


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = tar.extractfile(member)
    if source is None:
        raise tarfile.ReadError(f"{member.name} has no content")
    with source, path.open("xb") as target:
        shutil.copyfileobj(source, target, _BLOCK)


def _unsafe(archive: Path, what: str) -> ModelError:
    return ModelError(
        f"The archive {archive} was refused: it holds {what}.",
        "A published checkpoint has nothing of the kind; do not trust this file.",
    )


class _BoundedGzip(gzip.GzipFile):
    """Stop an archive that unpacks to more than any checkpoint, wherever the bytes hide.

    Counting what is really unpacked also covers headers and members that are skipped, whose
    announced sizes prove nothing.
    """

    def __init__(self, archive: Path, limit: int) -> None:
        super().__init__(archive, "rb")
        self._archive = archive
        self._limit = limit
        self._unpacked = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._unpacked += len(data)
        if self._unpacked > self._limit:
            raise _unsafe(self._archive, f"more than {self._limit >> 20} MiB when unpacked")
        return data
