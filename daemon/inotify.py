"""One inbox with all its folders under inotify, kept up as folders come and go.

Of watchdog this uses the part that talks to the kernel. Its observers would do more and tell less:
they leave out folders that cannot be watched and lost events without a word, hold everything back
for half a second when a file is moved away, and keep every event of a long copy in memory.
"""

import errno
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from threading import RLock

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

from daemon.ignore import Choice, IgnoreRules
from daemon.scan import LinkPolicy

# Not IN_MODIFY: a copy causes it thousands of times, and a file that appeared is looked at anyway
# until it is quiet. Whoever writes to a file closes it one day, which is told.
_EVENTS = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_MOVED_FROM
    | InotifyConstants.IN_MOVED_TO
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_EXCL_UNLINK
)
_EVENTS_UNLINKED = Mask(_EVENTS | InotifyConstants.IN_DONT_FOLLOW)
_VANISHED = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.ENAMETOOLONG})

_numbers = count(1)

Report = Callable[[str, bool], None]
"""Takes the path that something happened to, and whether it is a folder to be scanned."""


class FolderTree(WatchCallback):
    """Watches a folder and everything in it.

    Events come in on the kernel's reading thread; `open` and `close` are called on another.

    Parameters
    ----------
    kernel
        The inotify instance; its thread runs.
    root
        The folder.
    rules
        What is not even reported, and which folders are not watched.
    follow_links
        Whether links to folders elsewhere are watched as well.
    report
        Called on the reading thread.

    Attributes
    ----------
    lost
        The folder itself was deleted, moved or unmounted: nothing more will come.
    overflowed
        The kernel's queue was full and events were lost. Whoever looks sets it back.
    error
        Why a folder that came later could not be watched; None while all are.
    """

    def __init__(
        self,
        kernel: InotifyFD,
        root: Path,
        rules: IgnoreRules,
        *,
        follow_links: bool,
        report: Report,
    ) -> None:
        self.lost = False
        self.overflowed = False
        self.error: OSError | None = None
        self._kernel = kernel
        self._root = str(root)
        self._rules = rules
        self._follow = follow_links
        self._links = LinkPolicy(root, follow_links)
        self._report = report
        self._lock = RLock()
        self._closed = False
        self._paths: dict[WatchDescriptor, str] = {}
        self._watches: dict[str, tuple[WatchDescriptor, CallbackId]] = {}

    def __len__(self) -> int:
        """Count the folders under watch."""
        return len(self._watches)

    def open(self) -> None:
        """Watch every folder that is not watched yet.

        Raises
        ------
        OSError
            ENOSPC where the limit of watches is reached; others where the root cannot be watched.
        """
        with self._lock:
            if self._watch(self._root) is None:
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), self._root)
            self._watch_below(self._root)

    def close(self) -> None:
        """Watch nothing any longer."""
        with self._lock:
            self._closed = True
            self._kernel.remove_callbacks(list(self._watches.values()))
            self._watches.clear()
            self._paths.clear()

    def on_event(self, event: InotifyEvent) -> None:
        """Take one event; called by watchdog."""
        with self._lock:
            folder = self._paths.get(event.wd)
            if folder is None or self._closed:
                return
            if not event.name:
                # MOVE_SELF tells of a root that has another name now. Folders inside are told of
                # by the folder that they are in.
                self.lost |= folder == self._root and event.is_move_self
                return
            path = f"{folder}/{os.fsdecode(event.name)}"
            try:
                self._happened(path, event)
            except OSError as exc:
                self.error = exc

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """Forget a folder that is gone; called by watchdog."""
        with self._lock:
            path = self._paths.pop(wd, None)
            if path is None:
                return
            if self._watches.get(path, (None,))[0] == wd:
                del self._watches[path]
            self.lost |= path == self._root

    def on_queue_overflow(self) -> None:
        """Remember that events were lost; called by watchdog."""
        self.overflowed = True

    def _happened(self, path: str, event: InotifyEvent) -> None:
        inside = path[len(self._root) :].lstrip("/")
        is_folder = bool(event.mask & InotifyConstants.IN_ISDIR)
        if self._follow and not is_folder:
            # A link to a folder is told of as a file.
            is_folder = Path(path).is_dir() and self._links.leads_out(path)
        if not is_folder:
            verdict = self._rules.judge(inside)
            if verdict.choice is not Choice.IGNORE or verdict.told:
                self._report(path, False)
        elif event.is_moved_from:
            # Where it has gone is unknown yet. If it stays in the inbox, it comes in again.
            self._forget_below(path)
        elif self._appeared(path, event) and self._rules.enters(inside):
            # Watched first, scanned then: nothing falls between the two.
            self._watch_below(path)
            self._report(path, True)

    def _appeared(self, path: str, event: InotifyEvent) -> bool:
        """Whether a folder has come, or can be read now and could not before."""
        if event.is_attrib:
            return path not in self._watches
        return event.is_create or event.is_moved_to

    def _watch_below(self, top: str) -> None:
        seen: set[WatchDescriptor] = set()
        folders = [top] if self._watch_once(top, seen) else []
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    inside = [entry.path for entry in entries if self._enters(entry)]
            except OSError:  # Removed just now, or not ours to read: the scan reports that.
                continue
            # In the order of a scan: of two links to one folder, the same one counts for both.
            folders += [path for path in inside if self._watch_once(path, seen)]

    def _watch_once(self, path: str, seen: set[WatchDescriptor]) -> bool:
        watch = self._watch(path)
        if watch is None or watch in seen:
            return False
        seen.add(watch)
        return True

    def _enters(self, entry: os.DirEntry[str]) -> bool:
        if not entry.is_dir() or not self._rules.enters(entry.path[len(self._root) :].lstrip("/")):
            return False
        return not entry.is_symlink() or self._links.leads_out(entry.path)

    def _watch(self, path: str) -> WatchDescriptor | None:
        """Watch one folder; None where that is not possible and need not be."""
        if not os.access(path, os.R_OK | os.X_OK):
            return None
        number = CallbackId(next(_numbers))
        mask = _EVENTS if self._follow or path == self._root else _EVENTS_UNLINKED
        try:
            watch = self._kernel.add_callback(os.fsencode(path), mask, self, number)
        except OSError as exc:
            if exc.errno in _VANISHED:
                return None
            raise
        if watch < 0:  # watchdog takes EACCES for a watch.
            self._kernel.remove_callbacks([(watch, number)])
            return None
        before = self._paths.get(watch)
        if before is None:
            self._watches[path] = (watch, number)
        else:
            # The kernel knows folders, not names, and this one is watched under a name already.
            self._kernel.remove_callbacks([(watch, number)])
            if before != path and _same_folder(before, path):
                return None  # Two links lead to it. The first one counts.
            # Or it was moved, and the news is on its way.
            self._watches[path] = self._watches.pop(before)
        self._paths[watch] = path
        return watch

    def _forget_below(self, top: str) -> None:
        gone = [path for path in self._watches if path == top or path.startswith(f"{top}/")]
        for path in gone:
            watch = self._watches.pop(path)
            self._paths.pop(watch[0], None)
            self._kernel.remove_callbacks([watch])


def _same_folder(one: str, other: str) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:
        return False
