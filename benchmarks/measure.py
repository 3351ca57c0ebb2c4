"""Measuring other processes: wall time, processor time, peak memory."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_LAUNCHER = Path(__file__).with_name("launch.py")
_SHOWN_LINES = 15


class RunFailed(Exception):  # noqa: N818  # reads as what happened
    """A measured command ended with an error; the text holds the end of its output."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took, its children included.

    Attributes
    ----------
    wall
        Seconds from start to end.
    cpu
        User and system seconds on all cores.
    peak_mib
        Largest resident memory of the largest process, MiB.
    """

    wall: float
    cpu: float
    peak_mib: float


def run_measured(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end.

    Parameters
    ----------
    command
        Program and arguments.
    environment
        Variables beside those of this process.

    Raises
    ------
    RunFailed
        It could not be started, or its exit code is not 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "output"
        launched = subprocess.run(
            [sys.executable, "-I", "-S", str(_LAUNCHER), str(log), *command],
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if launched.returncode:
            raise RunFailed(launched.stderr.strip().splitlines()[-1])
        result = json.loads(launched.stdout)
        if result["exit_code"]:
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:]
            raise RunFailed("\n".join([f"exit code {result['exit_code']}: {command[0]}", *said]))
    return Run(result["wall"], result["cpu"], result["peak"] / 1024)


def middle(runs: Sequence[Run]) -> Run:
    """Return the median of each figure; for the peak the largest."""
    return Run(
        median(run.wall for run in runs),
        median(run.cpu for run in runs),
        max(run.peak_mib for run in runs),
    )


def minusone_command(*arguments: str | Path) -> list[str]:
    """Return the command that runs the `minusone` of this Python installation."""
    script = Path(sys.executable).with_name("minusone")
    if script.exists():
        return [str(script), *map(str, arguments)]
    # Not installed, only importable: the same entry point.
    program = "from tui.cli import main; main()"
    return [sys.executable, "-c", program, *map(str, arguments)]
