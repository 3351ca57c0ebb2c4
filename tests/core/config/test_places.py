"""Where configuration and database are."""

import os
import pwd
from pathlib import Path

import pytest

from core.config import config_path, default_database, load_settings
from core.errors import ConfigError

HOME = {"HOME": "/home/anna"}


def test_the_user_s_folders_are_the_usual_places() -> None:
    assert config_path(HOME) == Path("/home/anna/.config/minusone/config.toml")
    assert default_database(HOME) == Path("/home/anna/.local/state/minusone/minusone.db")


def test_xdg_folders_are_honoured() -> None:
    environ = {**HOME, "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}
    assert config_path(environ) == Path("/c/minusone/config.toml")
    assert default_database(environ) == Path("/s/minusone/minusone.db")


@pytest.mark.parametrize("value", ["", "  ", "relative/path"])
def test_xdg_folders_that_make_no_sense_are_ignored(value: str) -> None:
    environ = {**HOME, "XDG_CONFIG_HOME": value, "XDG_STATE_HOME": value}
    assert config_path(environ) == config_path(HOME)
    assert default_database(environ) == default_database(HOME)


def test_a_service_finds_what_its_user_finds() -> None:
    environ = {**HOME, "STATE_DIRECTORY": "/var/lib/x", "CONFIGURATION_DIRECTORY": "/etc/x"}
    assert config_path(environ) == config_path(HOME)
    assert default_database(environ) == default_database(HOME)


def test_a_named_configuration_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {**HOME, "XDG_CONFIG_HOME": "/etc/xdg"}
    assert config_path({**environ, "MINUSONE_CONFIG": "~/my.toml"}) == Path("/home/anna/my.toml")
    monkeypatch.chdir(tmp_path)
    assert config_path({**environ, "MINUSONE_CONFIG": "my.toml"}) == tmp_path / "my.toml"


def test_a_service_without_home_asks_the_list_of_users() -> None:
    home = pwd.getpwuid(os.getuid()).pw_dir
    assert default_database({}) == Path(home, ".local/state/minusone/minusone.db")


def test_a_service_without_home_and_user_must_name_its_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 987654321)
    with pytest.raises(ConfigError, match="default of 'library' cannot be found") as caught:
        load_settings(environ={})
    assert "Set HOME" in caught.value.detail
    environ = {
        "MINUSONE_DATABASE": "/s/minusone.db",
        "MINUSONE_LIBRARY": "/l",
        "MINUSONE_INBOX_FOLDERS": "/i",
        "MINUSONE_INBOX_MOVE_TO": "/m",
    }
    assert load_settings(environ=environ).database == Path("/s/minusone.db")
    with pytest.raises(ConfigError, match="home folder is not known"):
        load_settings(environ={**environ, "MINUSONE_LIBRARY": "~/l"})
