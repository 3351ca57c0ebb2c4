"""Every key of the configuration: its type, its default, what it takes, and what it does.

The fields below are the one list of keys. Reading, checking, the environment variables and the
example file all follow it.
"""
# ruff: noqa: RUF009
# key() returns a dataclass field, which is what that rule cannot see.

import os
from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypedDict, TypeVar, cast

from core.audio.formats import Codec, OutputFormat
from core.config.places import Environ, default_database
from core.config.values import (
    Context,
    Kind,
    choice,
    flag,
    one_of,
    place,
    seconds,
    several,
    size,
    text,
    unless,
    whole,
    word,
)

T = TypeVar("T")

# The choices stand here as words, so that the daemon need not import what they choose from; a test
# compares them with it.
PRESETS = ("spleeter", "fast", "balanced", "best")
BACKENDS = ("auto", "cpu", "gpu")
BITS = (16, 24, 32)

_MINUTE = 60.0
_HOUR = 3600.0
_DAY = 86400.0


class Watch(StrEnum):
    """How an inbox is watched."""

    AUTO = "auto"
    INOTIFY = "inotify"
    POLL = "poll"


class After(StrEnum):
    """What becomes of a song's own file after its separation."""

    KEEP = "keep"
    MOVE = "move"
    TRASH = "trash"


class IoPriority(StrEnum):
    """How politely a worker uses the disk."""

    IDLE = "idle"
    LOW = "low"
    NORMAL = "normal"


