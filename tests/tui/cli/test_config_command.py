"""`minusone config`: the settings in force, and where they come from."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from core.config import load_settings
from core.config.settings import KEYS

Invoke = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the configuration file would be; nothing else is set."""
    for key in KEYS:
        monkeypatch.delenv(key.variable, raising=False)
    monkeypatch.delenv("MINUSONE_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    file = tmp_path / "config" / "minusone" / "config.toml"
    file.parent.mkdir(parents=True)
    return file


def shown(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_defaults_without_a_file(invoke: Invoke, place: Path, tmp_path: Path) -> None:
    settings = shown(invoke("config", "--json"))
    assert settings["path"] is None
    assert settings["settings"]["inbox.quiet"] == {"value": 5.0, "from": "default"}
    library = str(tmp_path / "home" / "Music" / "minusone" / "library")
    assert settings["settings"]["library"] == {"value": library, "from": "default"}
    text = invoke("config").stdout
    assert text.startswith("# no configuration file")
    assert 'threads = "auto"\n' in text


def test_every_setting_says_where_it_comes_from(
    invoke: Invoke, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_text('library = "/srv/music"\n[inbox]\nquiet = "8 s"\n[jobs]\nnice = 3\n')
    monkeypatch.setenv("MINUSONE_JOBS_NICE", "5")
    settings = shown(invoke("config", "show", "--json"))
    assert settings["path"] == str(place)
    assert settings["settings"]["library"] == {"value": "/srv/music", "from": f"{place}, line 1"}
    assert settings["settings"]["inbox.quiet"] == {"value": 8.0, "from": f"{place}, line 3"}
    assert settings["settings"]["jobs.nice"] == {"value": 5, "from": "MINUSONE_JOBS_NICE"}
    lines = invoke("config").stdout.splitlines()
    assert lines[0] == f"# {place}"
    assert f'library = "/srv/music"  # {place}, line 1' in lines
    assert "nice = 5  # MINUSONE_JOBS_NICE" in lines
    assert "workers = 1" in lines


def test_what_is_shown_is_a_configuration_with_the_same_settings(
    invoke: Invoke, place: Path, tmp_path: Path
) -> None:
    place.write_text('[inbox]\nmax_size = "none"\nignore = ["*.wav", "a b/"]\n')
    copy = tmp_path / "copy.toml"
    copy.write_text(invoke("config", "show").stdout)
    first, second = load_settings(place), load_settings(copy)
    assert (first.inbox, first.jobs, first.separation) == (
        second.inbox,
        second.jobs,
        second.separation,
    )
    assert (first.library, first.database) == (second.library, second.database)


def test_example_is_a_configuration(invoke: Invoke, place: Path) -> None:
    text = invoke("config", "example").stdout
    tomllib.loads(text)
    for key in KEYS:
        assert f"\n#{key.name} = " in text


def test_path_of_the_file(invoke: Invoke, place: Path) -> None:
    result = invoke("config", "path")
    assert (result.exit_code, result.stdout) == (0, f"{place}\n")
    assert "minusone config example >" in result.stderr
    assert shown(invoke("config", "path", "--json")) == {"path": str(place), "exists": False}
    place.write_text("")
    assert invoke("config", "path").stderr == ""


def test_check_names_line_and_key(invoke: Invoke, place: Path, tmp_path: Path) -> None:
    place.write_text("[inbox]\nquite = 5\n")
    result = invoke("config", "check")
    assert result.exit_code == 1
    assert f"{place}, line 2" in result.stderr
    assert "quiet" in result.stderr
    problem = json.loads(invoke("config", "check", "--json").stdout)
    assert problem["good"] is False
    assert "line 2" in problem["error"]["title"]
    good = tmp_path / "good.toml"
    good.write_text("[inbox]\nquiet = 5\n")
    assert invoke("config", "check", "--config", good).stdout == f"{good} can be used.\n"
    place.unlink()
    assert invoke("config", "check").exit_code == 0
    assert invoke("config", "check", "--config", tmp_path / "none.toml").exit_code == 1


def test_warnings_are_told(invoke: Invoke, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINUSONE_JOBS_NICER", "5")
    result = invoke("config", "check")
    assert result.exit_code == 0
    assert "Note: " in result.stderr
    assert "MINUSONE_JOBS_NICE" in result.stderr
    (warning,) = shown(invoke("config", "check", "--json"))["warnings"]
    assert "MINUSONE_JOBS_NICER" in warning
