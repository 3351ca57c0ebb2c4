"""Readers of option values that click has no type for: lists, times, bitrates.

click takes a function as the type of an option, calls it with what was typed, and adds the name
of the option to the error.
"""

import math
import re
from pathlib import Path

import click


def seconds(typed: str | float) -> float:
    """Read a time, typed as `90`, `90.5`, `1:30` or `1:02:03`.

    Returns
    -------
    float
        Seconds, 0 or more.
    """
    text = str(typed).strip()
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d*)?|\.\d+", text, re.ASCII):
        raise click.BadParameter(f"{text!r} is not a time: type seconds (90.5) or 1:30.")
    total = 0.0
    for piece in text.split(":"):
        total = total * 60 + float(piece)
    if not math.isfinite(total):
        raise click.BadParameter(f"{text!r} is not a time that any song reaches.")
    return total


def some_seconds(typed: str | float) -> float:
    """Read a time like `seconds`, but more than nothing."""
    total = seconds(typed)
    if total == 0:
        raise click.BadParameter("must be more than 0 seconds.")
    return total


def bitrate(typed: str | int) -> int:
    """Read a bitrate, typed as `192` or `192k`.

    Returns
    -------
    int
        kbit/s, 1 to 9999.
    """
    match = re.fullmatch(r"(\d{1,4})\s*k?", str(typed), re.IGNORECASE | re.ASCII)
    if match is None or int(match[1]) == 0:
        raise click.BadParameter(f"{typed!r} is not a bitrate: type kbit/s, as 192 or 192k.")
    return int(match[1])


def path(typed: str | Path) -> Path:
    """Read a path. Nothing typed is not the current folder: a script's variable was empty."""
    if not str(typed):
        raise click.BadParameter("is empty.")
    return Path(typed)


def folder(typed: str | Path) -> Path:
    """Read the path of a folder, which need not be there yet."""
    place = path(typed)
    if place.is_file():
        raise click.BadParameter(f"{str(place)!r} is a file, not a folder.")
    return place


def names(typed: str) -> tuple[str, ...]:
    """Read names separated by commas; at least one."""
    found = tuple(name for name in (piece.strip() for piece in typed.split(",")) if name)
    if not found:
        raise click.BadParameter("names nothing.")
    return found
