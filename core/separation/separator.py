"""The separator: a model that stays loaded, and the songs that go through it."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from core.audio.encode import Codec, OutputFormat
from core.audio.waveform import Samples, Waveform
from core.catalog.registry import find_model
from core.errors import AudioError, UsageError
from core.separation.backend import Backend, LoadedNetwork, default_threads, load_network
from core.separation.level import LevelMeter
from core.separation.masks import MaskExtension
from core.separation.outputs import DEFAULT_PATTERN, Existing
from core.separation.presets import (
    DEFAULT_PRESET,
    Bandwidth,
    Overrides,
    apply_overrides,
    find_preset,
)
from core.separation.progress import Progress, ProgressCallback, Stage
from core.separation.songfile import FileRequest, Separation, separate_song
from core.separation.split import SongSplitter, StemBlock
from core.separation.survey import READ_FRAMES

DEFAULT_MODEL = "spleeter-2stems"


@dataclass(frozen=True, slots=True)
class PartialStems:
    """A piece of a running separation, from `Separator.iter_separate`.

    Attributes
    ----------
    stems
        The next samples of each stem: name -> (n, channels) float32, all of one n (may be 0).
    progress
        How far the song is.
    """

    stems: StemBlock
    progress: Progress


class Separator:
    """Separates songs into stems; a context manager.

    The model is loaded at the first song and kept for the next ones. One separator works on one
    song at a time; give each thread its own.

    Parameters
    ----------
    model
        Name of an installed model.
    preset
        `spleeter`, `fast`, `balanced` or `best`; see `core.separation.presets`.
    backend
        `cpu`, `gpu`, or `auto` for the faster one.
    threads
        Processor threads; None uses all cores that this process may use.
    bandwidth
        Overrides the preset: how much of the spectrum the network sees, `11k`, `16k` or `full`.
    mask_extension
        Overrides the preset: what is kept above that, `zeros`, `average` or `edge`.
    mwf
        Overrides the preset: whether the multichannel Wiener filter is used.
    overlap
        Overrides the preset: frames that neighbouring patches share, 0 or more.

    Raises
    ------
    UsageError
        An option has no such value.
    ModelError
        There is no model of that name.

    Examples
    --------
    >>> with Separator() as separator:                              # doctest: +SKIP
    ...     result = separator.separate_file(Path("song.mp3"), Path("stems"))
    ...     print(result.outputs["vocals"], result.realtime_factor)
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        *,
        preset: str = DEFAULT_PRESET,
        backend: str = Backend.AUTO,
        threads: int | None = None,
        bandwidth: str | None = None,
        mask_extension: str | None = None,
        mwf: bool | None = None,
        overlap: int | None = None,
    ) -> None:
        self._entry = find_model(model)
        overrides = Overrides(
            None if bandwidth is None else _choice(Bandwidth, bandwidth, "bandwidth"),
            None if mask_extension is None else _choice(MaskExtension, mask_extension, "extension"),
            mwf,
            overlap,
        )
        self._preset = apply_overrides(find_preset(preset), overrides)
        self._backend = _choice(Backend, backend, "backend")
        if threads is not None and threads < 1:
            raise UsageError(f"{threads} threads cannot separate anything.", "Give 1 or more.")
        self._threads = threads or default_threads()
        # Patches of two passes can be under way, each with its two channels side by side.
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="patch")
        self._workers = ThreadPoolExecutor(min(2, self._threads), thread_name_prefix="channel")
        self._loading: Future[LoadedNetwork] | None = None
        self._lock = threading.Lock()

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the stems that the model knows, in its order."""
        return self._entry.spec.stems

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._entry.name

    @property
    def preset(self) -> str:
        """Name of the preset."""
        return self._preset.name

    def load(self) -> LoadedNetwork:
        """Load the model now, if it is not loaded yet, and return it.

        Raises
        ------
        ModelError, BackendError
            The model is damaged, or cannot run on the backend that was asked for.
        """
        return self._begin_loading().result()

    def separate_file(
        self,
        song: Path | str,
        output: Path | str,
        *,
        stems: Sequence[str] | None = None,
        output_format: OutputFormat | None = None,
        offset: float = 0.0,
        duration: float | None = None,
        filename_format: str = DEFAULT_PATTERN,
        existing: Existing = Existing.ERROR,
        progress: ProgressCallback | None = None,
    ) -> Separation:
        """Separate a song file into stem files.

        Memory does not grow with the length of the song. The files appear when all are whole.

        Parameters
        ----------
        song
            Any audio file, or a video with sound.
        output
            The folder that the pattern starts from; it is made.
        stems
            Which stems to write; None writes all.
        output_format
            None writes 16-bit WAV, as the reference does.
        offset, duration
            Which part of the song, seconds; None reads to the end.
        filename_format
            Pattern with `{filename}`, `{instrument}`, `{codec}`, `{foldername}`.
        existing
            What happens to stems that are there already.
        progress
            Called often, from this thread.

        Raises
        ------
        AudioError, OutputError, ModelError, BackendError, UsageError
            See `core.errors`; no file is left behind.
        """
        request = FileRequest(
            song=Path(song),
            output=Path(output),
            stems=self._choose(stems),
            output_format=output_format or OutputFormat(Codec.WAV, bits=16),
            offset=offset,
            duration=duration,
            filename_format=filename_format,
            existing=existing,
        )
        return separate_song(
            request,
            self._preset,
            self._entry.name,
            self._begin_loading,
            self._executor,
            self._workers,
            progress,
        )

    def separate(
        self,
        samples: Samples,
        rate: int,
        *,
        stems: Sequence[str] | None = None,
        progress: ProgressCallback | None = None,
    ) -> dict[str, Waveform]:
        """Separate a song in memory.

        Parameters
        ----------
        samples
            Shape (frames, channels) with 1 or 2 channels, or (frames,); floating point, full
            scale -1 to 1. Not changed.
        rate
            Its sampling rate, Hz.
        stems
            Which stems to return; None returns all.
        progress
            Called after every piece.

        Returns
        -------
        dict
            Stem name -> `Waveform`, each as long as the input and at its rate.

        Raises
        ------
        AudioError
            The samples are of another shape or type, or hold NaN or infinity.
        """
        parts: dict[str, list[Samples]] = {stem: [] for stem in self._choose(stems)}
        for piece in self.iter_separate(samples, rate, stems=stems):
            for stem, block in piece.stems.items():
                parts[stem].append(block)
            if progress:
                progress(piece.progress)
        return {stem: Waveform(np.concatenate(blocks), rate) for stem, blocks in parts.items()}

    def iter_separate(
        self, samples: Samples, rate: int, *, stems: Sequence[str] | None = None
    ) -> Iterator[PartialStems]:
        """Separate a song in memory piece by piece; parameters as in `separate`.

        Yields
        ------
        PartialStems
            In order; all pieces together are as long as the input.
        """
        begin = time.monotonic()
        song = _checked(samples, rate)
        wanted = self._choose(stems)
        network = self.load().network
        meter = LevelMeter(rate)
        meter.feed(song)
        splitter = SongSplitter(
            network,
            self._preset,
            wanted,
            rate,
            song.shape[1],
            len(song),
            meter.level(),
            self._executor,
            self._workers,
        )
        total, done, separating = len(song) / rate, 0, time.monotonic()

        def piece(block: StemBlock) -> PartialStems:
            nonlocal done
            done += len(next(iter(block.values())))
            now = time.monotonic()
            return PartialStems(
                block,
                Progress(Stage.SEPARATING, done / rate, total, now - begin, now - separating),
            )

        for start in range(0, len(song), READ_FRAMES):
            yield piece(splitter.feed(song[start : start + READ_FRAMES]))
        yield piece(splitter.finish())

    def close(self) -> None:
        """Give back the model's memory. The separator cannot be used afterwards."""
        with self._lock:
            loading, self._loading = self._loading, None
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._workers.shutdown()
        if loading is not None and not loading.cancelled() and loading.exception() is None:
            loading.result().network.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin_loading(self) -> Future[LoadedNetwork]:
        """Load in the background, so that the song's first pass runs meanwhile."""
        with self._lock:
            failed = self._loading is not None and self._loading.done()
            if failed and self._loading is not None and self._loading.exception() is not None:
                self._loading = None
            if self._loading is None:
                bins = self._preset.bandwidth.bins(self._entry.spec.bins)
                self._loading = self._executor.submit(
                    load_network, self._entry, bins, self._backend, self._threads
                )
            return self._loading

    def _choose(self, stems: Sequence[str] | None) -> tuple[str, ...]:
        if stems is None:
            return self.stems
        if isinstance(stems, str):
            stems = [stems]
        unknown = [stem for stem in stems if stem not in self.stems]
        if unknown or not stems:
            asked = ", ".join(map(repr, unknown)) or "nothing"
            raise UsageError(
                f"The model {self.model} has no stem {asked}.",
                f"Its stems: {', '.join(self.stems)}.",
            )
        return tuple(stem for stem in self.stems if stem in stems)


_Choice = TypeVar("_Choice", bound=StrEnum)


def _choice(kind: type[_Choice], value: str, what: str) -> _Choice:
    try:
        return kind(value)
    except ValueError:
        raise UsageError(
            f"There is no {what} {value!r}.", f"Choose from: {', '.join(kind)}."
        ) from None


def _checked(samples: Samples, rate: int) -> Samples:
    array = np.asarray(samples)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.shape[1] not in (1, 2) or not len(array):
        raise AudioError(
            f"Samples of shape {np.shape(samples)} are no song.",
            "Give (frames, channels) with 1 or 2 channels and at least one frame.",
        )
    if not np.issubdtype(array.dtype, np.floating):
        raise AudioError(
            f"Samples of type {array.dtype} cannot be separated.",
            "Convert them to floating point with full scale -1 to 1.",
        )
    if rate <= 0:
        raise AudioError(f"A sampling rate of {rate} Hz makes no sense.", "Give the rate in Hz.")
    with np.errstate(over="ignore"):  # What float32 cannot hold becomes infinity, refused below.
        song = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(song).all():
        raise AudioError("The samples hold NaN or infinity.", "Remove or replace them first.")
    return song
