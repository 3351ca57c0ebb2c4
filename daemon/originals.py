"""What happens to a song's own file once its stems are in the library."""

import errno
import os
import shutil
from pathlib import Path

from core.audio.filenames import display_path
from core.config import Settings
from core.store.database import Database
from core.store.jobs import pending_originals, set_original
from core.store.records import Job, Original
from daemon.log import Log
from daemon.sources import Verdict, examine_source


class Originals:
    """Moves or trashes what the configuration says; by default nothing.

    The wish is a row of the job, so that it survives the end of the daemon.

    Parameters
    ----------
    db
        The database.
    log
        The daemon's.
    """

    def __init__(self, db: Database, log: Log) -> None:
        self._db = db
        self._log = log
        self._refused: set[int] = set()

    def tick(self, settings: Settings) -> None:
        """Do what is pending.

        Raises
        ------
        StoreError
            The database refuses.
        """
        for job in pending_originals(self._db):
            if job.id not in self._refused:
                self._deal_with(job, settings)

    def try_again(self) -> None:
        """Forget what could not be done so far; called now and then."""
        self._refused.clear()

    def _deal_with(self, job: Job, settings: Settings) -> None:
        name = display_path(job.source)
        try:
            verdict = examine_source(job, settings.inbox.folders)
        except OSError as exc:
            self._refuse(job, f"{name} cannot be reached ({exc.strerror})")
            return
        if verdict is Verdict.AWAY:  # Its disk comes back one day, and the wish is still there.
            return
        if verdict is Verdict.GONE:
            self._note(job, Original.KEPT, f"{name} was taken away by somebody else")
            return
        if verdict is Verdict.CHANGED:
            self._note(job, Original.KEPT, f"{name} is another file now: left alone")
            return
        try:
            self._act(job, settings)
        except OSError as exc:
            self._refuse(job, f"{name} cannot be {settings.inbox.after}d: {exc}")

    def _act(self, job: Job, settings: Settings) -> None:
        name = display_path(job.source)
        if settings.inbox.after == "move":
            inbox = _inbox_of(job.source, settings)
            inside = Path(job.source.name) if inbox is None else job.source.relative_to(inbox)
            target = move_aside(job.source, settings.inbox.move_to / inside)
            self._note(job, Original.MOVED, f"moved {name} to {display_path(target)}")
        elif settings.inbox.after == "trash":
            # Deferred: most people keep their originals.
            from send2trash import send2trash

            send2trash(job.source)
            self._note(job, Original.TRASHED, f"{name} is in the trash")
        else:
            self._note(job, Original.KEPT, f"{name} stays where it is")

    def _note(self, job: Job, original: Original, text: str) -> None:
        set_original(self._db, job.id, original)
        self._log.info(text, job.id)

    def _refuse(self, job: Job, text: str) -> None:
        self._refused.add(job.id)
        self._log.warning(f"{text}; it is tried again later", job.id)


def move_aside(source: Path, target: Path) -> Path:
    """Move a file to a name that is free, also to another disk; return the name.

    On another disk the copy is complete and synced before the original goes.

    Raises
    ------
    OSError
        It could not be moved; the original is still there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 10_000):
        place = target
        if number > 1:
            place = target.with_name(f"{target.stem} ({number}){target.suffix}")
        try:
            # A link never replaces what is there, a rename would.
            os.link(source, place, follow_symlinks=False)
        except FileExistsError:
            if not place.samefile(source):
                continue
            # An earlier attempt ended between the link and the removal.
        except OSError as exc:
            # Another disk, or a file system without hard links.
            if exc.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                raise
            if place.exists():
                continue
            _copy(source, place)
        source.unlink()
        return place
    raise FileExistsError(errno.EEXIST, "too many files of this name", str(target))


def _copy(source: Path, place: Path) -> None:
    part = place.with_name(f".{place.name[:40]}.part")
    try:
        shutil.copy2(source, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(place)
    finally:
        part.unlink(missing_ok=True)


def _inbox_of(path: Path, settings: Settings) -> Path | None:
    return next((box for box in settings.inbox.folders if path.is_relative_to(box)), None)
