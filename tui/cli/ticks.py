"""Waking up once in a while until a signal says that it is enough."""

import signal
import time
from collections.abc import Iterator
from types import FrameType

from tui.cli.stop import Stopped

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ticks(seconds: float) -> Iterator[None]:
    """Yield at once, and again every so many seconds; to be used by the main thread.

    A signal that comes while the caller works between two ticks is kept until it has ended its
    round, so that its output is whole. Signals that were ignored at the start (`nohup`) stay so.

    Parameters
    ----------
    seconds
        Time between the end of one round and the next tick.

    Raises
    ------
    Stopped
        Ctrl-C, or another signal that ends programs.
    """
    caught: int | None = None
    asleep = False

    def handle(signum: int, frame: FrameType | None) -> None:
        nonlocal caught
        caught = signum
        if asleep:
            raise Stopped(signum)

    before = {
        number: signal.signal(number, handle)
        for number in _SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        while True:
            yield
            if caught is None:
                asleep = True
                time.sleep(seconds)
                asleep = False
            if caught is not None:
                raise Stopped(caught)
    finally:
        asleep = False
        for number, handler in before.items():
            signal.signal(number, handler)
