"""Files and folders that survive a power cut: written, synced, renamed, never over another one."""

import contextlib
import ctypes
import errno
import os
import secrets
from pathlib import Path

_AT_FDCWD = -100
_NOREPLACE, _EXCHANGE = 1, 2
# What kernels, file systems and C libraries without these flags answer.
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM})
_UNSYNCABLE = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF})


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk.

    Raises
    ------
    OSError
        The disk refuses. File systems that cannot sync a folder are not asked twice.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as exc:
        if exc.errno not in _UNSYNCABLE:
            raise


def sync_names(*folders: Path) -> None:
    """Bring the names in folders to the disk after a rename, as far as the disk will.

    The rename has happened, whatever the answer: an error would tell of a failure that is none.
    """
    for folder in folders:
        with contextlib.suppress(OSError):
            sync_folder(folder)


def write_new_file(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, and bring it to the disk.

    Raises
    ------
    OSError
        It is there already, or cannot be written; then nothing of it is left.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def put_file(path: Path, data: bytes, *, replace: bool) -> None:
    """Let a file appear whole under its name, or not at all.

    Raises
    ------
    FileExistsError
        It is there already, and may not be replaced.
    OSError
        It cannot be written.
    """
    temporary = path.with_name(f".{path.name.lstrip('.')[:40]}.{secrets.token_hex(4)}.part")
    write_new_file(temporary, data)
    try:
        if replace:
            temporary.replace(path)
        else:
            rename_new(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_names(path.parent)


def rename_new(source: Path, target: Path) -> None:
    """Rename to a name that nothing has.

    Where the file system cannot make sure of that by itself, it is looked at just before, and a
    folder that has something in it is never replaced.

    Raises
    ------
    FileExistsError
        Something has that name.
    OSError
        Anything else.
    """
    try:
        if _renameat2(source, target, _NOREPLACE):
            return
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        source.rename(target)
    except OSError as exc:
        if exc.errno == errno.ENOTEMPTY:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from exc
        raise


def exchange_names(one: Path, other: Path) -> bool:
    """Let two folders or files have each other's name, at one instant.

    Returns
    -------
    bool
        False where the file system cannot do that; then nothing has happened.

    Raises
    ------
    OSError
        One of them is not there, or cannot be renamed.
    """
    return _renameat2(one, other, _EXCHANGE)


def _renameat2(source: Path, target: Path, flags: int) -> bool:
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # A C library that does not know it.
        return False
    # os.rename offers no flags.
    if function(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), flags) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(source), None, str(target))
