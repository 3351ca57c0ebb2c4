"""One song from its files to its tempo, beats, bars, key and sung parts, in one pass."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.analysis.bars import find_bars
from core.analysis.beats import misses_every_other, tempo_of, track_beats
from core.analysis.chroma import ChromaMeter
from core.analysis.frames import Mono
from core.analysis.onsets import OnsetMeter
from core.analysis.records import Analysis
from core.analysis.stream import RATE, announced_seconds, read_together
from core.analysis.tempo import prepared, tempo_curve
from core.analysis.tonality import find_key
from core.analysis.vocals import HOP, LevelMeter, find_singing
from core.errors import UsageError

VOCALS = "vocals"
DRUMS = "drums"
WHOLE = ("mixture", "mix", "original")
"""Names of the whole song, which is left out when more of its stems than the vocals are there."""

# The bass drum tells the beat from the off-beat, where hats and chords may be just as loud; how
# fast the beat is, all say alike.
_LOW = 3.0

Progress = Callable[[float, float], None]
"""Told seconds of the song read so far, and in all (0 where no file announces a length)."""


def analyse(paths: Mapping[str, Path] | Path, *, progress: Progress | None = None) -> Analysis:
    """Analyse a song.

    Beats come from everything but the vocals, the key from everything but the drums, singing
    from the vocals; from the whole song where it is not separated. Files are read once;
    three hours take about 170 MiB.

    Parameters
    ----------
    paths
        The song's file, or a file for each stem by its name. ``"vocals"`` and ``"drums"`` have
        a meaning; the others are added up.
    progress
        Called every six seconds of the song.

    Raises
    ------
    AudioError
        A file cannot be read.
    UsageError
        No file was given.
    """
    stems = {WHOLE[0]: paths} if isinstance(paths, Path) else dict(paths)
    parts = {name: path for name, path in stems.items() if name not in WHOLE}
    if parts.keys() - {VOCALS}:
        stems = parts
    if not stems:
        raise UsageError("There is nothing to analyse.", "Name a song, or at least one stem.")
    rhythm, harmony = OnsetMeter(), ChromaMeter()
    voice, song = LevelMeter(), LevelMeter()
    total = announced_seconds(stems) if progress else 0.0
    count = 0
    for blocks in read_together(stems):
        rhythm.feed(_sum(blocks, without=VOCALS))
        harmony.feed(_sum(blocks, without=DRUMS))
        song.feed(_sum(blocks))
        if VOCALS in blocks:
            voice.feed(blocks[VOCALS])
        count += len(next(iter(blocks.values())))
        if progress:
            progress(count / RATE, total)
    chroma, tuning = harmony.finish()
    tonality = find_key(chroma)
    onsets = rhythm.finish()
    curve = tempo_curve(prepared(onsets))
    beats: NDArray[np.float64] = np.empty(0)
    if curve is not None:
        strength = prepared(onsets, _LOW)
        beats = track_beats(strength, curve)
        if misses_every_other(beats, onsets):
            beats = track_beats(strength, replace(curve, bpm=2 * curve.bpm))
    bars = find_bars(beats, onsets, chroma)
    return Analysis(
        bpm=tempo_of(beats) if len(beats) > 1 else None,
        bpm_confidence=curve.confidence if curve is not None and len(beats) > 1 else 0.0,
        beats=tuple(beats.tolist()),
        downbeats=tuple(beats[bars.first].tolist()),
        beats_per_bar=bars.beats_per_bar,
        downbeat_confidence=bars.confidence,
        key=tonality.key if tonality else None,
        key_confidence=tonality.confidence if tonality else 0.0,
        tuning=tuning,
        vocal_activity=find_singing(voice.finish(), song.finish(), RATE / HOP),
        duration=count / RATE,
    )


def _sum(blocks: Mapping[str, Mono], *, without: str | None = None) -> Mono:
    """Add stems up; all of them where nothing would be left."""
    chosen = [block for name, block in blocks.items() if name != without]
    return _total(chosen or blocks.values())


def _total(blocks: Iterable[Mono]) -> Mono:
    first, *rest = blocks
    total = first if not rest else first.copy()
    for block in rest:
        total += block
    return total
