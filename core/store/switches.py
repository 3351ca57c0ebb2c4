"""What people tell the daemon through the database: to pause, and to look at its inboxes again."""

from core.store.database import Database


def set_paused(db: Database, paused: bool) -> None:
    """Stop claiming new jobs, or go on; running ones are not touched."""
    db.change(
        "INSERT INTO meta VALUES ('paused', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (str(int(paused)),),
    )


def is_paused(db: Database) -> bool:
    """Tell whether no new jobs are claimed."""
    return bool(db.value("SELECT value = '1' FROM meta WHERE key = 'paused'"))


def request_rescan(db: Database) -> None:
    """Ask the daemon to look through its inboxes now."""
    db.change("INSERT INTO meta VALUES ('rescan', '1') ON CONFLICT DO UPDATE SET value = value + 1")


def rescan_count(db: Database) -> int:
    """Return how often somebody has asked for a rescan; who sees another number does one."""
    return int(db.value("SELECT value FROM meta WHERE key = 'rescan'") or 0)
