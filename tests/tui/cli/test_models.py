"""`minusone models`: list and verify; installing is tested in earnest with the catalog."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from core.catalog.registry import bundled_manifest

Invoke = Callable[..., Result]


@pytest.fixture
def second_model(tmp_path: Path) -> Path:
    """Install a copy of the built-in model as `other`."""
    folder = tmp_path / "models" / "other"
    folder.mkdir(parents=True)
    manifest = bundled_manifest()
    shutil.copy(manifest.parent / "spleeter-2stems.tflite", folder)
    text = manifest.read_text(encoding="utf-8")
    (folder / "manifest.toml").write_text(
        text.replace('name = "spleeter-2stems"', 'name = "other"', 1), encoding="utf-8"
    )
    return folder / "spleeter-2stems.tflite"


def test_list_shows_what_there_is(invoke: Invoke, second_model: Path) -> None:
    result = invoke("models", "list")
    assert result.exit_code == 0
    built_in, installed = result.stdout.split("\n\n")
    assert built_in.startswith("spleeter-2stems: ")
    assert installed.startswith("other: ")
    assert "built-in" in built_in
    assert f"installed, {second_model}" in installed
    for paragraph in (built_in, installed):
        for expected in ("vocals, accompaniment", " MB", "MIT", "Deezer"):
            assert expected in paragraph


def test_list_for_programs(invoke: Invoke, second_model: Path) -> None:
    first, second = json.loads(invoke("models", "list", "--json").stdout)
    assert first["name"] == "spleeter-2stems"
    assert first["stems"] == ["vocals", "accompaniment"]
    assert first["bytes"] == Path(first["path"]).stat().st_size
    assert (first["source"], second["source"]) == ("built-in", "installed")
    assert second["path"] == str(second_model)


def test_broken_manifest_is_reported_beside_the_others(invoke: Invoke, second_model: Path) -> None:
    second_model.with_name("manifest.toml").write_text("schema = [")
    shown = invoke("models", "list")
    assert shown.exit_code == 1
    assert shown.stdout.startswith("spleeter-2stems: ")
    assert "manifest.toml" in shown.stderr
    broken = json.loads(invoke("models", "list", "--json").stdout)[1]
    assert broken["name"] == "other"
    assert "manifest.toml" in broken["error"]["title"]


def test_verify_finds_the_damaged_file_and_names_the_fix(
    invoke: Invoke, second_model: Path
) -> None:
    assert invoke("models", "verify").stdout == "spleeter-2stems: whole\nother: whole\n"
    with second_model.open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    result = invoke("models", "verify")
    assert result.exit_code == 1
    assert result.stdout == "spleeter-2stems: whole\n"
    assert str(second_model) in result.stderr
    assert "minusone models install other" in result.stderr
    assert invoke("models", "verify", "spleeter-2stems").exit_code == 0
    good, bad = json.loads(invoke("models", "verify", "--json").stdout)
    assert (good["whole"], bad["whole"]) == (True, False)


def test_verify_of_an_unknown_model_is_an_error(invoke: Invoke) -> None:
    result = invoke("models", "verify", "spleeter-9stems", "spleeter-2stems")
    assert result.exit_code == 1
    assert "spleeter-9stems" in result.stderr
    assert result.stdout == "spleeter-2stems: whole\n"


def test_install_refuses_what_it_does_not_know(invoke: Invoke) -> None:
    result = invoke("models", "install", "spleeter-9stems")
    assert result.exit_code == 1
    assert "spleeter-4stems" in result.stderr


def test_install_from_an_archive_makes_the_model_usable(invoke: Invoke, archive: Path) -> None:
    result = invoke("models", "install", "spleeter-4stems", "--from", archive)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "Checking ...",
        "Unpacking ...",
        "Converting ...",
        "Registering ...",
    ]
    assert "vocals, drums, bass, other" in result.stdout
    assert json.loads(invoke("models", "list", "--json").stdout)[1]["name"] == "spleeter-4stems"


def test_install_quietly(invoke: Invoke, archive: Path) -> None:
    result = invoke("models", "install", "spleeter-4stems", "--from", archive, "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_install_from_an_archive_that_is_not_the_published_one(
    invoke: Invoke, archive: Path
) -> None:
    archive.with_name("checksum.json").unlink()
    result = invoke("models", "install", "spleeter-4stems", "--from", archive)
    assert result.exit_code == 1
    assert "Checking ..." in result.stderr
    assert "checksum" in result.stderr
    assert json.loads(invoke("models", "list", "--json").stdout)[1:] == []


def test_install_from_a_file_that_is_not_there_is_a_usage_error(
    invoke: Invoke, tmp_path: Path
) -> None:
    result = invoke("models", "install", "spleeter-4stems", "--from", tmp_path / "gone.tar.gz")
    assert result.exit_code == 2


def test_build_makes_the_same_bytes_again_and_says_how_to_use_them(
    invoke: Invoke, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke("models", "build", checkpoint)
    assert result.exit_code == 0
    place = tmp_path / "models" / "spleeter-4stems"
    assert f"--output {place}" in result.stdout
    assert invoke("models", "build", checkpoint, "-o", place).exit_code == 0
    first = Path("spleeter-4stems/spleeter-4stems.tflite").read_bytes()
    assert (place / "spleeter-4stems.tflite").read_bytes() == first
    assert invoke("models", "verify", "spleeter-4stems").stdout == "spleeter-4stems: whole\n"


def test_build_replaces_a_model_only_when_told(
    invoke: Invoke, checkpoint: Path, tmp_path: Path
) -> None:
    arguments = ("models", "build", checkpoint, "-o", tmp_path / "made")
    assert invoke(*arguments).exit_code == 0
    (tmp_path / "made" / "manifest.toml").write_text("mine")
    refused = invoke(*arguments)
    assert refused.exit_code == 1
    assert "--overwrite" in refused.stderr
    assert (tmp_path / "made" / "manifest.toml").read_text() == "mine"
    assert invoke(*arguments, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        (["--name", "spleeter-9stems"], 2, "spleeter-2stems, spleeter-4stems, spleeter-5stems"),
        (["--name", "spleeter-5stems"], 1, "U-Nets"),
    ],
)
def test_build_of_another_network_is_refused(
    invoke: Invoke,
    checkpoint: Path,
    tmp_path: Path,
    options: list[str],
    code: int,
    expected: str,
) -> None:
    result = invoke("models", "build", checkpoint, "-o", tmp_path / "made", *options)
    assert result.exit_code == code
    assert expected in result.stderr
    assert not (tmp_path / "made").exists()


def test_build_of_no_checkpoint_is_an_error(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("models", "build", tmp_path, "-o", tmp_path / "made")
    assert result.exit_code == 1
    assert "model.index" in result.stderr
