"""From what was typed to a list of songs: folders are looked into, junk is left out."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import AudioError
from core.song_names import SONG_SUFFIXES, is_junk


@dataclass(frozen=True, slots=True)
class Found:
    """One song to separate.

    Attributes
    ----------
    path
        As typed, or as found under a typed folder.
    named
        True when the person named this very file, False when a folder brought it.
    """

    path: Path
    named: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """Something typed that is no song: a path that leads nowhere, a folder without songs."""

    path: Path
    error: AudioError


def find_songs(
    inputs: Iterable[Path], *, recursive: bool, leave_out: Path | None = None
) -> list[Found | Missing]:
    """List the songs behind files and folders, in the order typed, folders in natural order.

    Parameters
    ----------
    inputs
        Files and folders.
    recursive
        Whether folders inside folders are looked into. Links to folders never are: they may lead
        in circles.
    leave_out
        A folder that is not looked into when it is met inside another: where results go, so that
        stems are not taken for songs.

    Returns
    -------
    list of Found or Missing
        Each file once, even when it was reached twice.
    """
    seen: set[Path] = set()
    result: list[Found | Missing] = []
    hidden_output = identity(leave_out) if leave_out is not None else None
    for path in inputs:
        if not _is_folder(path):
            _take(Found(path, named=True), seen, result)
            continue
        inside = list(_walk(path, recursive, hidden_output))
        if not inside:
            result.append(Missing(path, _no_songs(path, recursive)))
        for item in inside:
            _take(item, seen, result)
    return result


def identity(path: Path) -> Path:
    """Follow links to the one name that tells files apart; the file need not exist."""
    # Path.resolve raises on links that lead in circles; whoever opens the file says it better.
    return Path(os.path.realpath(path))


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts `2 b` before `10 a` and does not care about capitals."""
    return tuple(
        (0, int(piece), "") if piece.isdecimal() else (1, 0, piece.casefold())
        for piece in re.split(r"(\d+)", name)
        if piece
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # No permission, a name too long: opening it as a song tells the person.
        return False


def _take(item: Found | Missing, seen: set[Path], result: list[Found | Missing]) -> None:
    real = identity(item.path)
    if real not in seen:
        seen.add(real)
        result.append(item)


def _walk(folder: Path, recursive: bool, leave_out: Path | None) -> Iterator[Found | Missing]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: natural_key(entry.name))
    except OSError as exc:
        title = f"The folder {folder} cannot be read ({exc.strerror})."
        yield Missing(folder, AudioError(title, "Check its permissions."))
        return
    for entry in entries:
        if is_junk(entry.name):
            continue
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            if recursive and identity(path) != leave_out:
                yield from _walk(path, recursive, leave_out)
        elif entry.is_file() and path.suffix.lower() in SONG_SUFFIXES:
            yield Found(path, named=False)


def _no_songs(folder: Path, recursive: bool) -> AudioError:
    advice = "Name a folder with songs in it, or the songs themselves."
    if not recursive:
        advice += " Folders inside it are looked into with --recursive."
    return AudioError(f"The folder {folder} holds no songs.", advice)
