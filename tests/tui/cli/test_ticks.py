"""Waking up again and again until somebody says stop."""

import os
import signal
import threading
import time

import pytest

from tui.cli.stop import Stopped
from tui.cli.ticks import ticks


def test_first_tick_comes_at_once_and_the_others_after_the_pause() -> None:
    begun = time.monotonic()
    rounds = ticks(0.2)
    next(rounds)
    first = time.monotonic() - begun
    next(rounds)
    next(rounds)
    rounds.close()
    assert first < 0.2
    assert time.monotonic() - begun >= 0.4


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_signal_between_two_ticks_waits_for_the_end_of_the_round(
    number: signal.Signals, code: int
) -> None:
    rounds = ticks(60.0)
    next(rounds)
    os.kill(os.getpid(), number)
    work_is_done = True  # Nothing interrupted this thread.
    with pytest.raises(Stopped) as caught:
        next(rounds)
    assert work_is_done
    assert caught.value.exit_code == code


def test_signal_ends_the_pause() -> None:
    rounds = ticks(60.0)
    next(rounds)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
    begun = time.monotonic()
    with pytest.raises(Stopped):
        next(rounds)
    assert time.monotonic() - begun < 30


def test_signals_work_as_before_afterwards() -> None:
    rounds = ticks(60.0)
    next(rounds)
    assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    rounds.close()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_ignored_signals_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        rounds = ticks(0.01)
        next(rounds)
        os.kill(os.getpid(), signal.SIGHUP)
        next(rounds)
        rounds.close()
    finally:
        signal.signal(signal.SIGHUP, before)
