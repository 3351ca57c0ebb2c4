"""What `--json` prints of the database: one object per job, track or log line."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from core.store.records import DaemonStatus, Event, Job, JobState, Track
from tui.cli.times import iso


def job_record(job: Job) -> dict[str, Any]:
    """Describe a job; times are ISO 8601, lengths seconds, sizes bytes."""
    error = {"title": job.error_title, "detail": job.error_detail or ""}
    return {
        "id": job.id,
        "state": str(job.state),
        "cancel_requested": job.cancel_requested,
        "origin": str(job.origin),
        "priority": job.priority,
        "source": str(job.source),
        "bytes": job.file.size,
        "sha256": job.sha256,
        "title": job.facts.title,
        "artist": job.facts.artist,
        "album": job.facts.album,
        "duration": _number(job.facts.duration),
        "model": job.model,
        "preset": job.preset,
        "replace": job.replace,
        "attempts": job.attempts,
        "failures": job.failures,
        "deaths": job.deaths,
        "not_before": iso(job.not_before) if job.not_before > 0 else None,
        "stage": job.stage,
        "progress": _number(job.progress),
        "realtime_factor": _number(job.realtime_factor),
        "backend": job.backend,
        "track": job.track_id,
        "original": None if job.original is None else str(job.original),
        "error": None if job.error_title is None else error,
        "queued_at": iso(job.queued_at),
        "started_at": iso(job.started_at),
        "finished_at": iso(job.finished_at),
    }


def event_record(event: Event) -> dict[str, Any]:
    """Describe a line of a log."""
    return {"at": iso(event.at), "level": str(event.level), "text": event.text}


def track_record(track: Track, library: Path) -> dict[str, Any]:
    """Describe a track; paths are absolute, lengths seconds, sizes bytes."""
    folder = library / track.folder
    return {
        "id": track.id,
        "sha256": track.sha256,
        "title": track.title,
        "artist": track.artist,
        "album": track.album,
        "date": track.date,
        "genre": track.genre,
        "duration": _number(track.duration),
        "rate": track.rate,
        "channels": track.channels,
        "bpm": _number(track.bpm),
        "key": track.key,
        "folder": str(folder),
        "stems": {
            stem.name: {"path": str(folder / stem.file), "codec": stem.codec, "bytes": stem.bytes}
            for stem in track.stems
        },
        "cover": None if track.cover is None else str(folder / track.cover),
        "lyrics": [str(folder / name) for name in track.lyrics],
        "source_name": track.source_name,
        "model": track.model,
        "preset": track.preset,
        "backend": track.backend,
        "added_at": iso(track.added_at),
    }


def status_record(
    status: DaemonStatus | None, counts: dict[JobState, int], *, running: bool, paused: bool
) -> dict[str, Any]:
    """Describe the daemon and the queue."""
    return {
        "running": running,
        "pid": status.pid if status is not None and running else None,
        "started_at": iso(status.started_at) if status is not None else None,
        "heartbeat_at": iso(status.heartbeat_at) if status is not None else None,
        "paused": paused,
        "waiting": status.waiting if status is not None and running else "",
        "free_bytes": status.free_bytes if status is not None else None,
        "folders": _folders(status),
        "jobs": {str(state): counts.get(state, 0) for state in JobState},
    }


def _folders(status: DaemonStatus | None) -> list[dict[str, str]]:
    watched: Iterable[Any] = () if status is None else status.folders
    return [
        {"path": str(folder.path), "how": folder.how, "reason": folder.reason} for folder in watched
    ]


def _number(value: float | None) -> float | None:
    # JSON knows no infinity.
    return round(value, 6) if value is not None and math.isfinite(value) else None
