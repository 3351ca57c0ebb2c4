"""Which library a database belongs to."""

from core.store.database import Database


def library_id_of(db: Database) -> str | None:
    """Return the id that the library's mark must have; None before there is a library."""
    value: str | None = db.value("SELECT value FROM meta WHERE key = 'library_id'")
    return value


def set_library_id(db: Database, library_id: str) -> None:
    """Say which library the database belongs to, durably."""
    with db.transaction(durable=True):
        db.change(
            "INSERT INTO meta VALUES ('library_id', ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (library_id,),
        )
