"""Remembers which backend was faster, so that it is timed once and not at every start.

A verdict is a file in the user's cache folder, named after what it depends on (host, model,
driver): when any of these changes, the name does, and the question is asked anew.
"""

import contextlib
import hashlib
import os
import platform
from pathlib import Path

import platformdirs


def verdicts_dir() -> Path:
    """Return the folder of the verdicts (MINUSONE_CACHE_DIR overrides the user's cache folder)."""
    chosen = os.environ.get("MINUSONE_CACHE_DIR")
    return Path(chosen or platformdirs.user_cache_dir("minusone")) / "backends"


def recall_verdict(key: str) -> str | None:
    """Return the remembered backend for a model and driver on this host, None if there is none."""
    try:
        return _file(key).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def remember_verdict(key: str, backend: str) -> None:
    """Keep a verdict. A cache that cannot be written costs a second of timing, not the song."""
    file = _file(key)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and renamed, so that nobody reads half a verdict.
        aside = file.with_suffix(f".{os.getpid()}")
        aside.write_text(f"{backend}\n", encoding="utf-8")
        aside.replace(file)


def _file(key: str) -> Path:
    digest = hashlib.sha256(f"{platform.node()} {key}".encode()).hexdigest()
    return verdicts_dir() / digest[:32]
