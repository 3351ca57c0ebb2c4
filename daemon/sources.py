"""Whether a job's own file is still what it was when it entered the queue."""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from pathlib import Path

from core.fingerprint import file_state
from core.mounts import mount_of
from core.store.records import FileState, Job


class Verdict(Enum):
    """What has become of a job's file."""

    READY = auto()
    CHANGED = auto()
    """Another version has its name now."""
    GONE = auto()
    """It was deleted, or moved."""
    AWAY = auto()
    """Its whole disk or folder is not there: nothing can be concluded."""


def examine_source(
    job: Job,
    inboxes: Sequence[Path],
    identity: Callable[[Path], str] = lambda path: mount_of(path).identity,
) -> Verdict:
    """Look at a job's file.

    Parameters
    ----------
    job
        Knows the size, the time and the file system that the file had.
    inboxes
        The watched folders.
    identity
        Names the file system that a path is on.

    Raises
    ------
    OSError
        The disk answers with an error: neither there nor gone.
    """
    try:
        state = file_state(job.source)
    except (FileNotFoundError, NotADirectoryError):
        inbox = next((box for box in inboxes if job.source.is_relative_to(box)), None)
        folder_missing = inbox is not None and not inbox.is_dir()
        if folder_missing or (job.mount and identity(job.source) != job.mount):
            return Verdict.AWAY
        return Verdict.GONE
    # The inode is not compared: some network and FUSE file systems number anew at every mount.
    same = (state.size, state.mtime_ns) == (job.file.size, job.file.mtime_ns)
    return Verdict.READY if same else Verdict.CHANGED


def stands(path: Path) -> FileState | None:
    """Look at a file; None when it is not there, or cannot be looked at."""
    try:
        return file_state(path)
    except OSError:
        return None
