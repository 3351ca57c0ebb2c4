"""In the worker: one song into a complete track folder, with a model that stays loaded."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.audio.decode import open_audio
from core.audio.formats import Codec, OutputFormat
from core.audio.partfile import output_error
from core.audio.reader import SHORTFALL_SECONDS
from core.audio.tags import Tags, read_tags
from core.errors import OutputError
from core.library.sidecars import carry_sidecars, write_cover
from core.separation.outputs import Existing
from core.separation.progress import Progress
from core.separation.separator import Separator
from core.separation.songfile import Separation
from core.store.records import NewTrack, Stem
from daemon.messages import Progressed, Separate, Separated

_NAMES = "{instrument}.{codec}"

# Steps of progress that are worth a message; and seconds after which one is due in any case, so
# that the daemon hears that this process lives.
_STEP = 0.01
_SILENCE = 1.0


@dataclass(frozen=True, slots=True)
class _Setup:
    """What a loaded separator was made for."""

    model: str
    preset: str
    backend: str
    threads: int | None


class Separating:
    """Keeps the separator of the last song for the next one.

    Parameters
    ----------
    check
        Called often with the job's number; raises when it is to be given up.
    tell
        Takes reports of progress.
    """

    def __init__(self, check: Callable[[int], None], tell: Callable[[Progressed], None]) -> None:
        self._check = check
        self._tell = tell
        self._setup: _Setup | None = None
        self._separator: Separator | None = None

    def separate(self, request: Separate) -> Separated:
        """Fill the staging folder of a request.

        Raises
        ------
        MinusoneError
            As `Separator.separate_file`; the staging folder may be left with part of it.
        """
        source, staging = Path(request.source), Path(request.staging)
        output_format = OutputFormat(Codec(request.codec), request.bits, request.bitrate)
        told = _Told(request.job, self._tell)

        def progress(state: Progress) -> None:
            self._check(request.job)
            told.tell(state)

        self._check(request.job)
        with _held(staging):
            separation = self._loaded(request).separate_file(
                source,
                staging,
                stems=request.stems,
                output_format=output_format,
                filename_format=_NAMES,
                existing=Existing.OVERWRITE,
                progress=progress,
            )
        self._check(request.job)
        examined = [
            _examined(stem, path, output_format, separation.duration)
            for stem, path in separation.outputs.items()
        ]
        tags = read_tags(source)
        cover = None
        if tags.cover is not None:
            cover = write_cover(tags.cover.data, tags.cover.mime, staging)
        carried = carry_sidecars(source, staging, has_cover=cover is not None)
        _sync_folder(staging)
        return Separated(
            job=request.job,
            track=_track(
                request, separation, examined, tags, cover or carried.cover, carried.lyrics
            ),
            backend_reason=separation.backend_reason,
            seconds=separation.seconds,
            realtime_factor=separation.realtime_factor,
            warnings=(*separation.warnings, *carried.warnings),
        )

    def close(self) -> None:
        """Give the model back."""
        if self._separator is not None:
            self._separator.close()
            self._separator = None

    def _loaded(self, request: Separate) -> Separator:
        setup = _Setup(request.model, request.preset, request.backend, request.threads)
        if self._separator is None or setup != self._setup:
            # Two models at once would double the memory.
            self.close()
            self._separator = Separator(
                setup.model, preset=setup.preset, backend=setup.backend, threads=setup.threads
            )
            self._setup = setup
        return self._separator


class _Told:
    """Passes on progress when there is something new to say."""

    def __init__(self, job: int, tell: Callable[[Progressed], None]) -> None:
        self._job = job
        self._tell = tell
        self._last: tuple[str, int] | None = None
        self._told_at = 0.0

    def tell(self, state: Progress) -> None:
        step = (str(state.stage), int(state.fraction / _STEP))
        now = time.monotonic()
        if step != self._last or now - self._told_at >= _SILENCE:
            self._last, self._told_at = step, now
            self._tell(Progressed(self._job, step[0], state.fraction, state.realtime_factor))


@dataclass(frozen=True, slots=True)
class _Examined:
    """A stem that can be played; rate in Hz."""

    stem: Stem
    rate: int
    channels: int


def _examined(name: str, path: Path, fmt: OutputFormat, duration: float) -> _Examined:
    """Look at a stem as somebody who wants to play it would, before anybody calls it done."""
    with open_audio(path) as reader:
        frames, rate, channels = reader.info.frames, reader.info.rate, reader.channels
    # Lossy formats announce estimates; their writer has counted the samples itself.
    if not fmt.codec.is_lossy and frames is not None:
        missing = duration - frames / rate
        if missing > SHORTFALL_SECONDS:
            raise OutputError(
                f"The stem {name} came out {missing:.1f} s too short.",
                "The disk may be failing or full: check it, then retry the job.",
            )
    stem = Stem(name, path.name, str(fmt.codec), path.stat().st_size)
    return _Examined(stem, rate, channels)


def _track(
    request: Separate,
    separation: Separation,
    examined: list[_Examined],
    tags: Tags,
    cover: str | None,
    lyrics: tuple[str, ...],
) -> NewTrack:
    return NewTrack(
        sha256="",
        folder="",
        title=request.facts.title,
        artist=request.facts.artist,
        album=request.facts.album,
        date=_first(tags, "date"),
        genre=", ".join(tags.fields.get("genre", ())),
        duration=separation.duration,
        rate=examined[0].rate,
        channels=examined[0].channels,
        bpm=_number(_first(tags, "bpm")),
        key=_first(tags, "key") or None,
        source_name=os.fsencode(Path(request.source).name).decode("utf-8", "replace"),
        model=separation.model,
        preset=separation.preset,
        backend=separation.backend,
        stems=tuple(one.stem for one in examined),
        cover=cover,
        lyrics=lyrics,
    )


def _first(tags: Tags, name: str) -> str:
    return next(iter(tags.fields.get(name, ())), "")


def _number(text: str) -> float | None:
    with contextlib.suppress(ValueError):
        value = float(text.replace(",", "."))
        if 0 < value < 1000:
            return value
    return None


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep a folder's disk from being unmounted while nothing on it is open yet."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as exc:
        raise output_error(folder, exc) from exc
    try:
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    # Network file systems may not sync a folder; its files are safe by then.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
