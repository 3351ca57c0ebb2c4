"""What the database holds, as the program sees it: frozen records and the states they can be in."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class JobState(StrEnum):
    """Where a job stands; the database checks the same words."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to such a job by itself."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Origin(StrEnum):
    """How a song came in."""

    INBOX = "inbox"
    """It was dropped into a watched folder."""
    ADDED = "added"
    """Somebody named it: `minusone add`, or the interface."""


class Outcome(StrEnum):
    """What became of a file in an inbox."""

    JOB = "job"
    DUPLICATE = "duplicate"
    """Its content is in the library, or on its way there, under another name."""
    IGNORED = "ignored"
    """It is no song."""


class Original(StrEnum):
    """What became of a song's own file after its separation."""

    PENDING = "pending"
    """It is to be moved or trashed, which has not happened yet."""
    KEPT = "kept"
    MOVED = "moved"
    TRASHED = "trashed"


class Level(StrEnum):
    """How much a line of the log matters."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells whether a file has changed.

    Attributes
    ----------
    size
        Bytes.
    mtime_ns
        Time of the last change, nanoseconds.
    inode
        Number of the file in its file system.
    """

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class SongFacts:
    """What is known of a song before it is separated.

    Attributes
    ----------
    title
        From its tags, else from its file name; never empty.
    artist, album
        Empty when unknown.
    duration
        Announced length, seconds; None when nothing is announced.
    rate, channels
        Of the file, Hz; None when it could not be opened.
    codec
        Such as ``"mp3"``; None when it could not be opened.
    """

    title: str
    artist: str = ""
    album: str = ""
    duration: float | None = None
    rate: int | None = None
    channels: int | None = None
    codec: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be entered.

    Attributes
    ----------
    source
        Absolute path of the original.
    state
        Size and times of the original when it was read.
    sha256
        Of its bytes, 64 hexadecimal digits; None when it could not be read.
    mount
        Which file system it is on; see `core.mounts`.
    facts
        What its header and tags say.
    origin, priority
        Higher priorities go first.
    model, preset
        None: what the configuration says when the job is begun.
    replace
        Separate it although the library has it; its folder is replaced.
    """

    source: Path
    state: FileState
    sha256: str | None
    facts: SongFacts
    origin: Origin
    mount: str = ""
    priority: int = 0
    model: str | None = None
    preset: str | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the queue or of its history; times are Unix seconds.

    Attributes
    ----------
    attempts
        Times it was claimed.
    failures
        Of these, ended by an error that may pass (a full disk, say).
    deaths
        Of these, ended by the death of the worker.
    not_before
        It is not claimed earlier.
    cancel_requested
        It runs, and somebody wants it to stop.
    worker
        Who runs it; None unless running.
    progress
        0 to 1.
    folder
        Library-relative folder that it is about to be published in; None otherwise.
    error_title, error_detail
        What happened and what to do, of the last error.
    """

    id: int
    state: JobState
    origin: Origin
    priority: int
    source: Path
    file: FileState
    sha256: str | None
    mount: str
    facts: SongFacts
    model: str | None
    preset: str | None
    replace: bool
    attempts: int
    failures: int
    deaths: int
    not_before: float
    cancel_requested: bool
    worker: str | None
    heartbeat_at: float | None
    stage: str | None
    progress: float
    realtime_factor: float | None
    backend: str | None
    folder: str | None
    track_id: int | None
    original: Original | None
    error_title: str | None
    error_detail: str | None
    queued_at: float
    started_at: float | None
    finished_at: float | None


@dataclass(frozen=True, slots=True)
class Stem:
    """One file of a track.

    Attributes
    ----------
    name
        As the model calls it.
    file
        Its name in the track's folder.
    codec
        Such as ``"flac"``.
    bytes
        Its size.
    """

    name: str
    file: str
    codec: str
    bytes: int


@dataclass(frozen=True, slots=True)
class NewTrack:
    """A track whose folder is complete.

    Attributes
    ----------
    sha256
        Of the original's bytes.
    folder
        Relative to the library, with forward slashes.
    title, artist, album, date, genre
        Empty when unknown, but for the title.
    duration
        Seconds.
    rate
        Of the stems, Hz.
    channels
        Of the stems.
    bpm, key
        As tagged or measured; None when unknown.
    source_name
        File name of the original, for people.
    cover, lyrics
        Names of files in the folder.
    model, preset, backend
        What separated it.
    stems
        In the model's order.
    """

    sha256: str
    folder: str
    title: str
    duration: float
    rate: int
    channels: int
    source_name: str
    model: str
    preset: str
    backend: str
    stems: tuple[Stem, ...]
    artist: str = ""
    album: str = ""
    date: str = ""
    genre: str = ""
    bpm: float | None = None
    key: str | None = None
    cover: str | None = None
    lyrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """A song in the library; fields as in `NewTrack`, `added_at` in Unix seconds."""

    id: int
    sha256: str
    folder: str
    title: str
    artist: str
    album: str
    date: str
    genre: str
    duration: float
    rate: int
    channels: int
    bpm: float | None
    key: str | None
    source_name: str
    cover: str | None
    lyrics: tuple[str, ...]
    model: str
    preset: str
    backend: str
    added_at: float
    stems: tuple[Stem, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Source:
    """An inbox file that has been dealt with."""

    path: Path
    file: FileState
    sha256: str | None
    outcome: Outcome
    job_id: int | None
    track_id: int | None
    reason: str
    seen_at: float


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a job's log, or of the daemon's own where `job_id` is None."""

    id: int
    job_id: int | None
    at: float
    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """An inbox and how it is watched.

    Attributes
    ----------
    path
        The folder.
    how
        ``"inotify"``, ``"poll"`` or ``"missing"``.
    reason
        Why it is polled or missing; empty otherwise.
    """

    path: Path
    how: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """What the daemon said last about itself; times are Unix seconds.

    Attributes
    ----------
    stopped_at
        None while it runs, and when it was killed: `heartbeat_at` tells the two apart.
    waiting
        Why the queue stands still; empty when it does not.
    free_bytes
        On the library's disk.
    """

    pid: int
    host: str
    version: str
    started_at: float
    heartbeat_at: float
    stopped_at: float | None
    waiting: str
    folders: tuple[WatchedFolder, ...]
    library: Path
    free_bytes: int | None
