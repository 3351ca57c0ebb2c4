"""File names as people and file systems need them."""

import os
from pathlib import Path


def display_name(path: Path) -> str:
    """Return the last part of a path so that it can be printed anywhere.

    Linux allows names that are no valid UTF-8; Python carries them as lone surrogates, which
    a terminal or a JSON file in UTF-8 refuses. Those bytes come back as U+FFFD.
    """
    return os.fsencode(path.name or str(path)).decode("utf-8", "replace")


def display_path(path: Path) -> str:
    """Return a whole path so that it can be printed anywhere; see `display_name`."""
    return os.fsencode(path).decode("utf-8", "replace")


def shorten(name: str, limit: int) -> str:
    """Cut a name to at most `limit` bytes in the file system's encoding, between characters."""
    while len(os.fsencode(name)) > limit:
        name = name[:-1]
    return name
