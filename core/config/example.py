"""The configuration file that explains itself."""

import json
from itertools import groupby

from core.config.settings import KEYS, SECTIONS

_HEAD = """\
# Configuration of minusone. Every key is shown with its default: take away the # before a key to
# change it. An environment variable goes before its key here: MINUSONE_INBOX_QUIET=10 before
# quiet = 10 in [inbox]. Relative paths start from the folder of this file.
"""


def example_config() -> str:
    """Return a complete configuration file, every key commented out with its default."""
    parts = [_HEAD]
    for section, keys in groupby(KEYS, key=lambda key: key.section):
        if section:
            parts.append(f"# {(SECTIONS[section].__doc__ or '').strip()}\n[{section}]\n")
        parts.extend(f"# {key.meaning}\n#{key.name} = {_toml(key.default)}\n" for key in keys)
    return "\n".join(parts)


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    # Text, numbers and booleans look the same in JSON.
    return json.dumps(value, ensure_ascii=False)
