"""Signals ask first and interrupt second."""

import os
import signal

import pytest

from tui.cli.stop import Stopped, StopSignals


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_first_signal_waits_for_a_check_and_second_does_not(signum: signal.Signals) -> None:
    with StopSignals() as stop:
        stop.check()
        os.kill(os.getpid(), signum)
        assert stop.requested
        with pytest.raises(Stopped) as asked:
            stop.check()
        with pytest.raises(Stopped):
            os.kill(os.getpid(), signum)
    assert asked.value.exit_code == 128 + signum


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopSignals():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_signal_that_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.requested
    finally:
        signal.signal(signal.SIGHUP, before)
