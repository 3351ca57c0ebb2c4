"""Keeps native libraries from writing over the terminal.

LiteRT and Vulkan drivers print straight to file descriptor 2, past Python's logging: such a line
tears up a progress display and clutters a service's log.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# File descriptor 2 belongs to the whole process: two threads must not divert it at once.
_DIVERT = threading.Lock()


@contextmanager
def native_stderr_captured() -> Iterator[list[str]]:
    """Divert what is written to file descriptor 2 inside the block.

    Yields
    ------
    list of str
        Filled with the captured lines when the block ends, so that an error can quote them.
    """
    lines: list[str] = []
    with _DIVERT:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:  # A service may run without descriptor 2: nothing to divert.
            yield lines
            return
        try:
            with tempfile.TemporaryFile() as file:
                os.dup2(file.fileno(), 2)
                try:
                    yield lines
                finally:
                    os.dup2(kept, 2)
                    file.seek(0)
                    lines += file.read().decode("utf-8", "replace").splitlines()
        finally:
            os.close(kept)
