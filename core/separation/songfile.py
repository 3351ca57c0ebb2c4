"""One song file into stem files: survey, separate, write. Read this to follow a song."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from core.audio.decode import open_audio
from core.audio.encode import OutputFormat
from core.audio.filenames import display_name, display_path
from core.audio.tags import read_tags
from core.errors import OutputError
from core.separation.backend import LoadedNetwork
from core.separation.network import Network
from core.separation.outputs import Existing, StemWriters, stem_paths
from core.separation.presets import Preset
from core.separation.progress import Progress, ProgressCallback, Stage
from core.separation.split import SongSplitter, StemBlock
from core.separation.survey import READ_FRAMES, Survey, survey_song


@dataclass(frozen=True, slots=True)
class FileRequest:
    """What is wanted of one song file; fields as in `Separator.separate_file`."""

    song: Path
    output: Path
    stems: tuple[str, ...]
    output_format: OutputFormat
    offset: float
    duration: float | None
    filename_format: str
    existing: Existing


@dataclass(frozen=True, slots=True)
class Separation:
    """What became of one song file.

    Attributes
    ----------
    input
        The song.
    outputs
        File of each stem.
    skipped
        True when the files were there already and nothing was done.
    duration
        Length of what was separated, seconds; 0 when skipped.
    seconds
        Wall time it took, loading the model included where that was waited for.
    realtime_factor
        duration / seconds; 0 when skipped.
    backend, backend_reason
        What ran the network, and why not the other; empty when skipped.
    model, preset
        Their names.
    warnings
        Sentences for the user.
    stage_seconds
        Wall seconds of each stage.
    """

    input: Path
    outputs: dict[str, Path]
    skipped: bool
    duration: float
    seconds: float
    realtime_factor: float
    backend: str
    backend_reason: str
    model: str
    preset: str
    warnings: tuple[str, ...]
    stage_seconds: dict[str, float]


def separate_song(
    request: FileRequest,
    preset: Preset,
    model: str,
    begin_loading: Callable[[], Future[LoadedNetwork]],
    executor: Executor,
    workers: Executor,
    progress: ProgressCallback | None,
) -> Separation:
    """Do what `Separator.separate_file` promises.

    Parameters
    ----------
    request
        The song and where its stems go.
    preset
        The signal path.
    model
        Name of the model.
    begin_loading
        Starts loading the network, or returns it as it is loaded.
    executor, workers
        Where patches, and the channels of one patch, are worked on.
    progress
        Told how far the song is.
    """
    clock = _Clock(progress)
    paths = stem_paths(
        request.song,
        request.output,
        request.stems,
        request.output_format,
        request.filename_format,
    )
    _refuse_overwriting_the_song(request.song, paths)
    present = [path for path in paths.values() if path.exists()]
    if request.existing is Existing.SKIP and len(present) == len(paths):
        return _skipped(request, paths, model, preset)
    if request.existing is Existing.ERROR and present:
        raise OutputError(
            f"{display_path(present[0])} is there already.",
            "Use --overwrite to replace it or --skip-existing to leave it.",
        )

    loading = begin_loading()
    clock.begin(Stage.READING)
    survey = survey_song(request.song, request.offset, request.duration, clock.report)
    tags = read_tags(request.song)
    loaded = loading.result()

    clock.begin(Stage.SEPARATING)
    with StemWriters(
        paths, request.output_format, survey.rate, survey.channels, tags, request.song.stem
    ) as writers:
        _separate(request, survey, preset, loaded.network, (executor, workers), writers, clock)
        clock.begin(Stage.WRITING)
        clock.report(survey.frames / survey.rate, survey.frames / survey.rate)
    seconds = clock.end()
    duration = survey.frames / survey.rate
    warnings = [*survey.warnings, *([tags.warning] if tags.warning else []), *writers.warnings()]
    return Separation(
        input=request.song,
        outputs=paths,
        skipped=False,
        duration=duration,
        seconds=seconds,
        realtime_factor=duration / seconds,
        backend=str(loaded.backend),
        backend_reason=loaded.reason,
        model=model,
        preset=preset.name,
        warnings=tuple(warnings),
        stage_seconds=dict(clock.stages),
    )


def _separate(
    request: FileRequest,
    survey: Survey,
    preset: Preset,
    network: Network,
    executors: tuple[Executor, Executor],
    writers: StemWriters,
    clock: "_Clock",
) -> None:
    splitter = SongSplitter(
        network,
        preset,
        request.stems,
        survey.rate,
        survey.channels,
        survey.frames,
        survey.level,
        *executors,
    )
    done, total = 0, survey.frames / survey.rate

    def write(block: StemBlock) -> None:
        nonlocal done
        for stem, samples in block.items():
            writers.write(stem, samples)
        done += len(next(iter(block.values())))
        clock.report(done / survey.rate, total)

    missing = survey.frames
    with open_audio(request.song, offset=request.offset, duration=request.duration) as reader:
        same = (reader.rate, reader.channels) == (survey.rate, survey.channels)
        while same and missing and len(samples := reader.read(min(READ_FRAMES, missing))):
            missing -= len(samples)
            write(splitter.feed(samples))
    if missing:
        raise OutputError(
            f"{display_name(request.song)} changed while it was being separated.",
            "Separate it again when nothing writes to it any more.",
        )
    write(splitter.finish())


def _refuse_overwriting_the_song(song: Path, paths: dict[str, Path]) -> None:
    for path in paths.values():
        if path.exists() and song.exists() and path.samefile(song):
            raise OutputError(
                f"The stem {display_name(path)} would replace the song itself.",
                "Choose another output folder or file name pattern.",
            )


def _skipped(
    request: FileRequest, paths: dict[str, Path], model: str, preset: Preset
) -> Separation:
    return Separation(
        input=request.song,
        outputs=paths,
        skipped=True,
        duration=0.0,
        seconds=0.0,
        realtime_factor=0.0,
        backend="",
        backend_reason="",
        model=model,
        preset=preset.name,
        warnings=(),
        stage_seconds={},
    )


class _Clock:
    """Times the stages of one song and reports progress."""

    def __init__(self, progress: ProgressCallback | None) -> None:
        self._progress = progress
        self._start = self._since = time.monotonic()
        self._separating: float | None = None
        self._stage = Stage.READING
        self.stages: dict[str, float] = {}

    def begin(self, stage: Stage) -> None:
        now = time.monotonic()
        self._close(now)
        self._stage = stage
        if stage is Stage.SEPARATING:
            self._separating = now

    def report(self, done: float, total: float) -> None:
        if self._progress is not None:
            now = time.monotonic()
            separating = 0.0 if self._separating is None else now - self._separating
            shown = 0.0 if self._stage is Stage.READING else done
            self._progress(Progress(self._stage, shown, total, now - self._start, separating))

    def end(self) -> float:
        now = time.monotonic()
        self._close(now)
        return now - self._start

    def _close(self, now: float) -> None:
        spent = self.stages.get(self._stage, 0.0) + now - self._since
        self.stages[str(self._stage)] = spent
        self._since = now
