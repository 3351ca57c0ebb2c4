"""Where an export of the library goes: to the screen, or to a file that appears when whole."""

import sys
from pathlib import Path

from core.audio.partfile import PartFile, output_error
from core.store.database import Database
from core.store.export import export_csv, export_json

WRITERS = {"csv": export_csv, "json": export_json}


def export(db: Database, kind: str, output: Path | None, *, overwrite: bool = False) -> None:
    """Write all tracks, row by row.

    Parameters
    ----------
    db
        The database; may be open for reading only.
    kind
        A key of `WRITERS`.
    output
        A file, UTF-8 whatever the language of the system is; None for standard output.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        The file cannot be written, or is there already.
    """
    write = WRITERS[kind]
    if output is None:
        write(db, sys.stdout)
        return
    part = PartFile(output, overwrite)
    try:
        part.seal()
        with part.path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            write(db, stream)
        part.settle()
        part.commit()
    except OSError as exc:
        raise output_error(output, exc) from exc
    finally:
        part.discard()
