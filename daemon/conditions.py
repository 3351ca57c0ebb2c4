"""Whether the queue may move: paused, the library away or read-only, its disk nearly full."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.audio.filenames import display_path
from core.library.root import STAGING, RootState, found_library

_GB = 1e9


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the queue waits for.

    Attributes
    ----------
    waiting
        One sentence; empty when nothing is in the way.
    free_bytes
        On the library's disk; None when that is away.
    library_ready
        Whether the library's folder is there and is the right one.
    """

    waiting: str
    free_bytes: int | None
    library_ready: bool


def look(
    library: Path,
    library_id: str,
    reserve: int,
    paused: bool,
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> Conditions:
    """Look at everything that can hold up the queue.

    Parameters
    ----------
    library, library_id
        The folder, and the id that its mark must have.
    reserve
        Bytes that are to stay free on its disk.
    paused
        Whether somebody has paused the queue.
    free
        Tells the free bytes of a folder's disk.
    """
    root = found_library(library, library_id)
    if root.state is not RootState.READY:
        return Conditions(root.text, None, False)
    try:
        left = free(library)
    except OSError as exc:
        return Conditions(f"The library cannot be reached ({exc.strerror}).", None, False)
    if paused:
        return Conditions("The queue is paused; 'minusone jobs resume' goes on.", left, True)
    refusal = _refusal(library)
    if refusal:
        return Conditions(refusal, left, True)
    if left < reserve:
        return Conditions(
            f"Only {left / _GB:.1f} GB are free on the library's disk, and {reserve / _GB:.1f} GB "
            "are to stay free (jobs.reserve): free some space, and the queue goes on by itself.",
            left,
            True,
        )
    return Conditions("", left, True)


def _refusal(library: Path) -> str:
    """Say why nothing can be written into the library; nothing when it can."""
    shown = display_path(library)
    if os.access(library, os.W_OK | os.X_OK):
        staging = library / STAGING
        if os.path.lexists(staging) and not staging.is_dir():
            return f"{display_path(staging)} is in the way: it is no folder. Move it away."
        if os.access(staging, os.W_OK | os.X_OK) or not os.path.lexists(staging):
            return ""
        shown = display_path(staging)
    try:
        read_only = bool(os.statvfs(library).f_flag & os.ST_RDONLY)
    except OSError:
        read_only = False
    if read_only:
        return (
            f"The library's disk is read-only ({shown}): mount it writable, and look into the "
            "system's log, which tells whether the disk is failing. The queue goes on by itself."
        )
    return (
        f"This user may not write into {shown}: give user {os.geteuid()} the permission to, and "
        "the queue goes on by itself."
    )
