"""The child process that touches audio: it probes songs and separates them, one at a time.

A native crash or an out-of-memory kill ends this process and costs one attempt, not the daemon;
when it ends after a while without work, its memory really goes back to the system.
"""

import argparse
import contextlib
import ctypes
import faulthandler
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

from core.errors import MinusoneError
from core.heap import keep_heap_small
from core.transient import is_transient_error
from daemon import messages
from daemon.priority import lower_priority

_PR_SET_PDEATHSIG = 1


class _Mail:
    """Requests from the daemon, read beside the work so that a cancellation is seen at once."""

    def __init__(self, source: BinaryIO) -> None:
        self.requests: queue.SimpleQueue[messages.Request | None] = queue.SimpleQueue()
        self.closed = False
        self.cancelled: set[int] = set()
        self._source = source
        # A daemon thread: it sits in a read that only the other process can end.
        threading.Thread(target=self._read, name="mail", daemon=True).start()

    def _read(self) -> None:
        for line in self._source:
            request = messages.decode_request(line)
            if isinstance(request, messages.Cancel):
                self.cancelled.add(request.job)
            else:
                if isinstance(request, messages.Separate):
                    # Cancelled once, but somebody wants it after all.
                    self.cancelled.discard(request.job)
                self.requests.put(request)
        self.closed = True
        self.requests.put(None)


_Asked = TypeVar("_Asked", messages.Probe, messages.Separate)


class Abandoned(Exception):  # noqa: N818 (not an error: somebody asked for it)
    """The job was cancelled, or the daemon wants this process to end."""

    def __init__(self, job: int) -> None:
        super().__init__(job)
        self.job = job


class Worker:
    """Answers requests until the daemon closes the pipe.

    Parameters
    ----------
    requests, replies
        The two pipes.
    """

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._mail = _Mail(requests)
        self._replies = replies

    def run(self) -> None:
        """Work until there is no more mail."""
        # Before there is anything to do: most of what a first song would wait for.
        import core.probe  # noqa: F401

        # Deferred until the first separation: probing songs needs no model runtime.
        separating = None
        while (request := self._mail.requests.get()) is not None:
            if isinstance(request, messages.Probe):
                self._answer(self._probe, request)
            elif isinstance(request, messages.Separate):
                if separating is None:
                    from daemon.separating import Separating

                    separating = Separating(self._check, self._send)
                self._answer(separating.separate, request)
        if separating is not None:
            separating.close()

    def _probe(self, request: messages.Probe) -> messages.Reply:
        from core.probe import probe_song

        return messages.Probed(probe_song(Path(request.path)))

    def _check(self, job: int) -> None:
        if self._mail.closed or job in self._mail.cancelled:
            raise Abandoned(job)

    def _answer(self, work: Callable[[_Asked], messages.Reply], request: _Asked) -> None:
        job = request.job if isinstance(request, messages.Separate) else None
        try:
            reply = work(request)
        except Abandoned as abandoned:
            reply = messages.Stopped(abandoned.job)
        except MinusoneError as error:
            reply = messages.Failed(
                type(error).__name__, error.title, error.detail, is_transient_error(error), job
            )
        except MemoryError:
            reply = messages.Failed(
                "MemoryError",
                "There was not enough memory for this song.",
                "Close something, or set threads = 1 and workers = 1 in the configuration.",
                True,
                job,
            )
        except Exception as error:
            # The end of a job: a mistake of this program must not look like one of the song.
            sys.excepthook(type(error), error, error.__traceback__)
            reply = messages.Failed(
                type(error).__name__,
                f"Something went wrong that should not: {type(error).__name__}: {error}.",
                "The daemon's log has the details; please report them.",
                is_transient_error(error),
                job,
            )
        self._send(reply)

    def _send(self, reply: messages.Reply) -> None:
        self._replies.write(messages.encode(reply))
        self._replies.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a worker; the daemon is at the other end of standard input and output."""
    parser = argparse.ArgumentParser(prog="python -m daemon.worker", description=__doc__)
    parser.add_argument("--parent", type=int, required=True, help="process that must be alive")
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("--io-priority", default="normal")
    options = parser.parse_args(arguments)
    _die_with(options.parent)
    _stay_out_of_the_way()
    lower_priority(options.nice, options.io_priority)
    faulthandler.enable()
    keep_heap_small()
    with _private_output() as replies:
        Worker(sys.stdin.buffer, replies).run()
    return 0


def _die_with(parent: int) -> None:
    """Have the kernel end this process with the daemon, so that no song is worked on twice."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # It ended before the line above.
        os._exit(1)


def _stay_out_of_the_way() -> None:
    # Ctrl-C in a terminal reaches the whole process group: the daemon decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Should memory run out, this is the process to end.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _private_output() -> BinaryIO:
    """Keep the pipe for replies; whatever native libraries print goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


if __name__ == "__main__":
    sys.exit(main())
