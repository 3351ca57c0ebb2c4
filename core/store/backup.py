"""Backups of the database while it is in use."""

from pathlib import Path

from core.audio.filenames import display_path
from core.errors import StoreError
from core.store.copying import copy_database
from core.store.database import Database
from core.store.trouble import may_pass


def backup_database(db: Database, target: Path, *, overwrite: bool = False) -> None:
    """Write a checked copy of the database, as one file that appears when it is whole.

    Parameters
    ----------
    db
        The database; it may be written meanwhile.
    target
        The copy. Its folder must exist.
    overwrite
        Whether an existing target may be replaced.

    Raises
    ------
    StoreError
        The target exists or cannot be written, or the database is damaged.
    """
    target = target.absolute()
    if target.exists() and (not overwrite or target.is_dir() or target.samefile(db.path)):
        raise StoreError(
            f"{display_path(target)} already exists.", "Choose another name for the backup."
        )
    copy_database(db.path, target)


def integrity_problems(db: Database, limit: int = 20) -> list[str]:
    """Look through the whole database; return what is wrong with it, nothing when it is sound.

    Takes about a second for 100,000 tracks.
    """
    try:
        found = [str(row[0]) for row in db.rows(f"PRAGMA integrity_check({limit})")]
    except StoreError as exc:
        if may_pass(exc):
            raise
        # So damaged that it cannot even be looked through.
        return [exc.title]
    problems = [] if found == ["ok"] else found
    for row in db.rows("PRAGMA foreign_key_check")[:limit]:
        problems.append(f"a row of {row['table']} refers to a row of {row['parent']} that is gone")
    return problems
