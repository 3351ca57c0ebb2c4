"""What makes sense key by key, and not together."""

import os
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

from core.audio.filenames import display_path
from core.config.settings import After, Key, Settings
from core.errors import ConfigError, UsageError


def check_settings(
    settings: Settings, origins: Mapping[Key, str], cores: int | None = None
) -> list[str]:
    """Check what no key can see alone.

    Parameters
    ----------
    settings
        To be checked.
    origins
        Where each key's value comes from, for messages; empty for defaults.
    cores
        Processor cores of this process; None asks the system.

    Returns
    -------
    list of str
        Sentences about what is odd, but no error.

    Raises
    ------
    ConfigError
        Two settings contradict each other.
    """
    where = {(key.section, key.name): origin for key, origin in origins.items() if origin}
    _check_folders(settings, where)
    warnings = _check_format(settings, where)
    return warnings + _check_load(settings, cores or _cores())


_Where = Mapping[tuple[str, str], str]


def _check_folders(settings: Settings, where: _Where) -> None:
    inboxes = settings.inbox.folders
    at_inbox = _at(where, ("inbox", "folders"))
    for one, other in combinations(inboxes, 2):
        if _overlap(one, other):
            outer, inner = sorted((one, other), key=lambda path: len(_real(path).parts))
            title = f"{at_inbox}the inbox {_shown(inner)} is inside the inbox {_shown(outer)}."
            if _real(one) == _real(other):
                title = f"{at_inbox}the inboxes {_shown(one)} and {_shown(other)} are the same."
            raise ConfigError(title, "Name only the outer one: it is watched with all inside it.")
    at_library = _at(where, ("", "library"), ("inbox", "folders"))
    for inbox in inboxes:
        if _overlap(settings.library, inbox):
            raise ConfigError(
                f"{at_library}the library {_shown(settings.library)} and the inbox "
                f"{_shown(inbox)} are the same folder, or one is inside the other.",
                "Keep them apart, or stems would be taken for songs.",
            )
    if settings.inbox.after is not After.MOVE:
        return
    moved = settings.inbox.move_to
    at_moved = _at(where, ("inbox", "move_to"), ("inbox", "after"))
    for inbox in inboxes:
        if _inside(moved, inbox):
            raise ConfigError(
                f"{at_moved}songs are to be moved to {_shown(moved)}, which is in the inbox "
                f"{_shown(inbox)}.",
                "Choose a folder outside every inbox as 'move_to'.",
            )
    if _inside(moved, settings.library):
        raise ConfigError(
            f"{at_moved}songs are to be moved to {_shown(moved)}, which is in the library.",
            "Choose a folder outside the library as 'move_to'.",
        )


def _check_format(settings: Settings, where: _Where) -> list[str]:
    separation = settings.separation
    try:
        separation.output_format()
    except UsageError as exc:
        keys = [("separation", name) for name in ("bitrate", "bits", "format")]
        raise ConfigError(f"{_at(where, *keys)}{exc.title}", exc.detail) from exc
    if separation.format.is_lossy and ("separation", "bits") in where:
        at_bits = _at(where, ("separation", "bits"))
        return [f"{at_bits}'bits' means nothing for {separation.format}."]
    return []


def _check_load(settings: Settings, cores: int) -> list[str]:
    workers, threads = settings.jobs.workers, settings.separation.threads or 1
    if workers * threads <= 2 * cores:
        return []
    each = "one thread" if threads == 1 else f"{threads} threads"
    return [
        f"{workers} workers with {each} each are more than the {cores} cores of this computer "
        "can serve: they will slow each other down."
    ]


def _at(where: _Where, *keys: tuple[str, str]) -> str:
    """Name the first of some keys that somebody has set."""
    return next((f"{where[key]}: " for key in keys if key in where), "Configuration: ")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _overlap(one: Path, other: Path) -> bool:
    return _inside(one, other) or _inside(other, one)


def _inside(inner: Path, outer: Path) -> bool:
    return _real(inner).is_relative_to(_real(outer))


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _shown(path: Path) -> str:
    return display_path(path)
