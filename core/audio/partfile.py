"""A file that appears under its name only when it is whole."""

import contextlib
import errno
import os
import secrets
from pathlib import Path

from core.audio.filenames import display_name, shorten
from core.errors import OutputError

# Some encrypted file systems allow only 143 bytes of the usual 255.
_TEMPORARY_NAME_BYTES = 100

REASONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another output folder."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space or choose another folder."),
    errno.EFBIG: (
        "the file would be larger than is allowed here",
        "Choose a compressed format such as flac, or another disk.",
    ),
    errno.EROFS: ("the disk is read-only", "Choose another output folder."),
    errno.EACCES: ("permission denied", "Choose a folder you may write to."),
    errno.EPERM: ("permission denied", "Choose a folder you may write to."),
    errno.ENOENT: ("its folder does not exist", "Create the folder first."),
    errno.ENOTDIR: ("its folder is not a folder", "Choose another output folder."),
    errno.ENAMETOOLONG: ("its name is too long", "Choose a shorter file name pattern."),
    errno.EISDIR: ("a folder has that name", "Remove the folder or choose another name."),
    errno.EIO: ("the disk reports an error", "Check the disk and its cable."),
}


def output_error(path: Path, error: OSError) -> OutputError:
    """Say in plain words why a file could not be written."""
    default = (error.strerror or str(error), "Choose another output folder.")
    reason, advice = REASONS.get(error.errno or 0, default)
    return OutputError(f"{display_name(path)} cannot be written: {reason}.", advice)


class Sink:
    """A binary file for encoders written in C: its methods never raise.

    libsndfile loses exceptions of Python's callbacks, and some of its encoders ignore failed
    writes. The sink keeps the first error instead and swallows what follows; `check` raises it.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "r+b")
        self._path = path
        self._error: BaseException | None = None
        # PyAV looks at the name of the file it is given.
        self.name = "sink"

    def write(self, data: bytes) -> int:
        """Write, or pretend to after an error; return the length of `data`."""
        if self._error is None:
            try:
                self._file.write(data)
            except BaseException as exc:
                self._error = exc
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move the position; return it."""
        if self._error is not None:
            return 0
        try:
            return self._file.seek(offset, whence)
        except BaseException as exc:
            self._error = exc
            return 0

    def tell(self) -> int:
        """Return the position in bytes."""
        return self.seek(0, os.SEEK_CUR)

    def read(self, size: int = -1) -> bytes:
        """Read back what was written."""
        if self._error is not None:
            return b""
        return self._file.read(size)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        if self._error is None:
            try:
                self._file.flush()
            except BaseException as exc:
                self._error = exc

    def check(self) -> None:
        """Raise the first error that happened, if any.

        Raises
        ------
        OutputError
            The disk is full, or anything else that the operating system refused.
        """
        if isinstance(self._error, OSError):
            raise output_error(self._path, self._error) from self._error
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Close the file; errors count only until then."""
        # Closing flushes what is buffered, which fails again on a full disk.
        with contextlib.suppress(OSError):
            self._file.close()


class PartFile:
    """A hidden temporary file beside its target, renamed when it is whole.

    Parameters
    ----------
    path
        The target. Its folder must exist.
    overwrite
        Whether an existing target may be replaced.

    Raises
    ------
    OutputError
        The target exists and may not be replaced, or the folder cannot be written to.
    """

    def __init__(self, path: Path, overwrite: bool) -> None:
        self._target = path
        self._overwrite = overwrite
        name = f".{shorten(path.name, _TEMPORARY_NAME_BYTES)}.{secrets.token_hex(4)}.part"
        self.path = path.with_name(name)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        try:
            # Also finds a target name that is too long now, not at the rename after all the work.
            self._refuse_existing()
            # Like a file that any program creates: the umask decides who may read it.
            self.sink = Sink(path, os.open(self.path, flags, 0o666))
        except OSError as exc:
            raise output_error(path, exc) from exc

    def seal(self) -> None:
        """Close the temporary file after the last write, so that tags can be added to it.

        Raises
        ------
        OutputError
            Something could not be written.
        """
        self.sink.flush()
        self.sink.close()
        self.sink.check()

    def settle(self) -> None:
        """Bring the file to the disk.

        Raises
        ------
        OutputError
            The operating system refused, or the target has appeared in the meantime.
        """
        try:
            self._refuse_existing()
            _sync(self.path)
        except OSError as exc:
            raise output_error(self._target, exc) from exc

    def commit(self) -> None:
        """Give the settled file its name, durably.

        Raises
        ------
        OutputError
            The operating system refused, or the target has appeared in the meantime.
        """
        try:
            self._refuse_existing()
            self.path.replace(self._target)
        except OSError as exc:
            raise output_error(self._target, exc) from exc
        # Network file systems may not sync a folder; the file itself is safe by then.
        with contextlib.suppress(OSError):
            _sync(self._target.parent)

    def discard(self) -> None:
        """Remove the temporary file, if it is still there."""
        self.sink.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _refuse_existing(self) -> None:
        if self._target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        if not self._overwrite and self._target.exists():
            raise OutputError(
                f"{display_name(self._target)} already exists.",
                "Allow overwriting, or choose another output folder.",
            )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
