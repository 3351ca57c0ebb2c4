"""What a song is, whatever it is called: the SHA-256 of its bytes, read while they stood still."""

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.audio.filenames import display_name
from core.errors import AudioError, MinusoneError
from core.store.records import FileState


class FileChanged(MinusoneError):  # noqa: N818
    """A file was written, replaced or removed while it was read."""


class ReadingCancelled(MinusoneError):  # noqa: N818
    """Somebody did not want to wait for the end of a file."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Content of a file, and the state that it had all along.

    Attributes
    ----------
    sha256
        64 hexadecimal digits, lower case.
    state
        Size and times before, during and after the reading.
    """

    sha256: str
    state: FileState


def file_state(path: Path) -> FileState:
    """Look at a file, following links.

    Raises
    ------
    OSError
        It is not there, or its disk does not answer: untranslated, because what that means
        depends on who asks.
    """
    return _state(path.stat())


def fingerprint(path: Path, *, cancelled: Callable[[], bool] | None = None) -> Fingerprint:
    """Read a file from begin to end.

    Parameters
    ----------
    path
        A regular file, or a link to one.
    cancelled
        Asked every 256 KiB; True ends the reading.

    Raises
    ------
    FileChanged
        It is not the same file, or not in the same state, before and after; or it went away.
    ReadingCancelled
        `cancelled` said so.
    AudioError
        It is no regular file, or cannot be read. `core.transient` tells whether that may pass.
    """
    try:
        with _opened(path) as file:
            before = _state(os.fstat(file.fileno()))
            watched = _Watched(file, path, before.size, cancelled)
            digest = hashlib.file_digest(watched, "sha256").hexdigest()
            after = _state(os.fstat(file.fileno()))
        named = file_state(path)
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise FileChanged(f"{display_name(path)} is not there any more.") from exc
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise AudioError(
            f"{display_name(path)} cannot be read: {reason}.",
            "Check its permissions, and the disk that it is on.",
        ) from exc
    if not before == after == named or watched.read != before.size:
        raise _changed(path)
    return Fingerprint(digest, before)


def _opened(path: Path) -> BinaryIO:
    # A pipe without a writer would keep an ordinary open waiting for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            return os.fdopen(descriptor, "rb", buffering=0)
        raise AudioError(f"{display_name(path)} is no file, but {_kind(mode)}.")
    except BaseException:
        os.close(descriptor)
        raise


class _Watched:
    """A file for `hashlib.file_digest` that can be given up between two blocks."""

    def __init__(
        self, file: BinaryIO, path: Path, size: int, cancelled: Callable[[], bool] | None
    ) -> None:
        self._file = file
        self._path = path
        self._size = size
        self._cancelled = cancelled
        self.read = 0

    def readable(self) -> bool:
        """Say yes, as `file_digest` wants to hear."""
        return True

    def readinto(self, block: bytearray) -> int:
        """Read the next block; return the bytes read, 0 at the end."""
        if self._cancelled is not None and self._cancelled():
            raise ReadingCancelled(f"Reading {display_name(self._path)} was given up.")
        count = self._file.readinto(block)  # type: ignore[attr-defined]
        self.read += count
        # A file that grows as fast as it is read has no end.
        if self.read > self._size:
            raise _changed(self._path)
        return int(count)


def _changed(path: Path) -> FileChanged:
    return FileChanged(f"{display_name(path)} changed while it was read.")


def _state(found: os.stat_result) -> FileState:
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a disk",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")
