"""A song enters the queue once, however often and under whatever names it comes in."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import MinusoneError
from core.fingerprint import Fingerprint, fingerprint
from core.library.naming import guess_from_filename
from core.library.root import RootState, found_library
from core.mounts import mount_of
from core.store.database import Database
from core.store.jobs import add_failed_job, add_job, set_source
from core.store.libraryid import library_id_of
from core.store.records import FileState, Job, NewJob, Origin, Outcome, SongFacts, Track
from core.store.sources import known_content

Probe = Callable[[Path], SongFacts]
"""Opens a song and says what it is; raises `AudioError`."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a song is to be separated, where that differs from the configuration.

    Attributes
    ----------
    origin
        How it came in.
    priority
        Higher goes first.
    model, preset
        None: what the configuration says when its turn comes.
    replace
        Separate it although the library has it.
    """

    origin: Origin
    priority: int = 0
    model: str | None = None
    preset: str | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a song at the door.

    Attributes
    ----------
    outcome
        JOB: it is in the queue now (or its job has failed already, for what is no audio);
        DUPLICATE: the library has it, or it is queued already.
    job
        Its job; for a duplicate the one that is under way, if there is one.
    track
        For a duplicate: what the library has.
    """

    outcome: Outcome
    job: Job | None
    track: Track | None = None


def enter_file(
    db: Database,
    path: Path,
    *,
    origin: Origin = Origin.ADDED,
    priority: int = 0,
    model: str | None = None,
    preset: str | None = None,
    replace: bool = False,
    library: Path | None = None,
    now: float | None = None,
) -> Entry:
    """Put one file into the queue.

    Parameters
    ----------
    db
        The database.
    path
        The song.
    origin, priority, model, preset, replace
        See `Wishes`.
    library
        The library's folder, to notice that a track's files are gone; None trusts the database.
    now
        Unix seconds; None asks the clock.

    Raises
    ------
    AudioError
        It is no audio, or cannot be read.
    FileChanged
        It is being written.
    StoreError
        The database refuses.
    """
    # Deferred: audio libraries, which a caller that only finds duplicates does not need.
    from core.probe import probe_song

    path = path.absolute()
    wishes = Wishes(origin, priority, model, preset, replace)
    moment = time.time() if now is None else now
    print_ = fingerprint(path)
    known = find_known(db, print_, path, wishes, library)
    if known is not None:
        return known
    return enter_song(db, path, print_, probe_song(path), wishes, library, now=moment)


def find_known(
    db: Database, print_: Fingerprint, path: Path, wishes: Wishes, library: Path | None
) -> Entry | None:
    """Return the entry of a duplicate, or None when the song has to be separated.

    A queued job whose file has gone follows the content: this path is where it is now.
    """
    known = known_content(db, print_.sha256)
    if isinstance(known, Job):
        # The same name: it was copied over itself, or touched.
        if known.source == path or not _is_there(known.source):
            set_source(db, known.id, path, print_.state, mount_of(path).identity)
        return Entry(Outcome.DUPLICATE, known)
    if isinstance(known, Track) and not wishes.replace and not _gone(db, known, library):
        return Entry(Outcome.DUPLICATE, None, known)
    return None


def enter_song(
    db: Database,
    path: Path,
    print_: Fingerprint,
    facts: SongFacts,
    wishes: Wishes,
    library: Path | None,
    *,
    now: float,
) -> Entry:
    """Queue a song that has been read and probed; parameters as in `enter_file`."""
    known = known_content(db, print_.sha256)
    replace = wishes.replace or (isinstance(known, Track) and _gone(db, known, library))
    new = _new_job(path, print_.state, print_.sha256, facts, wishes, replace=replace)
    job = add_job(db, new, now=now)
    if job is not None:
        return Entry(Outcome.JOB, job)
    # Somebody else entered the same content between the question and the answer.
    known = known_content(db, print_.sha256)
    return Entry(
        Outcome.DUPLICATE,
        known if isinstance(known, Job) else None,
        known if isinstance(known, Track) else None,
    )


def enter_refused(
    db: Database,
    path: Path,
    state: FileState,
    sha256: str | None,
    error: MinusoneError,
    wishes: Wishes,
    *,
    now: float,
) -> Entry:
    """Record a song that cannot be separated as a failed job that says why.

    `sha256` is None for a file that could not even be read.
    """
    artist, title = guess_from_filename(path.stem)
    facts = SongFacts(title, artist)
    new = _new_job(path, state, sha256, facts, wishes, replace=wishes.replace)
    return Entry(Outcome.JOB, add_failed_job(db, new, error.title, error.detail, now=now))


def _new_job(
    path: Path,
    state: FileState,
    sha256: str | None,
    facts: SongFacts,
    wishes: Wishes,
    *,
    replace: bool,
) -> NewJob:
    return NewJob(
        source=path,
        state=state,
        sha256=sha256,
        facts=facts,
        origin=wishes.origin,
        mount=mount_of(path).identity,
        priority=wishes.priority,
        model=wishes.model,
        preset=wishes.preset,
        replace=replace,
    )


def _gone(db: Database, track: Track, library: Path | None) -> bool:
    """Whether a track's folder has been deleted from a library that is there itself."""
    if library is None or _is_there(library / track.folder):
        return False
    # An empty mount point says nothing about what is on the drive.
    return found_library(library, library_id_of(db)).state is RootState.READY


def _is_there(path: Path) -> bool:
    """Whether a path leads to something, or may: a disk with errors tells nothing."""
    try:
        return path.exists()
    except OSError:
        return True
