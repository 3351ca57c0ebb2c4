"""Separates songs with known stems by several presets and scores the results."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.catalog.registry import find_model
from core.errors import UsageError
from core.evaluation.metrics import sdr, si_sdr, si_sir
from core.evaluation.songs import TrueSong, find_songs, load_song
from core.separation.presets import PRESETS, find_preset
from core.separation.separator import DEFAULT_MODEL, Separator

REFERENCE_PRESET = "spleeter"


@dataclass(frozen=True, slots=True)
class StemScore:
    """How good one stem of one song became; every figure in dB, None where it is not defined."""

    sdr: float | None
    si_sdr: float | None
    sir: float | None


@dataclass(frozen=True, slots=True)
class SongScore:
    """One song separated by one preset.

    Attributes
    ----------
    song, preset
        Their names.
    duration
        Length of the song, seconds.
    seconds, cpu_seconds
        Wall and processor time of the separation, without loading the model.
    stems
        Stem name -> score, for every stem whose truth is known.
    """

    song: str
    preset: str
    duration: float
    seconds: float
    cpu_seconds: float
    stems: Mapping[str, StemScore]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """All scores of a run.

    Attributes
    ----------
    model, reference
        Name of the model, and of the preset that the others are compared with.
    presets
        In the order of the request; the reference is among them.
    stems
        Of the model.
    gain
        Level change of the songs before their separation, dB; it was undone before scoring.
    scores
        Song by song, within a song preset by preset.
    notes
        Song name -> what there is to know about its true stems.
    """

    model: str
    reference: str
    presets: tuple[str, ...]
    stems: tuple[str, ...]
    gain: float
    scores: tuple[SongScore, ...]
    notes: Mapping[str, tuple[str, ...]]


def measure_quality(
    folder: Path,
    presets: Sequence[str] = tuple(PRESETS),
    *,
    model: str = DEFAULT_MODEL,
    reference: str = REFERENCE_PRESET,
    backend: str = "auto",
    threads: int | None = None,
    gain: float = 0.0,
    progress: Callable[[SongScore], None] | None = None,
) -> QualityReport:
    """Separate every song of a folder by every preset.

    Parameters
    ----------
    folder
        As `core.evaluation.songs.LAYOUT` describes.
    presets
        Names; the reference is added where it is missing.
    model
        Name of an installed model.
    reference
        The preset that the others are compared with.
    backend, threads
        As in `Separator`.
    gain
        Makes the songs louder or softer before they are separated, dB: a separation should not
        depend on the level of the recording.
    progress
        Called after every separation.

    Raises
    ------
    UsageError
        No songs were found, or there is no preset of that name.
    AudioError, ModelError, BackendError
        See `core.errors`.
    """
    names = tuple(dict.fromkeys([reference, *presets]))
    for name in names:
        find_preset(name)
    if not np.isfinite(gain):
        raise UsageError(f"A gain of {gain} dB makes no sense.", "Give a number, for example -18.")
    spec = find_model(model).spec
    scores: list[SongScore] = []
    notes: dict[str, tuple[str, ...]] = {}
    for found in find_songs(folder):
        song = load_song(found, spec.stems, spec.residual)
        notes[song.name] = song.notes
        # All presets one after the other, song by song: a machine that gets slower or busier
        # during the run then slows all of them alike.
        for preset in names:
            with Separator(model, preset=preset, backend=backend, threads=threads) as separator:
                score = _score(separator, song, gain)
            scores.append(score)
            if progress is not None:
                progress(score)
    return QualityReport(model, reference, names, spec.stems, gain, tuple(scores), notes)


def _score(separator: Separator, song: TrueSong, gain: float) -> SongScore:
    factor = np.float32(10.0 ** (gain / 20.0))
    separator.load()
    wall, cpu = time.perf_counter(), time.process_time()
    stems = separator.separate(song.mixture * factor, song.rate)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    complete = len(song.stems) == len(separator.stems)
    return SongScore(
        song=song.name,
        preset=separator.preset,
        duration=len(song.mixture) / song.rate,
        seconds=wall,
        cpu_seconds=cpu,
        stems={
            stem: StemScore(
                sdr=sdr(estimate := stems[stem].samples / factor, truth),
                si_sdr=si_sdr(estimate, truth),
                # The others' shares cannot be told apart where one of them is unknown.
                sir=si_sir(estimate, song.stems, stem) if complete else None,
            )
            for stem, truth in song.stems.items()
        },
    )
