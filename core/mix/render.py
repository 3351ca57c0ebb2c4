"""Rendering a mix: block by block, in constant memory, at its loudness and under its ceiling.

A mix whose level is to be set is rendered to a temporary file first and measured on the way; then
its gain is known, and it is read back through the limiter. Where the disk has no room for that, it
is rendered twice. A draft does neither: it measures some excerpts and begins at once.
"""

import math
import os
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from core.audio.waveform import Samples
from core.errors import UsageError
from core.mix.body import body_blocks
from core.mix.level import (
    LevelMeter,
    LevelSetting,
    Peaked,
    gain_for,
    limited,
    set_level,
    with_peaks,
)
from core.mix.limiter import Limiter
from core.mix.loudness import LoudnessMeter
from core.mix.plan import Plan, make_plan
from core.mix.progress import MixProgress, MixProgressCallback, MixStage
from core.mix.settings import Mix
from core.mix.sources import StemSet, survey_stems
from core.mix.spool import Spool, has_room, spool_folder

# Rubber Band's time is proportional to the rate; this one keeps all below 12 kHz.
_DRAFT_RATE = 24000
_EXCERPTS = 6
_EXCERPT_SECONDS = 4.0
_MOST_WORKERS = 4
# Share of the work that lies in the first of two stages: reading back is quick.
_FIRST_SHARE = 0.85


class Quality(StrEnum):
    """How much work a rendering is worth."""

    BEST = "best"
    DRAFT = "draft"
    """For previews: stretched at 24 kHz at most, its loudness estimated from excerpts; it begins
    at once."""


def render_blocks(
    stems: Mapping[str, Path],
    mix: Mix,
    *,
    quality: Quality | str = Quality.BEST,
    progress: MixProgressCallback | None = None,
    scratch: Path | None = None,
    workers: int | None = None,
) -> "Rendering":
    """Render a mix of stems.

    Parameters
    ----------
    stems
        A file for each stem, by name; in any format that `core.audio.decode` opens. All are
        looked at, those that are not heard too: the longest says how long the song is.
    mix
        What is done with them.
    quality
        ``"best"`` or ``"draft"``.
    progress
        Told how far it is. What it raises comes out of the iteration and ends it.
    scratch
        Folder for a temporary file as large as the result in 32-bit float; None: TMPDIR or
        /var/tmp.
    workers
        Threads that stretch; None: one for each processor, 4 at most.

    Returns
    -------
    Rendering
        An iterator of blocks, and what is known of the result beforehand. The same stems and
        mix always give the same samples.

    Raises
    ------
    UsageError
        The mix does not fit the stems, or nothing would be heard.
    AudioError
        A stem is missing or cannot be read.
    """
    if not stems:
        raise UsageError("There are no stems to mix.")
    grade = Quality(quality)
    found = survey_stems(stems)
    rate = found.rate
    plan = make_plan(found, mix, rate)
    if grade is Quality.DRAFT and any(group.stretched for group in plan.groups):
        rate = min(rate, _DRAFT_RATE)
        plan = make_plan(found, mix, rate)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    count = max(1, workers or min(cores or 1, _MOST_WORKERS))
    return Rendering(found, plan, grade, progress, scratch or spool_folder(), count)


