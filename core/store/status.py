"""What the daemon says about itself, for those who cannot ask it.

Whether it still runs is told by its lock (`core.store.lock.is_locked`), not by how long it has been
silent: with nothing to do it writes nothing, so that disks can sleep.
"""

import json
import os

from core.store.database import Database
from core.store.pathtext import path_to_text, storable, text_to_path
from core.store.records import DaemonStatus, WatchedFolder


def host_name() -> str:
    """Return what this machine calls itself: `DaemonStatus.host`."""
    return os.uname().nodename


def report_status(db: Database, status: DaemonStatus) -> None:
    """Replace what the daemon said before."""
    folders = [[path_to_text(one.path), one.how, storable(one.reason)] for one in status.folders]
    db.change(
        "INSERT OR REPLACE INTO daemon (id, pid, host, version, started_at, heartbeat_at,"
        " stopped_at, waiting, folders, library, free_bytes)"
        " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            status.pid,
            status.host,
            status.version,
            status.started_at,
            status.heartbeat_at,
            status.stopped_at,
            storable(status.waiting),
            json.dumps(folders, ensure_ascii=False),
            path_to_text(status.library),
            status.free_bytes,
        ),
    )


def read_status(db: Database) -> DaemonStatus | None:
    """Return what the daemon said last; None before its first start."""
    row = db.row("SELECT * FROM daemon")
    if row is None:
        return None
    return DaemonStatus(
        pid=row["pid"],
        host=row["host"],
        version=row["version"],
        started_at=row["started_at"],
        heartbeat_at=row["heartbeat_at"],
        stopped_at=row["stopped_at"],
        waiting=row["waiting"],
        folders=tuple(
            WatchedFolder(text_to_path(path), how, reason)
            for path, how, reason in json.loads(row["folders"])
        ),
        library=text_to_path(row["library"]),
        free_bytes=row["free_bytes"],
    )
