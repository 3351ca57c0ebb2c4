"""Tells systemd how the daemon is: ready, alive, reloading, stopping.

The protocol is one datagram of `NAME=value` lines to a Unix socket whose address is in
`NOTIFY_SOCKET`; see sd_notify(3). Without that variable (started by hand, another supervisor)
every call does nothing.
"""

import os
import socket
import time
from collections.abc import Mapping, MutableMapping
from contextlib import suppress

# systemd reads at most 4096 bytes of a message and ignores a longer one altogether, and with it
# the READY that stood beside the text.
_TEXT_BYTES = 1024
# A service manager that does not read must not hold up the daemon for longer than this.
_SEND_SECONDS = 2.0


class Notifier:
    """Sends messages to the service manager; never raises for a manager that is not there.

    A message that does not arrive is no reason to stop separating songs: every method returns
    False then, and also when there is nobody to tell.

    Parameters
    ----------
    address
        As in `NOTIFY_SOCKET`: a path, or a name beginning with ``@`` in the abstract namespace.
        None, empty or of another kind: nothing is ever sent.
    interval
        Seconds between two calls of `alive` that the manager wants; None: it does not watch.

    Attributes
    ----------
    interval
        As passed in.
    """

    def __init__(self, address: str | None, interval: float | None = None) -> None:
        self.interval = interval
        self._address = _socket_address(address)

    @property
    def listened_to(self) -> bool:
        """Whether there is anybody to tell."""
        return self._address is not None

    def ready(self, status: str = "") -> bool:
        """Say that the start, or the reload announced by `reloading`, is complete."""
        return self._send("READY=1", *_status_line(status))

    def status(self, text: str) -> bool:
        """Set the line that `systemctl status` shows; control characters become spaces."""
        return self._send(f"STATUS={_one_line(text)}")

    def alive(self) -> bool:
        """Push the moment away at which the watchdog would kill this process."""
        return self._send("WATCHDOG=1")

    def reloading(self) -> bool:
        """Say that the configuration is being read again; `ready` must follow."""
        # The time lets the manager tell this reload's READY from an earlier one.
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        return self._send("RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self, status: str = "") -> bool:
        """Say that the shutdown has begun."""
        return self._send("STOPPING=1", *_status_line(status))

    def extend_timeout(self, seconds: float) -> bool:
        """Ask for that many more seconds, from now, for the start or stop that is going on."""
        return self._send(f"EXTEND_TIMEOUT_USEC={max(0, round(seconds * 1e6))}")

    def failed(self, status: str, errno: int = 0) -> bool:
        """Say why the daemon is about to exit; `errno` of the operating system, 0 if none."""
        number = (f"ERRNO={errno}",) if errno > 0 else ()
        return self._send(*_status_line(status), *number)

    def _send(self, *lines: str) -> bool:
        if self._address is None or not lines:
            return False
        message = "\n".join(lines).encode("utf-8", errors="backslashreplace")
        # A socket for each message: nothing to close, to inherit or to find broken.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(_SEND_SECONDS)
            sender.connect(self._address)
            return sender.send(message) == len(message)
        return False


def take_notifier(environ: MutableMapping[str, str] = os.environ) -> Notifier:
    """Make the notifier that the environment asks for, and remove its variables.

    Children then inherit none of them: a worker must not speak for the daemon, nor may a program
    that it starts believe that it is watched.
    """
    interval = watchdog_interval(environ)
    address = environ.pop("NOTIFY_SOCKET", None)
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        environ.pop(name, None)
    return Notifier(address, interval)


def watchdog_interval(environ: Mapping[str, str] = os.environ) -> float | None:
    """How often the manager wants to hear that this process lives.

    Returns
    -------
    float or None
        Seconds, half of the time after which it would kill: one message may be late. None when
        it does not watch, or watches another process.
    """
    try:
        limit = int(environ.get("WATCHDOG_USEC", ""))
        watched = int(environ.get("WATCHDOG_PID", os.getpid()))
    except ValueError:
        return None
    return limit / 2e6 if limit > 0 and watched == os.getpid() else None


def _socket_address(text: str | None) -> bytes | None:
    if not text or text[0] not in "/@" or len(text) == 1:
        return None
    raw = os.fsencode(text)
    return b"\0" + raw[1:] if text[0] == "@" else raw


def _status_line(text: str) -> tuple[str, ...]:
    return (f"STATUS={_one_line(text)}",) if text else ()


def _one_line(text: str) -> str:
    # A song may be called "x\nREADY=1", and a status that is not UTF-8 is ignored.
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.encode("utf-8", "replace")[:_TEXT_BYTES].decode("utf-8", "ignore")
