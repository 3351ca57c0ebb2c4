"""The benchmarks are no part of the installed package: tests find them in the source tree."""

import sys
from pathlib import Path

import pytest

# At the end: where minusone is installed, the installed one is tested.
sys.path.append(str(Path(__file__).parents[2]))


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What this user has installed or measured must not change what a test sees.
    monkeypatch.setenv("MINUSONE_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("MINUSONE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MINUSONE_CHECKPOINT", raising=False)
