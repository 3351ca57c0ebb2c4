"""Keeps the process as small as what it uses.

glibc gives every thread a heap of its own and keeps freed blocks of megabytes in it. A program
whose threads pass such blocks around ends up with a fifth more memory than it needs.
"""

import ctypes
import sys

# From glibc's malloc.h.
_M_MMAP_THRESHOLD = -3
_M_TRIM_THRESHOLD = -1
_M_ARENA_MAX = -8

# Above this size a block is returned to the system when it is freed; below, returning it would
# cost more page faults than the memory is worth.
_LARGE = 3_000_000


def keep_heap_small() -> None:
    """Tune glibc's allocator for this process; does nothing on another C library.

    For programs, at their start: a library has no business with its host's allocator.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none, and does not need it.
        return
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_TRIM_THRESHOLD, 64 * _LARGE)
