"""Measuring a process: its own memory, the time of all its children, its errors."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.measure import Run, RunFailed, middle, minusone_command, run_measured


def _python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_memory_is_that_of_the_program_and_not_of_who_starts_it() -> None:
    here = np.ones(60 << 20, np.uint8)
    small = run_measured(_python("pass"))
    large = run_measured(_python("block = b'x' * (80 << 20)"))
    assert small.peak_mib < 40
    assert 80 < large.peak_mib < 130
    assert here.all()


def test_processor_time_includes_other_processes_that_it_starts() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    run = run_measured(
        _python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])")
    )
    assert run.cpu >= 0.3
    assert run.wall >= 0.3


def test_variables_reach_the_program() -> None:
    program = "import os, sys; sys.exit(os.environ['GREETING'] != 'hello')"
    assert run_measured(_python(program), {"GREETING": "hello"}).wall > 0


def test_failure_quotes_the_end_of_the_output() -> None:
    with pytest.raises(RunFailed, match=r"(?s)exit code 3.*no such song"):
        run_measured(_python("import sys; print('no such song', file=sys.stderr); sys.exit(3)"))


def test_program_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="No such file"):
        run_measured([str(tmp_path / "nothing")])


def test_middle_takes_medians_and_the_largest_peak() -> None:
    runs = [Run(1.0, 9.0, 50.0), Run(3.0, 2.0, 70.0), Run(2.0, 4.0, 60.0)]
    assert middle(runs) == Run(2.0, 4.0, 70.0)


def test_command_is_this_installations_minusone() -> None:
    assert run_measured(minusone_command("--version")).wall > 0
