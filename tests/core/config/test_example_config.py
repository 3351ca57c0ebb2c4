"""The configuration file that explains itself."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.config import Settings, default_settings, example_config
from core.config.settings import KEYS, SECTIONS

Load = Callable[..., Settings]


def test_the_example_as_it_is_changes_nothing(load: Load, home: Path, file: Path) -> None:
    assert load(example_config()) == replace(default_settings({"HOME": str(home)}), path=file)


def test_every_key_stands_there_with_its_default(load: Load, home: Path, file: Path) -> None:
    text = re.sub(r"^#(?=\w)", "", example_config(), flags=re.MULTILINE)
    content = tomllib.loads(text)
    for key in KEYS:
        table = content[key.section] if key.section else content
        assert table.pop(key.name) == key.default
    assert content == {section: {} for section in SECTIONS}
    assert load(text) == replace(default_settings({"HOME": str(home)}), path=file)


def test_every_key_is_explained_in_a_line() -> None:
    lines = example_config().splitlines()
    for key in KEYS:
        at = next(i for i, line in enumerate(lines) if line.startswith(f"#{key.name} ="))
        assert lines[at - 1] == f"# {key.meaning}"
        assert key.meaning.endswith((".", ")"))
    assert max(map(len, lines)) <= 100


def test_no_two_keys_share_a_variable() -> None:
    assert len({key.variable for key in KEYS}) == len(KEYS)
