"""The library's folder, which may be away, and how a track's folder comes into it whole.

An unmounted drive leaves an empty folder that looks like a library without songs. A mark in the
folder, with the library's own id, tells the two apart.
"""

import contextlib
import os
import secrets
import shutil
import stat
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.audio.filenames import display_path
from core.audio.partfile import output_error
from core.errors import LibraryError
from core.library.durable import exchange_names, put_file, rename_new, sync_folder, sync_names

LIBRARY_MARK = ".minusone-library"
"""File in the library's folder; its first line is the library's id."""

STAGING = ".incoming"
"""Folder in the library for what is not complete yet."""

# A folder that is being replaced where names cannot be exchanged at one instant.
_REPLACED = ".replaced"

_MARK_BYTES = 1000


class RootState(StrEnum):
    """What stands where the library should be."""

    READY = "ready"
    MISSING = "missing"
    """Nothing, or nothing that can be looked at."""
    STRANGE = "strange"
    """Something else: an empty mount point, another library, a file."""


@dataclass(frozen=True, slots=True)
class FoundLibrary:
    """The library's folder, as it is now.

    Attributes
    ----------
    state
        Whether it can be used.
    text
        A sentence for the user; empty when it is ready.
    library_id
        What the mark says; None without one.
    """

    state: RootState
    text: str
    library_id: str | None


def found_library(path: Path, library_id: str | None) -> FoundLibrary:
    """Look whether the library is where it should be. Changes nothing, and never raises.

    Parameters
    ----------
    path
        Its folder.
    library_id
        The id that its mark must have; None when no library has been made yet.
    """
    shown = display_path(path)
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            text = f"{shown} is no folder, so it cannot be the library."
            return FoundLibrary(RootState.STRANGE, text, None)
        found = _read_mark(path)
    except (FileNotFoundError, NotADirectoryError):
        text = f"The library {shown} is not there; is its drive mounted?"
        return FoundLibrary(RootState.MISSING, text, None)
    except OSError as exc:
        text = f"The library {shown} cannot be reached ({exc.strerror})."
        return FoundLibrary(RootState.MISSING, text, None)
    if found is None:
        text = f"{shown} is there but holds no library: is its drive mounted?"
        return FoundLibrary(RootState.STRANGE, text, None)
    if found != library_id:
        text = f"The library in {shown} is not the one that the database belongs to."
        return FoundLibrary(RootState.STRANGE, text, found)
    return FoundLibrary(RootState.READY, "", found)


def create_library(path: Path) -> str:
    """Make the folder, where it is missing, and its mark; for a database without a library.

    Parameters
    ----------
    path
        The folder; may exist, and hold anything but a library.

    Returns
    -------
    str
        Id of the new library.

    Raises
    ------
    LibraryError
        There is a library already.
    OutputError
        Folder or mark cannot be written.
    """
    library_id = str(uuid.uuid4())
    try:
        path.mkdir(parents=True, exist_ok=True)
        put_file(path / LIBRARY_MARK, _mark(library_id), replace=False)
    except FileExistsError as exc:
        if not path.is_dir():
            raise LibraryError(
                f"{display_path(path)} is no folder, so it cannot be the library.",
                "Name another folder as 'library' in the configuration.",
            ) from exc
        raise LibraryError(
            f"{display_path(path)} holds the library of another database.",
            "Name that database, or another folder as 'library', in the configuration.",
        ) from exc
    except OSError as exc:
        raise output_error(path, exc) from exc
    sync_names(path.parent)
    return library_id


def adopt_library(path: Path, library_id: str) -> None:
    """Say that a folder, which must exist, is the library with this id, whatever it was before.

    Raises
    ------
    OutputError
        The mark cannot be written.
    """
    try:
        put_file(path / LIBRARY_MARK, _mark(library_id), replace=True)
    except OSError as exc:
        raise output_error(path, exc) from exc


def staging_folder(library: Path, job_id: int) -> Path:
    """Return a name for a job's unfinished folder that no other attempt uses. Makes nothing."""
    return library / STAGING / f"{job_id}-{secrets.token_hex(4)}"


