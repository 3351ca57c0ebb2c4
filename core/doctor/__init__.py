"""Whether this machine has what the program needs, in plain words and with a cure for what not.

Every check is a small function without arguments that need to be given; what it looks at can be
pointed elsewhere. A check that itself fails becomes a finding: a doctor does not faint.
"""

from core.doctor.finding import Check, Finding, Status
from core.doctor.graphics import check_gpu, check_render_nodes
from core.doctor.machine import (
    check_cpu,
    check_disks,
    check_inotify,
    check_memory,
    check_packages,
    check_python,
)
from core.doctor.service import check_configuration, check_daemon, check_library
from core.doctor.software import check_ffmpeg, check_models, check_runtime, check_sound_files

__all__ = ["CHECKS", "Check", "Finding", "Status", "examine", "run_check"]


def examine() -> list[Finding]:
    """Run every check.

    Returns
    -------
    list of Finding
        At least one per check, in the order of a walk from the interpreter to the disks.
    """
    return [finding for topic, check in CHECKS for finding in run_check(topic, check)]


def run_check(topic: str, check: Check) -> list[Finding]:
    """Run one check; its own failure is a finding, too."""
    try:
        return list(check())
    except Exception as exc:
        return [
            Finding(
                topic,
                Status.PROBLEM,
                f"This check itself failed: {type(exc).__name__}: {exc}",
                "The rest of the program may still work; please report this.",
            )
        ]


CHECKS: tuple[tuple[str, Check], ...] = (
    ("Python", check_python),
    ("Packages", check_packages),
    ("Runtime", check_runtime),
    ("Models", check_models),
    ("Sound files", check_sound_files),
    ("FFmpeg", check_ffmpeg),
    ("GPU", check_gpu),
    ("GPU access", check_render_nodes),
    ("CPU", check_cpu),
    ("Memory", check_memory),
    ("Disk", check_disks),
    ("Watching", check_inotify),
    ("Configuration", check_configuration),
    ("Library", check_library),
    ("Daemon", check_daemon),
)
