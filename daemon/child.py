"""One worker process, as the daemon sees it: lines in, lines out, and an end."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from daemon.messages import Reply, Request, decode_reply, encode

# What a reply can never reach; more without a line's end is a broken worker.
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Politeness:
    """How workers share the machine; see `daemon.priority`."""

    nice: int
    io_priority: str


class Child:
    """A worker process and the request that it is busy with.

    Parameters
    ----------
    politeness
        Its priorities.
    now
        Monotonic seconds.

    Attributes
    ----------
    request
        What it is doing; None when idle.
    heard_at
        When it last said something or was given something, monotonic seconds.
    """

    def __init__(self, politeness: Politeness, now: float) -> None:
        environ = {
            name: value
            for name, value in os.environ.items()
            # Notifications are the daemon's to send.
            if name not in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
        }
        self._process = subprocess.Popen(
            # -P: the current folder must not decide which `daemon` package is run.
            [
                *(sys.executable, "-P", "-m", "daemon.worker"),
                *("--parent", str(os.getpid())),
                *("--nice", str(politeness.nice), "--io-priority", politeness.io_priority),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            # Ctrl-C belongs to the daemon, which asks its workers to stop.
            process_group=0,
        )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._rest = b""
        self.request: Request | None = None
        self.heard_at = now

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def fileno(self) -> int:
        """Descriptor that becomes readable when the worker says something or ends."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def send(self, request: Request, now: float) -> None:
        """Give it something to do, or tell it to stop that.

        A worker that has died meanwhile is noticed at its other pipe, not here.
        """
        assert self._process.stdin is not None
        self.heard_at = now
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(encode(request))
            self._process.stdin.flush()

    def replies(self, now: float) -> Iterator[Reply | None]:
        """Yield what it has said; a last None when it has ended."""
        while True:
            try:
                data = os.read(self.fileno(), 1 << 16)
            except BlockingIOError:
                return
            if not data:
                yield None
                return
            self.heard_at = now
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                try:
                    yield decode_reply(line)
                except (ValueError, KeyError, TypeError):
                    self.kill()  # Its memory is damaged; its end is dealt with as a death.
                    return
            if len(self._rest) > _LONGEST_LINE:
                self.kill()
                return

    def close(self) -> None:
        """Let it end when it has finished, or give up, what it does."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def bury(self) -> str:
        """Wait for the end of a process that has closed its pipe, or was killed; say how it ended.

        Returns
        -------
        str
            Such as ``"killed by signal 11 (Segmentation fault)"``.
        """
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self.close()
        assert self._process.stdout is not None
        self._process.stdout.close()
        if code >= 0:
            return f"ended with exit code {code}"
        name = signal.strsignal(-code) or "unknown"
        hint = "; was memory short?" if -code == signal.SIGKILL else ""
        return f"killed by signal {-code} ({name}{hint})"
