"""Every model that is there is found, and a broken one hides no other."""

import hashlib
from pathlib import Path

import pytest

from core.catalog.registry import (
    bundled_manifest,
    find_model,
    list_models,
    read_catalog,
    user_models_dir,
)
from core.errors import ModelError

MANIFEST = """schema = 1
[[model]]
name = "{name}"
file = "{name}.tflite"
sha256 = "{sha256}"
licence = "MIT"
attribution = "someone"
description = "a model for tests"
[model.spec]
stems = ["vocals", "other"]
residual = "other"
rate = 44100
frame = 4096
hop = 1024
frames = 512
bins = 1024
channels = 2
"""


def put_model(folder: Path, name: str, *, called: str | None = None) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    content = name.encode()
    (place / f"{called or name}.tflite").write_bytes(content)
    text = MANIFEST.format(name=called or name, sha256=hashlib.sha256(content).hexdigest())
    (place / "manifest.toml").write_text(text)
    return place


def test_bundled_model_is_known_and_whole(models_dir: Path) -> None:
    assert bundled_manifest().is_file()
    entry = find_model("spleeter-2stems")
    entry.verify()
    assert entry.spec.stems == ("vocals", "accompaniment")


def test_folder_can_be_named_in_the_environment(models_dir: Path) -> None:
    assert user_models_dir() == models_dir


def test_folder_is_the_users_without_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MINUSONE_MODELS_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_models_dir() == tmp_path / "minusone" / "models"


def test_installed_models_follow_the_bundled_ones(models_dir: Path) -> None:
    bundled = [entry.name for entry in list_models()]
    put_model(models_dir, "zebra")
    put_model(models_dir, "aardvark")
    assert [entry.name for entry in list_models()] == [*bundled, "aardvark", "zebra"]
    find_model("zebra").verify()


def test_installed_model_stands_in_for_a_bundled_one(models_dir: Path) -> None:
    before = list_models()
    place = put_model(models_dir, "spleeter-2stems")
    after = list_models()
    assert [entry.name for entry in after] == [entry.name for entry in before]
    assert find_model("spleeter-2stems").path.parent == place


def test_broken_manifest_is_reported_and_hides_nothing(models_dir: Path) -> None:
    put_model(models_dir, "whole")
    broken = put_model(models_dir, "broken")
    (broken / "manifest.toml").write_text("schema = 1\n[[model]]\nname =")
    catalog = read_catalog()
    assert "whole" in [entry.name for entry in catalog.entries]
    assert [problem.name for problem in catalog.problems] == ["broken"]
    with pytest.raises(ModelError, match="not valid TOML"):
        find_model("broken")


def test_folder_that_holds_another_model_is_reported(models_dir: Path) -> None:
    put_model(models_dir, "folder", called="other")
    with pytest.raises(ModelError, match="does not describe the one model folder"):
        find_model("folder")


def test_work_in_progress_is_not_seen(models_dir: Path) -> None:
    put_model(models_dir, ".install-1234")
    assert not read_catalog().problems
    assert not any(entry.name.startswith(".") for entry in list_models())


def test_folder_without_manifest_is_no_model(models_dir: Path) -> None:
    (models_dir / "notes").mkdir(parents=True)
    assert not read_catalog().problems


@pytest.mark.parametrize("name", ["spleeter-4stems", "spleeter-5stems"])
def test_missing_published_model_names_the_command(models_dir: Path, name: str) -> None:
    with pytest.raises(ModelError) as error:
        find_model(name)
    assert f"minusone models install {name}" in error.value.detail


def test_unknown_model_lists_the_known_and_the_nearest(models_dir: Path) -> None:
    with pytest.raises(ModelError) as error:
        find_model("spleeter-3stems")
    assert "spleeter-2stems" in error.value.detail
    assert "Did you mean" in error.value.detail


def test_folder_that_is_a_file_is_reported(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "models"
    file.write_text("not a folder")
    monkeypatch.setenv("MINUSONE_MODELS_DIR", str(file))
    assert [str(file) in problem.error.title for problem in read_catalog().problems] == [True]
    assert find_model("spleeter-2stems")
    with pytest.raises(ModelError, match="cannot be read"):
        find_model("spleeter-4stems")