def clear_staging(library: Path, keep: Collection[Path] = ()) -> int:
    """Remove what processes that ended have left in the staging area.

    A track's folder that was being replaced goes back to its place when nothing else is there.
    Links are removed and not followed. What cannot be removed now stays for the next time.

    Parameters
    ----------
    library
        Its folder.
    keep
        Staging folders in use.

    Returns
    -------
    int
        Folders and files removed.

    Raises
    ------
    LibraryError
        The staging area is a link, or cannot be looked at.
    """
    area = library / STAGING
    kept = {folder.name for folder in keep}
    removed = 0
    try:
        if area.is_symlink():
            raise LibraryError(
                f"{display_path(area)} is a link.",
                "Remove it: unfinished songs have to be on the library's own disk.",
            )
        entries = sorted(area.iterdir())
    except FileNotFoundError:
        return 0
    except OSError as exc:
        raise LibraryError(
            f"{display_path(area)} cannot be looked at ({exc.strerror}).",
            "Check the library's disk and its permissions.",
        ) from exc
    for entry in entries:
        if entry.name not in kept and not _restored(entry, library):
            removed += _removed(entry)
    return removed


def publish_folder(staging: Path, library: Path, name: str) -> None:
    """Give a complete folder its name in the library, durably, at one instant.

    Parameters
    ----------
    staging
        On the library's disk; its files are synced.
    library
        Its folder.
    name
        See `core.library.naming`.

    Raises
    ------
    FileExistsError
        Something has that name already: choose another.
    LibraryError
        The name is none that a track may have, or the library has gone away.
    OutputError
        The operating system refuses.
    """
    _check_name(name)
    target = library / name
    try:
        sync_folder(staging)
        rename_new(staging, target)
    except FileExistsError:
        raise
    except FileNotFoundError as exc:
        raise _gone(library) from exc
    except OSError as exc:
        raise output_error(target, exc) from exc
    sync_names(library, staging.parent)


def exchange_folder(staging: Path, existing: Path) -> None:
    """Put a complete folder in the place of a track's; the former one is at `staging` afterwards.

    Where names cannot be exchanged at one instant, the former folder waits in the staging area
    meanwhile, and `clear_staging` puts it back if the process ends there.

    Raises
    ------
    LibraryError
        One of the two is not there.
    OutputError
        The operating system refuses; then everything is as before.
    """
    _check_name(existing.name)
    try:
        sync_folder(staging)
        if not exchange_names(staging, existing):
            _exchange_in_steps(staging, existing)
    except FileNotFoundError as exc:
        raise _gone(existing) from exc
    except OSError as exc:
        raise output_error(existing, exc) from exc
    sync_names(existing.parent, staging.parent)


def _exchange_in_steps(staging: Path, existing: Path) -> None:
    aside = staging.with_name(f"{existing.name}{_REPLACED}")
    rename_new(existing, aside)
    try:
        rename_new(staging, existing)
    except BaseException:
        rename_new(aside, existing)
        raise
    rename_new(aside, staging)


def _restored(entry: Path, library: Path) -> bool:
    """Put back a folder whose replacement never came; False when there is nothing to put back."""
    name = entry.name.removesuffix(_REPLACED)
    if name == entry.name or entry.is_symlink() or not entry.is_dir():
        return False
    try:
        rename_new(entry, library / name)
    except FileExistsError:
        return False
    except OSError:
        # It may be the only copy: it stays where it is until it can be put back.
        pass
    return True


def _removed(entry: Path) -> bool:
    try:
        if entry.is_symlink() or not entry.is_dir():
            entry.unlink()
        else:
            shutil.rmtree(entry)
    except OSError:
        return False
    return True


def _read_mark(path: Path) -> str | None:
    try:
        descriptor = os.open(path / LIBRARY_MARK, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        text = os.read(descriptor, _MARK_BYTES).decode("utf-8", "replace")
    finally:
        os.close(descriptor)
    with contextlib.suppress(ValueError, IndexError):
        return str(uuid.UUID(text.splitlines()[0].strip()))
    return None


def _mark(library_id: str) -> bytes:
    lines = (
        library_id,
        "This folder is a library of minusone, which knows it by this file.",
        "Without it the daemon takes the library's drive for unmounted, and waits.",
    )
    return ("\n".join(lines) + "\n").encode()


def _check_name(name: str) -> None:
    if name in ("", ".", "..") or "/" in name or "\0" in name or name.startswith("."):
        raise LibraryError(f"{name!r} is no name for a track's folder.")


def _gone(path: Path) -> LibraryError:
    return LibraryError(
        f"{display_path(path)} is not there any more.", "Mount the library's drive again."
    )
