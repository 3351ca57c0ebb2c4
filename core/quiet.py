"""Keeps native libraries from writing over the terminal.

LiteRT and Vulkan drivers print straight to file descriptors 1 and 2, past Python: such a line tears
up a progress display, clutters a service's log, and breaks a stream of JSON.
"""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

# The descriptors belong to the whole process: two threads must not divert them at once.
_DIVERT = threading.RLock()

# How TensorFlow's, LiteRT's, Abseil's and Vulkan's loggers begin a line, and LiteRT's second one.
_NATIVE_LINE = re.compile(
    rb"^(?:(?:INFO|WARNING|ERROR|VERBOSE): |error: XDG_|[IWEF]\d{4} \d\d:|\xe2\x94\x94 )[^\n]*\n?",
    re.MULTILINE,
)


@contextmanager
def native_output_captured() -> Iterator[list[str]]:
    """Hold back what is written to file descriptors 1 and 2 inside the block.

    What other threads print meanwhile goes through the same descriptors: all but the native
    libraries' log lines is passed on when the block ends.

    Yields
    ------
    list of str
        Filled with the native lines when the block ends.
    """
    lines: list[str] = []
    with _DIVERT:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
        with ExitStack() as restore:
            for descriptor in (1, 2):
                _divert(descriptor, lines, restore)
            yield lines


def _divert(descriptor: int, lines: list[str], restore: ExitStack) -> None:
    try:
        kept = os.dup(descriptor)
    except OSError:  # A service may run without it: nothing to divert.
        return
    file = restore.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (entered at once)
    restore.callback(_restore, descriptor, kept, file, lines)
    os.dup2(file.fileno(), descriptor)


def _restore(descriptor: int, kept: int, file: IO[bytes], lines: list[str]) -> None:
    os.dup2(kept, descriptor)
    os.close(kept)
    file.seek(0)
    written = file.read()
    native = _NATIVE_LINE.findall(written)
    lines += [line.decode("utf-8", "replace").rstrip() for line in native]
    rest = _NATIVE_LINE.sub(b"", written)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
