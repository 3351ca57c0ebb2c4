"""Which options each benchmark gets when all of them run."""

from pathlib import Path

import pytest

from benchmarks.all import argument_parser, options


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder in which the reference implementation seems to be installed."""
    for name in ("venv/bin/spleeter", "models/2stems/model.index"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    return tmp_path


def _options(name: str, *arguments: str | Path) -> list[str]:
    return options(name, argument_parser().parse_args([str(word) for word in arguments]))


def test_reference_is_installed_by_the_first_that_needs_it(tmp_path: Path) -> None:
    found = _options("whole_program", "--reference", tmp_path)
    assert found == ["--reference", str(tmp_path)]
    assert _options("install_size", "--reference", tmp_path) == []
    assert _options("patch_time", "--reference", tmp_path) == []


def test_installed_reference_serves_the_others(installed: Path) -> None:
    where = ["--reference-venv", str(installed / "venv")]
    where += ["--reference-models", str(installed / "models")]
    assert _options("install_size", "--reference", installed) == where
    checkpoint = ["--checkpoint", str(installed / "models" / "2stems")]
    assert _options("patch_time", "--reference", installed) == checkpoint
    assert _options("whole_program", *where) == where


def test_quick_look_installs_nothing_but_uses_what_is_there(
    tmp_path: Path, installed: Path
) -> None:
    assert _options("whole_program", "--quick", "--reference", tmp_path / "none") == ["--quick"]
    found = _options("whole_program", "--quick", "--reference", installed)
    assert found[:2] == ["--quick", "--reference-venv"]


def test_reference_can_be_left_out(installed: Path) -> None:
    for name in ("whole_program", "install_size", "patch_time"):
        assert _options(name, "--no-reference", "--reference", installed) == []


def test_songs_and_results_are_handed_on(tmp_path: Path) -> None:
    found = _options("quality", "--songs", tmp_path / "s", "--results", tmp_path / "r")
    assert found == ["--results", str(tmp_path / "r"), str(tmp_path / "s")]
