"""A configuration file to be written, and a home folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import Settings, load_settings

Load = Callable[..., Settings]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder in which nothing is."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the configuration file is."""
    path = tmp_path / "etc" / "config.toml"
    path.parent.mkdir()
    return path


@pytest.fixture
def load(home: Path, file: Path) -> Load:
    """Read a configuration from its text, with environment variables."""

    def read(text: str = "", **environ: str) -> Settings:
        file.write_text(text, encoding="utf-8")
        return load_settings(file, {"HOME": str(home), **environ})

    return read