class SeparatorOptions(TypedDict):
    """Arguments of `core.separation.separator.Separator`."""

    model: str
    preset: str
    backend: str
    threads: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One key of the configuration.

    Attributes
    ----------
    section, name
        Where it stands; the section is empty for keys above all sections.
    kind
        What it takes.
    default
        As it would be written in the file.
    meaning
        One sentence.
    computed
        Finds the default where it depends on the environment; None takes `default`.
    """

    section: str
    name: str
    kind: Kind[Any]
    default: object
    meaning: str
    computed: Callable[[Environ], Any] | None

    @property
    def path(self) -> tuple[str, ...]:
        """Where it stands, as a path through the TOML document."""
        return (self.section, self.name) if self.section else (self.name,)

    @property
    def label(self) -> str:
        """What it is called in a message."""
        return f"'{self.name}' in [{self.section}]" if self.section else f"'{self.name}'"

    @property
    def variable(self) -> str:
        """The environment variable that goes before the file."""
        return "_".join(("MINUSONE", *self.path)).upper()

    def default_value(self, environ: Environ) -> Any:
        """Return the default as the program uses it."""
        if self.computed is not None:
            return self.computed(environ)
        return self.kind.read(self.default, Context(Path("/"), environ))


def key(
    kind: Kind[T],
    default: object,
    meaning: str,
    computed: Callable[[Environ], T] | None = None,
) -> T:
    """Declare a field of the settings that is a key of the configuration."""
    made = Key("", "", kind, default, meaning, computed)
    declared = field(default_factory=lambda: made.default_value(os.environ), metadata={"key": made})
    return cast(T, declared)


@dataclass(frozen=True, slots=True)
class InboxSettings:
    """Where songs come in, and what becomes of their files."""

    folders: tuple[Path, ...] = key(
        several(place("a folder"), "a list of folders", os.pathsep),
        ["~/Music/minusone/inbox"],
        "Folders whose songs are separated, with all folders inside them.",
    )
    watch: Watch = key(
        choice(Watch),
        "auto",
        'How they are watched: "inotify", "poll" for network shares, or "auto" to find out.',
    )
    quiet: float = key(
        seconds(0, _HOUR), "5 s", "A file is taken when it has not changed for this long."
    )
    rescan: float = key(
        seconds(1, _DAY), "5 min", "How often the folders are gone through for what was missed."
    )
    poll: float = key(
        seconds(0.1, _HOUR), "10 s", "How often the folders are gone through where they are polled."
    )
    ignore: tuple[str, ...] = key(
        several(text("a pattern"), 'a list of patterns, such as ["*.wav", "demos/"]', os.pathsep),
        [],
        "Names and paths to leave alone, besides hidden files and unfinished downloads.",
    )
    max_size: int | None = key(
        unless(size(), "none"), "4 GB", 'Larger files are left alone; "none" takes all.'
    )
    follow_links: bool = key(
        flag(), False, "Whether links that lead out of the folders are followed."
    )
    after: After = key(
        choice(After),
        "keep",
        'What becomes of a song when its stems are in the library: "keep", "move" or "trash".',
    )
    move_to: Path = key(
        place("a folder"), "~/Music/minusone/originals", 'Where songs go with after = "move".'
    )


@dataclass(frozen=True, slots=True)
class JobSettings:
    """How the queue is worked through."""

    workers: int = key(whole(1, 64), 1, "Songs that are separated at the same time.")
    nice: int = key(whole(0, 19), 10, "How far workers step back behind other programs.")
    io_priority: IoPriority = key(
        choice(IoPriority), "low", 'How workers share the disk: "idle", "low" or "normal".'
    )
    attempts: int = key(
        whole(1, 1000), 8, "Attempts at a song when errors keep coming that may pass (disk full)."
    )
    backoff: float = key(
        seconds(0, _HOUR), "30 s", "Time before the second attempt; doubles, up to 1 h."
    )
    deaths: int = key(
        whole(1, 100), 3, "A song that has killed its worker so many times is given up."
    )
    worker_idle: float = key(
        seconds(0, _DAY), "1 min", "A worker without work keeps its model loaded for this long."
    )
    stall: float = key(
        seconds(1, _DAY), "5 min", "A worker that reports nothing for this long is ended."
    )
    grace: float = key(
        seconds(0, _HOUR), "20 s", "Time that running songs get to finish when the daemon stops."
    )
    reserve: int = key(size(), "2 GB", "The queue waits when less is free on the library's disk.")


@dataclass(frozen=True, slots=True)
class SeparationSettings:
    """How songs are separated, and what is written."""

    model: str = key(
        text("a model's name; 'minusone models list' shows them"),
        "spleeter-2stems",
        "The model; 'minusone models list' shows them.",
    )
    preset: str = key(
        word(PRESETS), "balanced", 'Speed against quality: "spleeter", "fast", "balanced", "best".'
    )
    backend: str = key(
        word(BACKENDS), "auto", 'What runs the model: "cpu", "gpu", or "auto" for the faster one.'
    )
    threads: int | None = key(
        unless(whole(1, 1024), "auto"), "auto", 'Threads of each worker; "auto" uses all cores.'
    )
    format: Codec = key(choice(Codec), "flac", "Kind of file: wav, flac, ogg, opus, mp3 or m4a.")
    bits: int = key(
        one_of(BITS), 16, "Bits of a sample: 16, 24, or 32 (float) for wav; 16 or 24 for flac."
    )
    bitrate: int | None = key(
        unless(whole(1, 9999), "auto"), "auto", "kbit/s for ogg, opus, mp3 and m4a."
    )
    stems: tuple[str, ...] | None = key(
        unless(several(text("a stem"), 'a list of stems, such as ["vocals"]', ","), "all"),
        "all",
        'Which of the model\'s stems are kept: "all", or a list of names.',
    )

    def separator_options(self) -> SeparatorOptions:
        """Return the arguments for a `Separator`."""
        return SeparatorOptions(
            model=self.model, preset=self.preset, backend=self.backend, threads=self.threads
        )

    def output_format(self) -> OutputFormat:
        """Return how stems are written."""
        return OutputFormat(self.format, self.bits, self.bitrate)


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration.

    Attributes
    ----------
    path
        The file that it came from; None without a file.
    warnings
        Sentences about what is odd, but no error.
    """

    library: Path = key(
        place("a folder"), "~/Music/minusone/library", "Where each separated song gets a folder."
    )
    database: Path = key(
        place("a file"),
        "~/.local/state/minusone/minusone.db",
        "The list of songs and jobs; not on a network share.",
        default_database,
    )
    inbox: InboxSettings = field(default_factory=InboxSettings)
    jobs: JobSettings = field(default_factory=JobSettings)
    separation: SeparationSettings = field(default_factory=SeparationSettings)
    path: Path | None = None
    warnings: tuple[str, ...] = ()


SECTIONS: dict[str, type[InboxSettings] | type[JobSettings] | type[SeparationSettings]] = {
    "inbox": InboxSettings,
    "jobs": JobSettings,
    "separation": SeparationSettings,
}


def _keys(section: str, declared: tuple[Field[Any], ...]) -> list[Key]:
    found: list[Key] = []
    for one in declared:
        made = one.metadata.get("key")
        if made is not None:
            found.append(
                Key(section, one.name, made.kind, made.default, made.meaning, made.computed)
            )
    return found


KEYS: tuple[Key, ...] = (
    *_keys("", fields(Settings)),
    *(made for name, kind in SECTIONS.items() for made in _keys(name, fields(kind))),
)
"""Every key, those above all sections first."""
