"""Hints on their way from the thread that reads events to the daemon's loop."""

import os
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

MANY = 4096
"""Hints of one inbox that are kept; when there are more, a scan of the inbox finds them all."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something has happened to a file, or to a folder.

    Attributes
    ----------
    inbox
        The inbox that it is in.
    path
        What it happened to. It may be gone.
    is_folder
        A folder has appeared, and is to be scanned.
    """

    inbox: Path
    path: Path
    is_folder: bool


class HintQueue:
    """Keeps each path once, and no more of them than a little memory holds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._hints: dict[Path, dict[str, bool]] = {}
        self._flooded: set[Path] = set()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._closed = False

    def fileno(self) -> int:
        """File descriptor that is readable while there are hints."""
        return self._wake

    def put(self, inbox: Path, path: str, is_folder: bool) -> None:
        """Add a hint; from any thread."""
        with self._lock:
            if self._closed or inbox in self._flooded:
                return
            empty = not self._hints and not self._flooded
            hints = self._hints.setdefault(inbox, {})
            hints[path] = is_folder or hints.get(path, False)
            if len(hints) > MANY:
                del self._hints[inbox]
                self._flooded.add(inbox)
            if empty:
                os.eventfd_write(self._wake, 1)

    def take(self) -> tuple[list[Hint], set[Path]]:
        """Take all hints, oldest first.

        Returns
        -------
        list of Hint
            Each path once.
        set of Path
            Inboxes with more hints than were kept: these are to be scanned.
        """
        with self._lock:
            if self._hints or self._flooded:
                os.eventfd_read(self._wake)
            hints, flooded = self._hints, self._flooded
            self._hints, self._flooded = {}, set()
        taken = [
            Hint(inbox, Path(path), is_folder)
            for inbox, paths in hints.items()
            for path, is_folder in paths.items()
        ]
        return taken, flooded

    def close(self) -> None:
        """Close the file descriptor; hints that come later are dropped."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._hints.clear()
                self._flooded.clear()
                os.close(self._wake)
