"""The description of the machine, and where results go."""

import json
import os
from pathlib import Path

import pytest

from benchmarks.machine import describe_machine
from benchmarks.report import publish


def test_machine_is_described() -> None:
    machine = describe_machine()
    assert machine.cores == len(os.sched_getaffinity(0))
    assert machine.memory_gib > 0.2
    assert machine.cpu
    assert machine.litert in machine.sentence()


def test_results_are_printed_and_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = publish(
        "speed",
        describe_machine(),
        ["what", "s"],
        [["all", "1.0"]],
        {"seconds": 1.04},
        notes=["A note."],
        folder=tmp_path / "new",
    )
    shown = capsys.readouterr().out
    assert "| all  | 1.0 |" in shown
    assert "A note." in shown
    record = json.loads(path.read_text())
    assert record["seconds"] == 1.04
    assert record["notes"] == ["A note."]
    assert record["machine"]["cores"] >= 1
