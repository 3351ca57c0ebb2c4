"""The whole daemon: every part is made here, started in order, and stopped in reverse."""

import contextlib
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from core.audio.filenames import display_path
from core.config import Settings
from core.errors import ConfigError, StoreError
from core.store.database import open_database
from core.store.lock import DatabaseLock
from daemon.log import Log
from daemon.running import TURN, Running
from daemon.sdnotify import Notifier

# How long another program that writes is waited for, seconds. The loop stands still meanwhile.
_PATIENCE = 5.0


class Service:
    """Runs until it is told to stop.

    Parameters
    ----------
    settings
        What the configuration says.
    reload
        Reads it again.
    log
        Where events go.
    notifier
        Tells systemd.
    once
        End when the inboxes and the queue are empty.
    """

    def __init__(
        self,
        settings: Settings,
        reload: Callable[[], Settings],
        log: Log,
        notifier: Notifier,
        *,
        once: bool = False,
    ) -> None:
        self._settings = settings
        self._reload = reload
        self._log = log
        self._notifier = notifier
        self._once = once
        self._stop_requested = False
        self._reload_requested = False

    def run(self) -> None:
        """Do everything.

        Raises
        ------
        MinusoneError
            It could not start: the database, its lock, or the library.
        """
        with contextlib.ExitStack() as stack:
            selector = stack.enter_context(selectors.DefaultSelector())
            wake = stack.enter_context(self._signals(selector))
            path = self._settings.database
            make_folder(path)
            stack.enter_context(DatabaseLock(path))
            db = stack.enter_context(open_database(path, patience=_PATIENCE))
            self._log.keep_in(db)
            stack.callback(self._log.keep_in, None)
            running = Running(self._settings, db, self._log, self._notifier, selector, wake)
            stack.callback(running.end)
            running.start()
            self._loop(running, selector)
            self._notifier.stopping("finishing the songs that are being separated")
            self._finish(running, selector)

    def _loop(self, running: Running, selector: selectors.BaseSelector) -> None:
        while not self._stop_requested:
            for key, _ in selector.select(running.timeout()):
                running.hear(key.data)
            running.turn()
            if self._reload_requested:
                self._reload_requested = False
                self._reload_settings(running)
            if self._once and running.settled():
                return

    def _finish(self, running: Running, selector: selectors.BaseSelector) -> None:
        """Give running jobs their grace time; a second signal ends it."""
        self._stop_requested = False
        deadline = time.monotonic() + self._settings.jobs.grace
        while not running.finish() and not self._stop_requested:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            for key, _ in selector.select(min(left, TURN)):
                running.hear(key.data)

    def _reload_settings(self, running: Running) -> None:
        self._notifier.reloading()
        try:
            settings = self._reload()
            running.adopt(settings)
            self._settings = running.settings
            self._log.info("the configuration was read again")
        except ConfigError as error:
            self._log.error(f"The configuration stays as it was. {error}")
        except StoreError as error:
            self._settings = running.settings
            self._log.error(error)
        self._notifier.ready("watching")

    @contextlib.contextmanager
    def _signals(self, selector: selectors.BaseSelector) -> Iterator[Callable[[], None]]:
        """Turn signals into flags; yields what wakes the loop from another thread."""
        ours, theirs = socket.socketpair()
        before = {}
        with ours, theirs:
            ours.setblocking(False)
            theirs.setblocking(False)
            selector.register(ours, selectors.EVENT_READ, lambda now: _drain(ours))
            old_wakeup = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
            try:
                for signum in (signal.SIGTERM, signal.SIGINT):
                    before[signum] = signal.signal(signum, self._on_stop)
                before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._on_reload)
                yield lambda: _wake(theirs)
            finally:
                for signum, handler in before.items():
                    signal.signal(signum, handler)
                signal.set_wakeup_fd(old_wakeup)
                selector.unregister(ours)

    def _on_stop(self, signum: int, frame: FrameType | None) -> None:
        self._stop_requested = True

    def _on_reload(self, signum: int, frame: FrameType | None) -> None:
        self._reload_requested = True


def make_folder(database: Path) -> None:
    """Make the database's folder.

    Raises
    ------
    StoreError
        It cannot be made.
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreError(
            f"The folder {display_path(database.parent)} cannot be made ({exc.strerror}).",
            "Name another place for the database in the configuration.",
        ) from exc


def _wake(pipe: socket.socket) -> None:
    # Full: the loop is about to wake anyway.
    with contextlib.suppress(BlockingIOError):
        pipe.send(b"\0")


def _drain(pipe: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while pipe.recv(256):
            pass
