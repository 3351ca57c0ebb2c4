"""Putting a track's folder where it can be fetched back from."""

import os
from pathlib import Path

from core.audio.partfile import output_error
from core.library.durable import rename_new, sync_folder

TRASH = ".trash"
"""Folder in the library for what could not go to the desktop's trash."""


def discard_folder(folder: Path, library: Path) -> Path | None:
    """Move a folder of the library to the trash of the desktop, else to one in the library.

    Servers often have no trash for the disk that the library is on, or may not make one.

    Parameters
    ----------
    folder
        In the library.
    library
        Its folder.

    Returns
    -------
    Path or None
        Where the folder is now; None for the desktop's trash.

    Raises
    ------
    OutputError
        It can be moved nowhere.
    """
    # Deferred: nobody else needs it.
    from send2trash import send2trash

    try:
        send2trash(os.fspath(folder))
    except OSError:
        return _set_aside(folder, library / TRASH)
    return None


def _set_aside(folder: Path, trash: Path) -> Path:
    number = 1
    try:
        trash.mkdir(exist_ok=True)
        while True:
            target = trash / (folder.name if number == 1 else f"{folder.name} ({number})")
            try:
                rename_new(folder, target)
                break
            except FileExistsError:
                number += 1
        sync_folder(trash)
        sync_folder(folder.parent)
    except OSError as exc:
        raise output_error(folder, exc) from exc
    return target
