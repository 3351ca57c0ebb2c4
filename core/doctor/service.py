"""The service: its configuration, its library, and how the daemon is."""

import os
import time
from collections.abc import Iterator

from core.audio.filenames import display_path
from core.config import Settings, load_settings
from core.doctor.finding import Finding, Status
from core.errors import ConfigError, StoreError
from core.library.root import RootState, found_library
from core.store.database import read_database
from core.store.libraryid import library_id_of
from core.store.lock import is_locked
from core.store.records import WatchedFolder
from core.store.status import read_status


def check_configuration() -> Iterator[Finding]:
    """Read the configuration as the daemon would."""
    try:
        settings = load_settings()
    except ConfigError as error:
        yield Finding("Configuration", Status.PROBLEM, error.title, error.detail)
        return
    for warning in settings.warnings:
        yield Finding("Configuration", Status.NOTE, warning)
    where = "the defaults" if settings.path is None else display_path(settings.path)
    yield Finding("Configuration", Status.OK, f"{where}: understood")


def check_library(settings: Settings | None = None) -> Iterator[Finding]:
    """Look whether the library is there and may be written."""
    settings = settings or _settings()
    if settings is None or not settings.database.exists():
        yield Finding("Library", Status.OK, "There is none yet: the daemon makes it")
        return
    try:
        with read_database(settings.database) as db:
            library_id = library_id_of(db)
    except StoreError as error:
        yield Finding("Library", Status.PROBLEM, error.title, error.detail)
        return
    found = found_library(settings.library, library_id)
    name = display_path(settings.library)
    if found.state is not RootState.READY:
        fix = "Mount its drive. After moving or renewing it on purpose: minusone library adopt"
        yield Finding("Library", Status.PROBLEM, found.text, fix)
    elif not os.access(settings.library, os.W_OK):
        fix = f"Give this user the right to write in {name}."
        yield Finding("Library", Status.PROBLEM, f"{name} cannot be written", fix)
    else:
        yield Finding("Library", Status.OK, f"{name} is there")


def check_daemon(settings: Settings | None = None) -> Iterator[Finding]:
    """Ask the database what the daemon has said about itself."""
    settings = settings or _settings()
    if settings is None or not settings.database.exists():
        fix = "To watch folders: minusoned, or minusone service install"
        yield Finding("Daemon", Status.NOTE, "It has never run", fix)
        return
    try:
        with read_database(settings.database) as db:
            status = read_status(db)
    except StoreError as error:
        yield Finding("Daemon", Status.PROBLEM, error.title, error.detail)
        return
    if status is None or not is_locked(settings.database):
        fix = "To watch folders: minusoned, or minusone service install"
        yield Finding("Daemon", Status.NOTE, "It does not run", fix)
        return
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(status.started_at))
    yield Finding("Daemon", Status.OK, f"It runs since {since} as process {status.pid}")
    if status.waiting:
        yield Finding("Daemon", Status.NOTE, "The queue waits", status.waiting)
    yield from (_folder(folder) for folder in status.folders)


def _folder(folder: WatchedFolder) -> Finding:
    name = display_path(folder.path)
    if folder.how == "inotify":
        return Finding("Daemon", Status.OK, f"It watches {name}")
    if folder.how == "poll":
        return Finding(
            "Daemon", Status.NOTE, f"It looks through {name} now and then", folder.reason
        )
    return Finding("Daemon", Status.PROBLEM, f"The inbox {name} is away", folder.reason)


def _settings() -> Settings | None:
    # What is wrong with it is the finding of its own check.
    try:
        return load_settings()
    except ConfigError:
        return None