class Rendering:
    """A mix that is being rendered; made by `render_blocks`.

    An iterator of blocks, shape (n, channels), float32, `frames` frames in all; and a context
    manager. Closed at its end, by `close`, or by an error; then nothing is left behind.

    Attributes
    ----------
    rate
        Hz.
    channels
        1 or 2.
    frames
        How many come out, exactly.
    warnings
        Sentences for the user, about the stems.
    gain
        What was added to the whole for its loudness, dB; final with the first block.
    loudness
        Of what comes out, LUFS; known at the end, and only if a loudness was asked for.
    reduction
        The most that the limiter took away so far, dB.
    """

    def __init__(
        self,
        stems: StemSet,
        plan: Plan,
        quality: Quality,
        progress: MixProgressCallback | None,
        scratch: Path,
        workers: int,
    ) -> None:
        self.rate = plan.rate
        self.channels = plan.channels
        self.frames = plan.frames
        self.warnings = list(stems.warnings)
        self.gain = 0.0
        self.loudness: float | None = None
        self.reduction = 0.0
        self._stems = stems
        self._plan = plan
        self._quality = quality
        self._progress = progress
        self._scratch = scratch
        self._workers = workers
        self._begun = time.monotonic()
        self._staged = False
        self._blocks = self._run()

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.rate

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Samples:
        return next(self._blocks)

    def close(self) -> None:
        """Stop, and give back what is held. May be called more than once."""
        self._blocks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> Generator[Samples]:
        with ThreadPoolExecutor(self._workers, thread_name_prefix="stretch") as executor:
            yield from self._reported(self._levelled(executor), MixStage.RENDERING)

    def _levelled(self, executor: Executor) -> Iterator[Samples]:
        mix = self._plan.mix
        if not mix.changes_sound or (mix.loudness is None and not mix.limiter):
            yield from self._body(executor)
        elif self._quality is Quality.DRAFT:
            self.gain = gain_for(self._estimate(executor), mix.loudness)
            yield from self._limited(with_peaks(self._body(executor), self._meter(False)))
        elif mix.loudness is None:
            yield from self._limited(with_peaks(self._body(executor), self._meter(False)))
        elif has_room(self._scratch, self.frames, self.channels):
            yield from self._spooled(executor)
        else:
            yield from self._twice(executor)

    def _body(self, executor: Executor) -> Iterator[Samples]:
        return body_blocks(self._stems, self._plan, executor, self._workers)

    def _meter(self, loudness: bool) -> LevelMeter:
        return LevelMeter(self.rate, self.channels, loudness=loudness)

    def _spooled(self, executor: Executor) -> Iterator[Samples]:
        spool = Spool(self._scratch, self.channels)
        try:
            meter = self._meter(True)
            blocks = self._reported(self._body(executor), MixStage.MEASURING)
            for samples, peaks in with_peaks(blocks, meter):
                spool.write(samples, peaks)
            self._set_gain(set_level(spool.read, meter.level(), self._plan))
            yield from self._limited(spool.read())
        finally:
            spool.close()

    def _twice(self, executor: Executor) -> Iterator[Samples]:
        meter = self._meter(True)
        for _ in with_peaks(self._reported(self._body(executor), MixStage.MEASURING), meter):
            pass
        self._set_gain(set_level(None, meter.level(), self._plan))
        yield from self._limited(with_peaks(self._body(executor), self._meter(False)))

    def _set_gain(self, setting: LevelSetting) -> None:
        self.gain = setting.gain
        self.loudness = setting.loudness

    def _limited(self, stream: Iterable[Peaked]) -> Iterator[Samples]:
        mix = self._plan.mix
        ceiling = mix.ceiling if mix.limiter else math.inf
        limiter = Limiter(self.rate, self.channels, ceiling, self.gain)
        for block in limited(stream, limiter):
            self.reduction = limiter.strongest
            if len(block):
                yield block

    def _estimate(self, executor: Executor) -> float | None:
        """Return about how loud the mix is, by excerpts of it at its own tempo and key."""
        plan = self._plan
        if plan.mix.loudness is None:
            return None
        meter = LoudnessMeter(self.rate, self.channels)
        room = plan.taken / plan.rate
        length = min(_EXCERPT_SECONDS, room / _EXCERPTS)
        plain = replace(plan.mix, key=0, cents=0.0, tempo=100.0, speed=100.0, fade_in=0.0)
        for number in range(_EXCERPTS):
            start = plan.mix.start + room * (number + 0.5) / _EXCERPTS - length / 2
            part = replace(plain, start=start, end=start + length, fade_out=0.0)
            excerpt = make_plan(self._stems, part, plan.rate)
            for block in body_blocks(self._stems, excerpt, executor, self._workers):
                meter.process(block)
        return meter.finish()

    def _reported(self, blocks: Iterator[Samples], stage: MixStage) -> Iterator[Samples]:
        done = 0
        for block in blocks:
            done += len(block)
            yield block
            if self._progress is not None:
                self._progress(self._report(stage, done))

    def _report(self, stage: MixStage, done: int) -> MixProgress:
        fraction = done / self.frames
        if stage is MixStage.MEASURING:
            fraction *= _FIRST_SHARE
            self._staged = True
        elif self._staged:
            fraction = _FIRST_SHARE + fraction * (1 - _FIRST_SHARE)
        elapsed = time.monotonic() - self._begun
        return MixProgress(stage, done / self.rate, self.duration, min(fraction, 1.0), elapsed)
