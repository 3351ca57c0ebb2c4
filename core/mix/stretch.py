"""Key and tempo, by Rubber Band's finer engine, in constant memory.

Rubber Band is reached through pedalboard, which stretches whole arrays. Here a stream is cut into
segments of some seconds that overlap; each is stretched on its own, several at a time, and they
are joined again where, and with the shift at which, neighbours differ least: in quiet places, in
phase. That is also more exact than one call for the song: the engine's hops are whole numbers, so
that its output slides away from the wanted tempo by up to a millisecond per second, and every
segment begins anew at its proper time.

The engine with one window (`use_long_fft_window=False`) is what measures best: beside the same
engine with several it holds tones steadier, beside the faster engine it smears attacks less and is
no slower.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future

import numpy as np
import soxr
from numpy.typing import NDArray
from pedalboard import time_stretch

from core.audio.waveform import Samples

# Seconds of the input.
_SEGMENT = 6.0
# What a segment has on both sides of what it is for; the engine needs some to settle.
_CONTEXT = 0.3
# Seconds of the output: where a joint may be, how much neighbours may be shifted, how long they
# are faded into each other.
_PLACE = 0.1
_SHIFT = 0.012
_FADE = 0.03
# The joint is looked for on every fourth sample, then refined.
_COARSE = 4


def stretched_frames(frames: int, tempo: float) -> int:
    """Return how many frames come out at a tempo (1 is the original's)."""
    return round(frames / tempo)


def stretch(
    read: Callable[[int], Samples],
    frames: int,
    rate: int,
    *,
    tempo: float,
    semitones: float,
    formants: bool,
    executor: Executor,
    ahead: int,
) -> Iterator[Samples]:
    """Change tempo and pitch of a stream.

    Parameters
    ----------
    read
        Gives exactly as many frames as it is asked for, shape (n, channels).
    frames
        Length of the stream.
    rate
        Hz.
    tempo
        1 is the original's; 2 is twice as fast.
    semitones
        Shift of the pitch.
    formants
        Whether to keep the colour of voices.
    executor, ahead
        Who stretches segments, and how many are given to it at a time.

    Yields
    ------
    Samples
        Blocks of any length, `stretched_frames(frames, tempo)` in all.
    """

    def work(segment: Samples) -> Samples:
        return _stretch_segment(segment, rate, tempo, semitones, formants)

    total = stretched_frames(frames, tempo)
    joiner = _Joiner(rate, total)
    pending: deque[tuple[int, Future[Samples]]] = deque()
    segments = _segments(read, frames, rate)
    try:
        for start, segment in segments:
            # Where the segment's first frame belongs in the output.
            pending.append((round(start / tempo), executor.submit(work, segment)))
            if len(pending) > ahead:
                place, future = pending.popleft()
                yield from joiner.add(place, future.result())
        while pending:
            place, future = pending.popleft()
            yield from joiner.add(place, future.result())
        yield from joiner.finish()
    finally:
        for _, future in pending:
            future.cancel()


def _segments(
    read: Callable[[int], Samples], frames: int, rate: int
) -> Iterator[tuple[int, Samples]]:
    """Cut a stream into overlapping segments; give the first frame of each with it."""
    length, context = round(_SEGMENT * rate), round(_CONTEXT * rate)
    # A last segment of almost nothing would be all joint.
    count = max(1, round(frames / length))
    held: Samples | None = None
    first = taken = 0
    for number in range(count):
        stop = frames if number == count - 1 else min(frames, (number + 1) * length + context)
        new = read(stop - taken)
        taken = stop
        held = new if held is None else np.concatenate([held, new])
        yield first, held
        begin = max(0, (number + 1) * length - context)
        held = held[begin - first :]
        first = begin


def _stretch_segment(
    segment: Samples, rate: int, tempo: float, semitones: float, formants: bool
) -> Samples:
    # A change of the pitch is a change of the length that soxr takes back: the same as the engine
    # does by itself, in two thirds of the time. Only formants need the engine's own.
    ratio = 1.0 if formants else 2 ** (semitones / 12)
    # (frames, channels) -> (channels, frames), as pedalboard wants it, and back.
    stretched = time_stretch(
        np.ascontiguousarray(segment.T),
        float(rate),
        tempo / ratio,
        semitones if formants else 0.0,
        high_quality=True,
        use_long_fft_window=False,
        preserve_formants=formants,
    )
    back: Samples = np.ascontiguousarray(stretched.T)
    if ratio != 1:
        back = soxr.resample(back, rate * ratio, rate, quality="HQ")
    return back


class _Joiner:
    """Puts stretched segments together at their places."""

    def __init__(self, rate: int, total: int) -> None:
        self._total = total
        self._fade = round(_FADE * rate)
        self._place = round(_PLACE * rate)
        self._shift = round(_SHIFT * rate)
        # What is there from frame `_first` of the output on, and not given out yet.
        self._held: Samples | None = None
        self._first = 0

    def add(self, place: int, segment: Samples) -> Iterator[Samples]:
        """Join a segment whose first frame belongs at `place`; give what is settled."""
        if self._held is None:
            self._held = segment
            return
        held, first = self._held, self._first
        # Neighbours overlap from `place` to the end of what is held; its middle is the joint's.
        middle = (place + first + len(held)) // 2
        low = max(middle - self._place, place + self._shift, first)
        high = min(middle + self._place, first + len(held), place + len(segment) - self._shift)
        joint, shift = self._find(held[low - first : high - first], segment, low - place)
        joint += low
        old = held[joint - first : joint - first + self._fade]
        begin = joint - place + shift
        new = segment[begin : begin + self._fade]
        self._held = np.concatenate([_cross_fade(old, new), segment[begin + self._fade :]])
        self._first = joint
        yield held[: joint - first]

    def finish(self) -> Iterator[Samples]:
        """Give the rest, to the exact length."""
        if self._held is None:
            return
        rest = self._held[: self._total - self._first]
        missing = self._total - self._first - len(rest)
        yield np.pad(rest, ((0, missing), (0, 0))) if missing > 0 else rest

    def _find(self, old: Samples, segment: Samples, begin: int) -> tuple[int, int]:
        """Return where and with which shift two neighbours differ least.

        Parameters
        ----------
        old
            The end of what is there.
        segment, begin
            The next segment, and which of its frames belongs at the first of `old`.
        """
        length = max(len(old), self._fade)
        left, right = begin - self._shift, begin + length + self._shift
        new = segment[max(left, 0) : right]
        wide = _mono(np.pad(new, ((max(-left, 0), max(right - len(segment), 0)), (0, 0))))
        one = _mono(old)
        coarse = [
            _difference(one[::_COARSE], wide[::_COARSE], shift, self._fade // _COARSE)
            for shift in range(0, 2 * self._shift // _COARSE + 1)
        ]
        steps = np.arange(len(coarse)) * _COARSE - self._shift
        # Of equals the one that is nearest to the proper time.
        away = 1 + 0.5 * (steps / self._shift) ** 2
        costs = (np.array([costs.min() for costs in coarse]) + 1e-12) * away
        best = int(np.argmin(costs))
        joint = int(np.argmin(coarse[best])) * _COARSE
        fine = range(-_COARSE, _COARSE + 1)
        stretch_of_old = one[joint : joint + self._fade]
        differences = []
        for step in fine:
            start = int(np.clip(best * _COARSE + step, 0, 2 * self._shift)) + joint
            piece = wide[start : start + len(stretch_of_old)]
            differences.append(float(np.square(stretch_of_old - piece).sum()) + abs(step) * 1e-9)
        shift = best * _COARSE + fine[int(np.argmin(differences))]
        return joint, int(np.clip(shift, 0, 2 * self._shift)) - self._shift


def _mono(samples: Samples) -> Samples:
    mean: Samples = samples.mean(axis=1)
    return mean


def _difference(
    one: NDArray[np.float32], wide: NDArray[np.float32], shift: int, window: int
) -> NDArray[np.float64]:
    """Return the energy of the difference over a window, for every place of the window."""
    sums = np.cumsum(np.square(one - wide[shift : shift + len(one)], dtype=np.float64))
    found: NDArray[np.float64] = sums[window:] - sums[: len(sums) - window]
    return found if len(found) else sums[-1:]


def _cross_fade(old: Samples, new: Samples) -> Samples:
    """Fade from one to the other at even power, however alike they are."""
    count = min(len(old), len(new))
    old, new = old[:count], new[:count]
    rising = (0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(count, 1)))[:, None]
    falling = 1 - rising
    energy = math.sqrt(float(np.square(old).sum()) * float(np.square(new).sum()))
    likeness = max(0.0, float((old * new).sum()) / energy) if energy > 0 else 1.0
    scale = 1 / np.sqrt(rising**2 + falling**2 + 2 * likeness * rising * falling)
    faded: Samples = (old * falling * scale + new * rising * scale).astype(np.float32)
    return faded
