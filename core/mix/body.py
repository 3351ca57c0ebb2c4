"""The sound of a mix before its level is set: stems read, stretched, put through effects, added."""

import itertools
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor

import numpy as np
import soxr

from core.audio.waveform import Samples
from core.mix.chain import Chain
from core.mix.gains import Fader, Fades
from core.mix.plan import Group, Plan
from core.mix.sources import StemReader, StemSet, SumReader
from core.mix.stretch import stretch

BLOCK = 1 << 15
"""Frames of every block but the last."""


def body_blocks(stems: StemSet, plan: Plan, executor: Executor, workers: int) -> Iterator[Samples]:
    """Render a mix without loudness and limiter.

    Parameters
    ----------
    stems
        The files.
    plan
        What is to be done with them.
    executor, workers
        Who stretches, and how many at a time.

    Yields
    ------
    Samples
        `BLOCK` frames each, the last fewer; `plan.frames` in all.
    """
    groups = [_group(stems, plan, group, executor, workers) for group in plan.groups]
    fades = Fades(plan.body if plan.fade_out else plan.frames, plan.fade_in, plan.fade_out)
    chain = Chain(plan.mix.effects, plan.rate, plan.channels)
    try:
        whole = Pieces(chain.run(_sum(groups, plan)), plan.channels)
        for frames in _lengths(plan.frames):
            yield fades.process(whole.read(frames))
    finally:
        for group in groups:
            group.close()


class Pieces:
    """A stream of blocks of any length, read in pieces of the length wanted.

    Parameters
    ----------
    blocks
        The stream.
    channels
        Of its blocks.
    """

    def __init__(self, blocks: Iterator[Samples], channels: int) -> None:
        self._blocks = blocks
        self._held = np.empty((0, channels), np.float32)

    def read(self, frames: int) -> Samples:
        """Return exactly so many frames; silence behind the end of the stream."""
        pieces = [self._held]
        have = len(self._held)
        while have < frames:
            block = next(self._blocks, None)
            if block is None:
                silence = np.zeros((frames - have, self._held.shape[1]), np.float32)
                block = silence
            pieces.append(block)
            have += len(block)
        # Most blocks are of the right length already.
        filled = [piece for piece in pieces if len(piece)]
        joined = filled[0] if len(filled) == 1 else np.concatenate(pieces)
        self._held = joined[frames:]
        return joined[:frames]


def _sum(groups: Sequence[Iterator[Samples]], plan: Plan) -> Iterator[Samples]:
    streams = [Pieces(group, plan.channels) for group in groups]
    for frames in _lengths(plan.frames):
        total = streams[0].read(frames)
        for stream in streams[1:]:
            total = total + stream.read(frames)
        yield total


def _group(
    stems: StemSet, plan: Plan, group: Group, executor: Executor, workers: int
) -> Generator[Samples]:
    readers = [
        StemReader(stems.files[voice.stem], plan.rate, plan.channels, plan.start)
        for voice in group.voices
    ]
    fader = Fader(plan.rate, *group.factors)
    with SumReader(readers, [voice.factors for voice in group.voices]) as source:
        blocks = _timed(source.read, plan, group, executor, workers)
        dry = Pieces(itertools.chain(blocks), plan.channels)
        # Behind the music the effects are fed with silence, for their tails.
        fed = (dry.read(frames) for frames in _lengths(plan.frames))
        for block in Chain(group.effects, plan.rate, plan.channels).run(fed):
            yield fader.process(block)


def _timed(
    read: Callable[[int], Samples], plan: Plan, group: Group, executor: Executor, workers: int
) -> Iterator[Samples]:
    if group.stretched:
        blocks = stretch(
            read,
            plan.taken,
            plan.rate,
            tempo=plan.tempo,
            semitones=plan.mix.shift,
            formants=plan.mix.formants,
            executor=executor,
            ahead=workers,
        )
    else:
        blocks = (read(frames) for frames in _lengths(plan.taken))
    return blocks if plan.mix.speed == 100 else _sped(blocks, plan)


def _sped(blocks: Iterator[Samples], plan: Plan) -> Iterator[Samples]:
    """Play a stream faster or slower, as a record player does."""
    stream = soxr.ResampleStream(
        plan.speed_rate, plan.rate, plan.channels, dtype="float32", quality="HQ"
    )
    left = plan.body
    for block in blocks:
        out: Samples = stream.resample_chunk(np.ascontiguousarray(block))
        left -= len(out)
        yield out
    tail = stream.resample_chunk(np.empty((0, plan.channels), np.float32), last=True)
    yield tail[: max(left, 0)]


def _lengths(frames: int) -> Iterator[int]:
    for start in range(0, frames, BLOCK):
        yield min(BLOCK, frames - start)
