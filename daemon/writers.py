"""Whether somebody has a file open for writing: the kernel knows, a read lease asks it."""

import errno
import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

from core.mounts import Mount, mount_of, needs_polling

_STILL_WRITTEN = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EBUSY})


def open_for_writing(path: Path | str, *, mount: Callable[[Path], Mount] = mount_of) -> bool | None:
    """Ask the kernel whether any process has a file open for writing.

    A read lease is granted only while nobody has. It is given back at once. A program that opens
    the file for writing in those microseconds is held up for as long (unless it opened with
    ``O_NONBLOCK``: then it is told to try again), and this process is sent a signal: by default
    SIGIO, which would end it, so the signal is made to be SIGURG, which does nothing unless a
    program asks for it. Nothing about the process's own signal handling is changed.

    Parameters
    ----------
    path
        A regular file.
    mount
        Tells which file system a path is on.

    Returns
    -------
    bool or None
        None when it cannot be told: the file belongs to another user, cannot be read, or its file
        system has no leases. Writers on other machines are never seen.
    """
    try:
        # Without O_NONBLOCK, a fifo under this name would hold the program up for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as exc:
        if exc.errno not in _STILL_WRITTEN:
            return None
        fstype = mount(Path(path)).fstype
        # NFS and SMB answer the same when the server has granted them nothing to lease from.
        return None if needs_polling(fstype) and not fstype.startswith("fuse") else True
    finally:
        os.close(descriptor)
    return False
