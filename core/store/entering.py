"""How a job gets into the queue."""

from core.store.database import Database
from core.store.jobrows import job_of, moment
from core.store.pathtext import path_to_text, storable
from core.store.records import Job, JobState, NewJob

_COLUMNS = (
    "state, origin, priority, source, sha256, size, mtime_ns, inode, mount, title, artist, album,"
    " duration, rate, channels, codec, model, preset, replace, error_title, error_detail,"
    " queued_at, finished_at"
)
_INSERT = (
    f"INSERT INTO jobs ({_COLUMNS})"
    " VALUES (:state, :origin, :priority, :source, :sha256, :size, :mtime_ns, :inode, :mount,"
    " :title, :artist, :album, :duration, :rate, :channels, :codec, :model, :preset, :replace,"
    " :error_title, :error_detail, :now, :finished_at)"
    " ON CONFLICT (sha256) WHERE state IN ('queued', 'running') DO NOTHING RETURNING *"
)


def add_job(db: Database, new: NewJob, *, now: float | None = None) -> Job | None:
    """Enter a job.

    Returns
    -------
    Job or None
        None when the same content is queued or running already; nothing is entered then.
    """
    row = db.row(_INSERT, _values(new, JobState.QUEUED, None, None, now))
    return None if row is None else job_of(row)


def add_failed_job(
    db: Database, new: NewJob, title: str, detail: str, *, now: float | None = None
) -> Job:
    """Enter a song that cannot even be queued, with the reason.

    Parameters
    ----------
    title, detail
        What happened and what to do.
    """
    row = db.row(_INSERT, _values(new, JobState.FAILED, title, detail, now))
    assert row is not None  # only active jobs conflict
    return job_of(row)


def _values(
    new: NewJob, state: JobState, title: str | None, detail: str | None, now: float | None
) -> dict[str, object]:
    at = moment(now)
    facts = new.facts
    return {
        "state": state,
        "origin": new.origin,
        "priority": new.priority,
        "source": path_to_text(new.source),
        "sha256": new.sha256,
        "size": new.state.size,
        "mtime_ns": new.state.mtime_ns,
        "inode": new.state.inode,
        "mount": new.mount,
        "title": storable(facts.title),
        "artist": storable(facts.artist),
        "album": storable(facts.album),
        "duration": facts.duration,
        "rate": facts.rate,
        "channels": facts.channels,
        "codec": facts.codec,
        "model": new.model,
        "preset": new.preset,
        "replace": new.replace,
        "error_title": None if title is None else storable(title),
        "error_detail": None if detail is None else storable(detail),
        "now": at,
        "finished_at": at if state.ended else None,
    }
