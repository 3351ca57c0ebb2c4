"""Ctrl-C and `kill`: stop between two pieces of a song, so that nothing half-written stays."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """The person, or the system, asked the program to stop.

    Parameters
    ----------
    signum
        The signal that asked for it.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that ended by this signal: 130 for Ctrl-C."""
        return 128 + self.signum


class StopSignals:
    """While entered, the first signal asks for a stop and the second one interrupts at once.

    An interrupt at an arbitrary instruction may fall between two renames and leave one stem
    of two. `check` is therefore called from the progress callback, where the engine is
    between two pieces; the impatient second signal does not wait for it.

    Signals that were ignored at the start (`nohup`) stay ignored.
    """

    def __init__(self) -> None:
        self._requested: int | None = None
        self._urgent = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for signum in _SIGNALS:
                before = signal.getsignal(signum)
                if before is not signal.SIG_IGN:
                    self._before[signum] = before
                    signal.signal(signum, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for signum, before in self._before.items():
            signal.signal(signum, before)
        self._before.clear()

    @property
    def requested(self) -> bool:
        """Whether a stop has been asked for."""
        return self._requested is not None

    @property
    def urgent(self) -> bool:
        """Whether it was asked for twice: work may have been cut off anywhere."""
        return self._urgent

    def check(self) -> None:
        """Stop here if a stop has been asked for.

        Raises
        ------
        Stopped
            A signal arrived since this object was entered.
        """
        if self._requested is not None:
            raise Stopped(self._requested)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if self._requested is not None:
            self._urgent = True
            raise Stopped(self._requested)
        self._requested = signum
