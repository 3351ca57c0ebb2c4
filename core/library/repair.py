"""Mending what a check of the library has found. No file is ever deleted or changed."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import MinusoneError, StoreError
from core.fingerprint import file_state, fingerprint
from core.library.problems import SEPARATED_ANEW, Problem, ProblemKind
from core.library.record import TRACK_RECORD, read_record
from core.mounts import mount_of
from core.store.database import Database
from core.store.jobs import add_job
from core.store.pathtext import text_to_path
from core.store.records import FileState, NewJob, NewTrack, Origin, SongFacts, Track
from core.store.trackrows import put_track
from core.store.tracks import find_track, get_track


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of a problem.

    Attributes
    ----------
    mended
        Whether it is gone, or will be as soon as the daemon has done its part.
    text
        A sentence for the user; empty where there is nothing to be done by a program.
    """

    mended: bool
    text: str


def repair(db: Database, problem: Problem, *, now: float | None = None) -> Repair:
    """Mend one problem, if that needs no decision.

    A folder with a whole record is entered into the database. A track with missing or damaged
    stems is queued for another separation, if its original is still where it was.

    Parameters
    ----------
    db
        The database.
    problem
        From `core.library.check.check_library`.
    now
        Unix seconds; the time when None.

    Raises
    ------
    StoreError
        The database refuses.
    """
    moment = time.time() if now is None else now
    if problem.kind is ProblemKind.ORPHAN:
        return _enter(db, problem.path)
    if problem.kind in SEPARATED_ANEW and problem.track_id is not None:
        return _separate_anew(db, get_track(db, problem.track_id), moment)
    return Repair(False, "")


def _enter(db: Database, folder: Path) -> Repair:
    found = read_record(folder)
    if found is None:
        return Repair(False, f"The record in {folder} has gone.")
    track = replace(found[1], folder=folder.name)
    missing = _missing(folder, track)
    if missing:
        return Repair(False, f"{folder.name} was not entered: {', '.join(missing)} not whole.")
    with db.transaction(durable=True):
        if find_track(db, track.sha256) is not None:
            return Repair(False, f"{folder.name} is a copy of another track.")
        entered = put_track(db, track, _written_at(folder))
    return Repair(True, f"{folder.name} is track {entered.id} now.")


def _missing(folder: Path, track: NewTrack) -> list[str]:
    wrong = []
    for stem in track.stems:
        try:
            whole = (folder / stem.file).stat().st_size == stem.bytes
        except OSError:
            whole = False
        if not whole:
            wrong.append(stem.file)
    return wrong


def _written_at(folder: Path) -> float:
    # When it was separated, so that it does not look new.
    return (folder / TRACK_RECORD).stat().st_mtime


def _separate_anew(db: Database, track: Track, now: float) -> Repair:
    found = _find_original(db, track)
    if found is None:
        return Repair(
            False,
            f"The original of {track.title} ({track.source_name}) is not where it was. Separate"
            " it once more with 'minusone add --again FILE', if you have it.",
        )
    path, state = found
    job = add_job(
        db,
        NewJob(
            source=path,
            state=state,
            sha256=track.sha256,
            facts=SongFacts(
                title=track.title,
                artist=track.artist,
                album=track.album,
                duration=track.duration,
                rate=track.rate,
                channels=track.channels,
            ),
            origin=Origin.ADDED,
            mount=mount_of(path).identity,
            model=track.model,
            preset=track.preset,
            replace=True,
        ),
        now=now,
    )
    if job is None:
        return Repair(True, f"{track.title} is in the queue already.")
    return Repair(True, f"{track.title} will be separated once more (job {job.id}).")


def _find_original(db: Database, track: Track) -> tuple[Path, FileState] | None:
    """Look where the original of a track has been seen; the latest place first."""
    rows = db.rows(
        "SELECT source AS path, size, mtime_ns FROM jobs WHERE sha256 = :sha256"
        " UNION SELECT path, size, mtime_ns FROM sources WHERE sha256 = :sha256",
        {"sha256": track.sha256},
    )
    for row in rows:
        path = text_to_path(row["path"])
        try:
            state = file_state(path)
            if state.size != row["size"]:
                continue
            if state.mtime_ns == row["mtime_ns"]:
                return path, state
            # Copied back, perhaps: its content decides.
            print_ = fingerprint(path)
        except StoreError:
            raise
        except (OSError, MinusoneError):
            continue
        if print_.sha256 == track.sha256:
            return path, print_.state
    return None
