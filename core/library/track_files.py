"""Whether the files of a track are what its row says."""

import os
from collections.abc import Iterator
from pathlib import Path

from core.errors import AudioError
from core.library.problems import Problem, ProblemKind
from core.store.records import Stem, Track

_ONCE_MORE = "'minusone library check --repair' has it separated once more."


def track_problems(track: Track, library: Path, thorough: bool) -> Iterator[Problem]:
    """Compare one track with its files.

    Parameters
    ----------
    track
        Its row.
    library
        The library's folder.
    thorough
        Decode every stem to its end.
    """
    folder = library / track.folder
    name = f"track {track.id} ({track.title})"
    try:
        with os.scandir(folder) as scan:
            sizes = {entry.name: entry.stat().st_size for entry in scan if _is_file(entry)}
    except (FileNotFoundError, NotADirectoryError):
        text = f"The folder of {name} is not there: {folder}."
        yield Problem(ProblemKind.FOLDER_MISSING, track.id, folder, text, _ONCE_MORE)
        return
    except OSError as exc:
        yield _unreadable(track, folder, f"The folder of {name}", exc)
        return
    for stem in track.stems:
        problem = _of_stem(track, folder, stem, sizes.get(stem.file), thorough)
        if problem is not None:
            yield problem
    for extra in (*track.lyrics, *((track.cover,) if track.cover else ())):
        if extra not in sizes:
            text = f"{extra} of {name} is not there any more."
            advice = "Put it back if you have it; everything else works without it."
            yield Problem(ProblemKind.EXTRA_MISSING, track.id, folder / extra, text, advice)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # A circle of links.
        return False


def _of_stem(
    track: Track, folder: Path, stem: Stem, found: int | None, thorough: bool
) -> Problem | None:
    path = folder / stem.file
    name = f"The stem {stem.file} of track {track.id} ({track.title})"
    if found is None:
        text = f"{name} is not there."
        return Problem(ProblemKind.STEM_MISSING, track.id, path, text, _ONCE_MORE)
    if found != stem.bytes:
        text = f"{name} has {found} bytes instead of {stem.bytes}."
        return Problem(ProblemKind.STEM_SIZE, track.id, path, text, _ONCE_MORE)
    try:
        with path.open("rb") as file:
            file.read(1)
        flaw = _flaw(path, track.duration) if thorough else None
    except OSError as exc:
        return _unreadable(track, path, name, exc)
    if flaw is None:
        return None
    return Problem(ProblemKind.STEM_DAMAGED, track.id, path, f"{name} {flaw}", _ONCE_MORE)


def _flaw(path: Path, duration: float) -> str | None:
    """Decode a stem; return what is wrong with it."""
    # Deferred: audio libraries, for the thorough check alone.
    from core.audio.decode import open_audio
    from core.audio.reader import BLOCK, SHORTFALL_SECONDS

    frames = 0
    try:
        with open_audio(path) as reader:
            while count := len(reader.read(BLOCK)):
                frames += count
            length = frames / reader.rate
    except AudioError as error:
        return f"cannot be played: {error.title}"
    if length < duration - SHORTFALL_SECONDS:
        return f"ends after {length:.1f} s, not after {duration:.1f} s."
    return None


def _unreadable(track: Track, path: Path, name: str, error: OSError) -> Problem:
    text = f"{name} cannot be read ({error.strerror})."
    advice = f"Check the disk and the permissions. {_ONCE_MORE}"
    return Problem(ProblemKind.UNREADABLE, track.id, path, text, advice)
