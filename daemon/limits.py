"""Why inotify cannot be used, and the cure, in words."""

import errno
import os
import resource
from pathlib import Path

NEEDED = 4
"""File descriptors that an inotify instance and its thread take, and one to spare."""

_LIMITS = Path("/proc/sys/fs/inotify")
_ENOUGH = {"max_user_watches": 65536, "max_user_instances": 512}


def limit_reached(exc: OSError, limits: Path = _LIMITS) -> str:
    """Say what kept a folder from being watched and what to do about it.

    Parameters
    ----------
    exc
        What inotify answered.
    limits
        The kernel's settings.
    """
    if exc.errno == errno.ENOSPC:
        return _setting(limits, "max_user_watches")
    if exc.errno == errno.EMFILE:
        if descriptors_left(NEEDED):
            return _setting(limits, "max_user_instances")
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return (
            f"This process has as many files open as it may ({files}). "
            "Raise LimitNOFILE= in its service, or ulimit -n."
        )
    return f"inotify does not work here ({exc.strerror or exc})."


def _setting(limits: Path, name: str) -> str:
    try:
        value = int((limits / name).read_text())
    except (OSError, ValueError):
        value = 0
    setting = f"fs.inotify.{name}={max(value * 4, _ENOUGH[name])}"
    return (
        f"The kernel's limit fs.inotify.{name} ({value}) is reached. To raise it: "
        f"echo {setting} | sudo tee /etc/sysctl.d/60-minusone.conf && sudo sysctl -w {setting}"
    )


def descriptors_left(number: int) -> bool:
    """Tell whether this process may open so many more files."""
    opened: list[int] = []
    try:
        for _ in range(number):
            opened.append(os.open("/", os.O_PATH | os.O_CLOEXEC))  # noqa: PERF401 (closed below)
    except OSError:
        return False
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return True
