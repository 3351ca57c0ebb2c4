"""The wheel: what is in it, and that its plain package names belong to nobody else."""

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import core
import models
import tui
from core.catalog.registry import find_model

TOP_LEVEL = ("core", "daemon", "models", "tui")


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_no_other_package_owns_our_names(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"minusone"}


def test_parts_are_installed_side_by_side() -> None:
    folders = {Path(str(part.__file__)).parent.parent for part in (core, models, tui)}
    assert len(folders) == 1


def test_built_in_model_comes_along_whole() -> None:
    entry = find_model("spleeter-2stems")
    entry.verify()
    assert entry.path.parent == Path(str(models.__file__)).parent
    assert entry.path.stat().st_size <= 30_000_000
    for name in ("MODEL_CARD.md", "LICENSE-spleeter", "manifest.toml"):
        assert (entry.path.parent / name).stat().st_size > 0
