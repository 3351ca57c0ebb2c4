"""How politely a worker uses the machine."""

import contextlib
import ctypes
import os
import platform

# ioprio_set(2) has no wrapper in the C library.
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
_WHO_PROCESS = 1
_CLASS_SHIFT = 13
_BEST_EFFORT, _IDLE = 2, 3
_PRIORITIES = {"idle": _IDLE << _CLASS_SHIFT, "low": _BEST_EFFORT << _CLASS_SHIFT | 7}


def lower_priority(nice: int, io_priority: str) -> None:
    """Lower this process's share of the processor and of the disks.

    Parameters
    ----------
    nice
        0 to 19; higher gives way more.
    io_priority
        "normal", "low" (last among equals) or "idle" (only when nobody else wants the disk).
    """
    with contextlib.suppress(OSError):  # Not allowed in some containers: only politeness is lost.
        os.setpriority(os.PRIO_PROCESS, 0, max(nice, os.getpriority(os.PRIO_PROCESS, 0)))
    number = _IOPRIO_SET.get(platform.machine())
    if number is not None and io_priority in _PRIORITIES:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).syscall(number, _WHO_PROCESS, 0, _PRIORITIES[io_priority])
