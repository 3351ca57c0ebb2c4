"""The inboxes under watch: by events where they can be had, else by looking more often.

Events are hints and nothing else. What is in an inbox is found by scans: at the start, every few
minutes, and whenever an inbox came back, its events were lost, or it cannot be watched any more.
"""

import errno
import math
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from watchdog.observers.inotify_c import InotifyFD

from core.mounts import Mount, mount_of, mounts_below, needs_polling
from core.store.records import WatchedFolder
from daemon.hints import Hint, HintQueue
from daemon.ignore import IgnoreRules
from daemon.inotify import FolderTree
from daemon.limits import NEEDED, descriptors_left, limit_reached

RETRY = 300.0
"""Seconds until inotify is tried again after a limit was reached."""

REST = 20.0
"""The next scan begins no sooner than this many times what the last one took."""


@dataclass(slots=True)
class _Inbox:
    path: Path
    how: str = "missing"
    reason: str = ""
    identity: tuple[int, int] | None = None
    tree: FolderTree | None = None
    scan_at: float = 0.0
    retry_at: float | None = None


class Watcher:
    """Watches several inboxes.

    All methods are for one thread; events are gathered on another.

    Parameters
    ----------
    inboxes
        The folders; they need not exist.
    rules
        What is not even hinted at.
    watch
        ``"inotify"``, ``"poll"``, or ``"auto"``: inotify unless the file system is one that others
        write to unseen.
    rescan
        Seconds between full scans of an inbox that tells of changes.
    poll
        Seconds between full scans of one that does not.
    follow_links
        Whether links that lead out of an inbox are followed.
    clock
        Seconds, never going back.
    """

    def __init__(
        self,
        inboxes: Iterable[Path],
        rules: IgnoreRules,
        *,
        watch: str = "auto",
        rescan: float = 300.0,
        poll: float = 10.0,
        follow_links: bool = False,
        clock: Callable[[], float] = time.monotonic,
        mount: Callable[[Path], Mount] = mount_of,
    ) -> None:
        self._inboxes = [_Inbox(path) for path in inboxes]
        self._rules = rules
        self._watch = watch
        self._rescan = rescan
        self._poll = poll
        self._follow = follow_links
        self._clock = clock
        self._mount = mount
        self._hints = HintQueue()
        self._kernel: InotifyFD | None = None

    def start(self) -> None:
        """Begin to watch; the first `tick` then asks for a scan of every inbox.

        Never fails: what cannot be watched is polled, and what is not there is waited for.
        """
        now = self._clock()
        for inbox in self._inboxes:
            self._refresh(inbox, now)

    def stop(self) -> None:
        """Watch nothing any longer and end the thread; may be called again."""
        for inbox in self._inboxes:
            self._let_go(inbox)
        self._stop_kernel()
        self._hints.close()

    def fileno(self) -> int:
        """File descriptor that is readable while there are hints."""
        return self._hints.fileno()

    def take(self) -> list[Hint]:
        """Take the hints that have gathered, each path once."""
        hints, flooded = self._hints.take()
        for inbox in self._inboxes:
            if inbox.path in flooded:
                inbox.scan_at = self._clock()
        return hints

    def folders(self) -> tuple[WatchedFolder, ...]:
        """Say how each inbox is watched, and why not better; the reason names the cure."""
        return tuple(WatchedFolder(inbox.path, inbox.how, inbox.reason) for inbox in self._inboxes)

    def tick(self, now: float | None = None) -> list[Path]:
        """See whether all is well; to be called about once a second.

        Notices inboxes that vanished, came back, were made anew or mounted over, lost events,
        limits that were reached, and a reading thread that died.

        Parameters
        ----------
        now
            On the clock; what the clock says when None.

        Returns
        -------
        list of Path
            The inboxes to be scanned from end to end now.
        """
        moment = self._clock() if now is None else now
        if self._kernel is not None and not self._kernel.is_alive():
            for inbox in self._inboxes:
                self._let_go(inbox)
            self._stop_kernel()
        for inbox in self._inboxes:
            self._refresh(inbox, moment)
        wanted = [
            inbox for inbox in self._inboxes if inbox.how != "missing" and inbox.scan_at <= moment
        ]
        for inbox in wanted:
            inbox.scan_at = moment + (self._rescan if inbox.how == "inotify" else self._poll)
        return [inbox.path for inbox in wanted]

    def scan_due(self) -> float:
        """Time on the clock when the next full scan is due, infinity when there is none."""
        times = [inbox.scan_at for inbox in self._inboxes if inbox.how != "missing"]
        return min(times, default=math.inf)

    def scanned(self, path: Path, took: float) -> None:
        """Take note of how long a scan took, so that slow ones are not made all the time.

        Parameters
        ----------
        path
            The inbox.
        took
            Seconds.
        """
        for inbox in self._inboxes:
            if inbox.path == path:
                inbox.scan_at = max(inbox.scan_at, self._clock() + REST * took)

    def _refresh(self, inbox: _Inbox, now: float) -> None:
        identity, problem = _identify(inbox.path)
        if identity is None:
            self._let_go(inbox)
            inbox.how, inbox.reason, inbox.identity = "missing", problem, None
            return
        tree = inbox.tree
        if identity != inbox.identity or (tree is not None and tree.lost):
            self._begin(inbox, identity, now)
        elif tree is not None and tree.error is not None:
            self._fall_back(inbox, tree.error, now)
        elif tree is not None and tree.overflowed:
            tree.overflowed = False
            self._fill_up(inbox, tree, now)
        elif inbox.how == "inotify" and tree is None:
            self._begin(inbox, identity, now)  # The thread had died.
        elif inbox.retry_at is not None and now >= inbox.retry_at:
            self._begin(inbox, identity, now)

    def _begin(self, inbox: _Inbox, identity: tuple[int, int], now: float) -> None:
        self._let_go(inbox)
        inbox.identity, inbox.scan_at, inbox.retry_at = identity, now, None
        inbox.reason = self._why_poll(inbox.path)
        if inbox.reason:
            inbox.how = "poll"
            return
        inbox.how = "inotify"
        try:
            tree = inbox.tree = self._tree(inbox.path)
        except OSError as exc:
            self._fall_back(inbox, exc, now)
        else:
            self._fill_up(inbox, tree, now)

    def _fill_up(self, inbox: _Inbox, tree: FolderTree, now: float) -> None:
        inbox.scan_at = now
        try:
            tree.open()
        except OSError as exc:
            self._fall_back(inbox, exc, now)

    def _fall_back(self, inbox: _Inbox, exc: OSError, now: float) -> None:
        self._let_go(inbox)
        inbox.how, inbox.reason = "poll", limit_reached(exc)
        inbox.scan_at, inbox.retry_at = now, now + RETRY

    def _let_go(self, inbox: _Inbox) -> None:
        if inbox.tree is not None:
            inbox.tree.close()
            inbox.tree = None

    def _why_poll(self, path: Path) -> str:
        if self._watch == "poll":
            return "The configuration says so."
        if self._watch == "inotify":
            return ""
        for mount in (self._mount(path), *mounts_below(path)):
            if needs_polling(mount.fstype):
                return (
                    f"{mount.point} is {mount.fstype}, where others can change files without an "
                    "event."
                )
        return ""

    def _tree(self, path: Path) -> FolderTree:
        if self._kernel is None:
            self._kernel = _start_kernel()

        def report(name: str, is_folder: bool) -> None:
            self._hints.put(path, name, is_folder)

        return FolderTree(self._kernel, path, self._rules, follow_links=self._follow, report=report)

    def _stop_kernel(self) -> None:
        if self._kernel is not None:
            self._kernel.stop()
            self._kernel.join()
            self._kernel = None


def _start_kernel() -> InotifyFD:
    # Were there too few, watchdog would lose one at every try.
    if not descriptors_left(NEEDED):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    kernel = InotifyFD()
    kernel.name = "inotify"
    try:
        kernel.start()
    except RuntimeError as exc:  # No more threads.
        raise OSError(errno.EAGAIN, str(exc)) from exc
    return kernel


def _identify(path: Path) -> tuple[tuple[int, int] | None, str]:
    """Tell one folder of this name from the next; or say why there is none."""
    try:
        found = path.stat()
        with os.scandir(path):
            pass
    except FileNotFoundError:
        return None, "It does not exist. Make it, or mount the drive that it is on."
    except NotADirectoryError:
        return None, "It is not a folder."
    except PermissionError:
        return None, "It cannot be read. Give this user permission to."
    except OSError as exc:
        return None, f"It cannot be read: {exc.strerror or exc}."
    return (found.st_dev, found.st_ino), ""
