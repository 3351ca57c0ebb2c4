"""A quality report in a few figures per preset."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

from core.evaluation.quality import QualityReport, SongScore, StemScore


@dataclass(frozen=True, slots=True)
class StemSummary:
    """One stem over all songs, every figure in dB; None where no song has the stem.

    Attributes
    ----------
    stem
        Its name.
    sdr, si_sdr, sir
        Means over the songs for which they are finite.
    sdr_gain, sir_gain
        Mean difference to the reference preset.
    worst_gain
        SDR difference of the song that fares worst against the reference preset.
    worst_song
        That song.
    """

    stem: str
    sdr: float | None
    si_sdr: float | None
    sir: float | None
    sdr_gain: float | None
    sir_gain: float | None
    worst_gain: float | None
    worst_song: str | None


@dataclass(frozen=True, slots=True)
class PresetSummary:
    """One preset over all songs.

    Attributes
    ----------
    preset
        Its name.
    stems
        In the order of the model.
    time_ratio, cpu_ratio
        Wall and processor time of all songs, as multiples of the reference preset's.
    realtime_factor
        Seconds of music per second of work, without loading the model.
    """

    preset: str
    stems: tuple[StemSummary, ...]
    time_ratio: float
    cpu_ratio: float
    realtime_factor: float


def summarize(report: QualityReport) -> tuple[PresetSummary, ...]:
    """Return one summary per preset, in the order of the report."""
    base = _of_preset(report, report.reference)
    return tuple(_summarize(report, preset, base) for preset in report.presets)


def _summarize(report: QualityReport, preset: str, base: dict[str, SongScore]) -> PresetSummary:
    own = _of_preset(report, preset)
    seconds = sum(score.seconds for score in own.values())
    return PresetSummary(
        preset=preset,
        stems=tuple(_stem(stem, own, base) for stem in report.stems),
        time_ratio=seconds / sum(score.seconds for score in base.values()),
        cpu_ratio=sum(score.cpu_seconds for score in own.values())
        / sum(score.cpu_seconds for score in base.values()),
        realtime_factor=sum(score.duration for score in own.values()) / seconds,
    )


def _stem(stem: str, own: dict[str, SongScore], base: dict[str, SongScore]) -> StemSummary:
    sdrs = _values(stem, own, lambda score: score.sdr)
    sirs = _values(stem, own, lambda score: score.sir)
    gains = _differences(sdrs, _values(stem, base, lambda score: score.sdr))
    worst = min(gains, key=lambda song: gains[song], default=None)
    return StemSummary(
        stem=stem,
        sdr=_mean(sdrs),
        si_sdr=_mean(_values(stem, own, lambda score: score.si_sdr)),
        sir=_mean(sirs),
        sdr_gain=_mean(gains),
        sir_gain=_mean(_differences(sirs, _values(stem, base, lambda score: score.sir))),
        worst_gain=None if worst is None else gains[worst],
        worst_song=worst,
    )


def _of_preset(report: QualityReport, preset: str) -> dict[str, SongScore]:
    return {score.song: score for score in report.scores if score.preset == preset}


def _values(
    stem: str, scores: dict[str, SongScore], figure: Callable[[StemScore], float | None]
) -> dict[str, float]:
    found = {
        song: figure(score.stems[stem]) for song, score in scores.items() if stem in score.stems
    }
    return {
        song: value for song, value in found.items() if value is not None and math.isfinite(value)
    }


def _differences(own: dict[str, float], base: dict[str, float]) -> dict[str, float]:
    return {song: own[song] - base[song] for song in own if song in base}


def _mean(values: dict[str, float]) -> float | None:
    return fmean(values.values()) if values else None
