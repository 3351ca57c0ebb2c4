"""Jobs as people read them: the lines above the table, the table, and everything of one job."""

import textwrap
from collections.abc import Iterable, Sequence

from core.store.records import Event, Job, JobState
from tui.cli.columns import Column, lay_out
from tui.cli.overview import Overview
from tui.cli.times import local_time, short_time
from tui.cli.wording import clock, safe, size, speed

HOW_TO_START = "Start it with 'minusoned', or for good with 'minusone service install'."

_COLUMNS = (
    Column("id", right=True),
    Column("state"),
    Column("song", yields=True),
    Column("%", right=True),
    Column("what happened", yields=True),
)

_HOW = {
    "inotify": "watched",
    "poll": "looked through now and then",
    "missing": "not there",
}


def summary_lines(overview: Overview) -> list[str]:
    """Say whether the daemon runs, why the queue stands still, and how many jobs there are."""
    status = overview.status
    if overview.running and status is not None:
        since = short_time(status.started_at, overview.at)
        lines = [f"The daemon has been running since {since} (process {status.pid})."]
    else:
        lines = ["The daemon is not running.", HOW_TO_START]
    if overview.paused:
        lines.append("The queue is paused. Let it go on with 'minusone jobs resume'.")
    if overview.running and status is not None and status.waiting:
        lines.append(f"The queue waits: {safe(status.waiting)}")
    counts = [
        f"{overview.counts[state]} {state}" for state in JobState if overview.counts.get(state)
    ]
    lines.append(f"Jobs: {', '.join(counts) or 'none yet'}.")
    return lines


def status_lines(overview: Overview) -> list[str]:
    """Say the same, and what the daemon watches."""
    lines = summary_lines(overview)
    status = overview.status
    if overview.running and status is not None:
        lines.append(f"Library: {safe(status.library)}{_free(status.free_bytes)}")
        for folder in status.folders:
            why = f" ({safe(folder.reason)})" if folder.reason else ""
            lines.append(f"Inbox: {safe(folder.path)}, {_HOW.get(folder.how, folder.how)}{why}")
    return lines


def table_lines(jobs: Sequence[Job], now: float, width: int) -> list[str]:
    """Lay out one line per job, with a head; nothing for no jobs."""
    if not jobs:
        return []
    rows = [
        [str(job.id), str(job.state), song_name(job), _percent(job), happened(job, now)]
        for job in jobs
    ]
    return lay_out(_COLUMNS, rows, width)


def overview_lines(overview: Overview, width: int) -> list[str]:
    """Lay out all of `minusone jobs`."""
    lines = [piece for line in summary_lines(overview) for piece in textwrap.wrap(line, width)]
    table = table_lines(overview.jobs, overview.at, width)
    if table:
        lines += ["", *table]
    if overview.hidden:
        lines.append(f"... and {overview.hidden} more, which --all shows.")
    return lines


def song_name(job: Job) -> str:
    """Name a job's song: `Artist - Title`, or its title alone."""
    facts = job.facts
    return f"{facts.artist} - {facts.title}" if facts.artist else facts.title


def happened(job: Job, now: float) -> str:
    """Say in a few words where a job stands."""
    if job.state is JobState.RUNNING:
        return _at_work(job)
    if job.state is JobState.QUEUED:
        return _waiting(job, now)
    when = short_time(job.finished_at, now)
    if job.state is JobState.DONE:
        took = ""
        if job.started_at is not None and job.finished_at is not None:
            took = f" in {clock(job.finished_at - job.started_at)}"
        track = f"track {job.track_id}" if job.track_id is not None else "removed since"
        return f"{when}{took}, {track}"
    if job.state is JobState.CANCELLED and not job.error_title:
        return when
    return job.error_title or "for no known reason"


def detail_lines(job: Job, events: Iterable[Event], now: float) -> list[str]:
    """Say everything about one job."""
    facts = job.facts
    length = "" if facts.duration is None else clock(facts.duration)
    shape = "" if facts.codec is None else f"{facts.codec}, {facts.rate} Hz, {facts.channels} ch"
    # Words as people read them; what is empty is left out.
    rows = [
        ("state", str(job.state)),
        ("now", "" if job.state is JobState.FAILED else happened(job, now)),
        ("album", facts.album),
        ("length", length),
        ("original", str(job.source)),
        ("file", f"{size(job.file.size)}{', ' * bool(shape)}{shape}"),
        ("sha256", job.sha256 or "could not be read"),
        ("came in by", "minusone add" if job.origin == "added" else "an inbox"),
        ("priority", str(job.priority) if job.priority else ""),
        ("model", job.model or "as configured"),
        ("preset", job.preset or "as configured"),
        ("again", "yes: what the library has is replaced" if job.replace else ""),
        ("backend", job.backend or ""),
        ("attempts", _attempts(job)),
        ("queued", local_time(job.queued_at)),
        ("started", "" if job.started_at is None else local_time(job.started_at)),
        ("ended", "" if job.finished_at is None else local_time(job.finished_at)),
        ("track", "" if job.track_id is None else f"{job.track_id}: {_show_track(job.track_id)}"),
        ("error", job.error_title or ""),
        *(("", line) for line in (job.error_detail or "").splitlines()),
    ]
    lines = [f"Job {job.id}: {safe(song_name(job))}"]
    lines += [f"  {name:<12}{safe(value)}" for name, value in rows if value]
    log = [f"    {local_time(event.at)}  {event.level:<7}  {safe(event.text)}" for event in events]
    return [*lines, "  log", *log] if log else lines


def one_line(job: Job, now: float) -> str:
    """Say where a job stands, for a log of changes."""
    percent = _percent(job)
    parts = [str(job.state), f"{percent} %" if percent else "", happened(job, now)]
    return safe(f"Job {job.id}, {song_name(job)}: {' '.join(part for part in parts if part)}")


def _free(octets: int | None) -> str:
    return "" if octets is None else f", {octets / 1e9:.1f} GB free"


def _at_work(job: Job) -> str:
    if job.cancel_requested:
        return "is being cancelled"
    pace = "" if job.realtime_factor is None else f", {speed(job.realtime_factor)}"
    return f"{job.stage or 'starting'}{pace}"


def _waiting(job: Job, now: float) -> str:
    reason = job.error_title or ""
    if job.not_before > now:
        again = f"tried again in {clock(job.not_before - now)}"
        return f"{again}: {reason}" if reason else again
    return reason or "waits for its turn"


def _percent(job: Job) -> str:
    return f"{100 * job.progress:.0f}" if job.state is JobState.RUNNING else ""


def _attempts(job: Job) -> str:
    parts = [f"{job.failures} failed"] * bool(job.failures)
    parts += [f"{job.deaths} ended by the death of the worker"] * bool(job.deaths)
    return f"{job.attempts}{' (' * bool(parts)}{', '.join(parts)}{')' * bool(parts)}"


def _show_track(track: int) -> str:
    return f"see 'minusone library show {track}'"
