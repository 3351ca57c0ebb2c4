"""`minusone doctor`: findings for people and for programs, and an exit code for scripts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Invoke = Callable[..., Result]


def test_every_finding_is_a_line_with_its_status(invoke: Invoke) -> None:
    shown = invoke("doctor").stdout.splitlines()
    findings = json.loads(invoke("doctor", "--json").stdout)
    lines = [line for line in shown if not line.startswith(" ")]
    assert len(lines) == len(findings) > 3
    for line, finding in zip(lines, findings, strict=True):
        assert line.startswith(f"{finding['status']:<7}  {finding['topic']}")
    fixes = [line for line in shown if line.startswith(" ")]
    assert len(fixes) == sum(bool(finding["fix"]) for finding in findings)


def test_exit_code_tells_scripts_of_a_problem(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "models" / "broken"
    broken.mkdir(parents=True)
    (broken / "manifest.toml").write_text("schema = [")
    monkeypatch.setenv("MINUSONE_MODELS_DIR", str(broken.parent))
    result = invoke("doctor", "--json")
    findings = json.loads(result.stdout)
    assert result.exit_code == 1
    assert any(f["status"] == "problem" and "broken" in f["text"] for f in findings)
