"""What the daemon and its child processes say to each other: one JSON object per line."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from core.store.records import NewTrack, SongFacts, Stem


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks what a song says about itself; answered by `Probed` or `Failed`."""

    path: str


@dataclass(frozen=True, slots=True)
class Separate:
    """Asks for the stems of a song; answered by `Progressed`..., then `Separated` or `Failed`.

    Attributes
    ----------
    job
        Repeated in every answer.
    source
        The song.
    staging
        An empty folder to be filled.
    facts
        What probing it has told.
    model, preset, backend, threads, codec, bits, bitrate, stems
        As in `core.separation.separator`.
    """

    job: int
    source: str
    staging: str
    facts: SongFacts
    model: str
    preset: str
    backend: str
    threads: int | None
    codec: str
    bits: int
    bitrate: int | None
    stems: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Asks to stop the job; answered by `Stopped`."""

    job: int


@dataclass(frozen=True, slots=True)
class Probed:
    """A song can be separated, and this is what is known of it."""

    facts: SongFacts


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a job is; `progress` from 0 to 1."""

    job: int
    stage: str
    progress: float
    realtime_factor: float | None


@dataclass(frozen=True, slots=True)
class Separated:
    """The staging folder is complete and on the disk.

    Attributes
    ----------
    track
        What is in it; its `folder` is still empty.
    backend_reason
        Why this backend and no other.
    seconds
        Wall time of the separation.
    warnings
        Sentences for the user.
    """

    job: int
    track: NewTrack
    backend_reason: str
    seconds: float
    realtime_factor: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be done.

    Attributes
    ----------
    kind
        Name of the error's class.
    transient
        Whether the same attempt may succeed later: a full disk, an unplugged drive.
    """

    kind: str
    title: str
    detail: str
    transient: bool
    job: int | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """A job was given up because that was asked for; nothing of it is left."""

    job: int


Request = Probe | Separate | Cancel
Reply = Probed | Progressed | Separated | Failed | Stopped

_REQUESTS: dict[str, type[Request]] = {kind.__name__: kind for kind in (Probe, Separate, Cancel)}
_REPLIES: dict[str, type[Reply]] = {
    kind.__name__: kind for kind in (Probed, Progressed, Separated, Failed, Stopped)
}
_Kind = TypeVar("_Kind")


def encode(message: Request | Reply) -> bytes:
    """Write a message as one line; names with bytes that are no UTF-8 survive."""
    text = json.dumps({"": type(message).__name__, **asdict(message)}, ensure_ascii=True)
    return text.encode("ascii") + b"\n"


def decode_request(line: bytes) -> Request:
    """Read a request; raises ValueError, KeyError or TypeError for anything else."""
    return _decode(line, _REQUESTS)


def decode_reply(line: bytes) -> Reply:
    """Read a reply; raises ValueError, KeyError or TypeError for anything else."""
    return _decode(line, _REPLIES)


def _decode(line: bytes, kinds: dict[str, type[_Kind]]) -> _Kind:
    values: dict[str, Any] = json.loads(line)
    kind = kinds[values.pop("")]
    for name, build in (("facts", _facts), ("track", _track)):
        if name in values:
            values[name] = build(values[name])
    return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})


def _facts(values: dict[str, Any]) -> SongFacts:
    return SongFacts(**values)


def _track(values: dict[str, Any]) -> NewTrack:
    known = {field.name for field in fields(NewTrack)}
    values = {key: value for key, value in values.items() if key in known}
    values["stems"] = tuple(Stem(**stem) for stem in values["stems"])
    values["lyrics"] = tuple(values["lyrics"])
    return NewTrack(**values)
