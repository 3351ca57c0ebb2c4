"""Levels: decibels, the pan law, fades, and a fader that moves without clicks."""

import math

import numpy as np

from core.audio.waveform import Samples

# A cut in the middle of a wave clicks; this much of a ramp does not.
CUT_SECONDS = 0.01
_FADER_SECONDS = 0.02


def factor(decibels: float) -> float:
    """Return the factor of a gain; 0 for ``-inf``."""
    return math.pow(10.0, decibels / 20)


def decibels(factor: float) -> float:
    """Return the gain of a factor; ``-inf`` for 0."""
    return 20 * math.log10(factor) if factor > 0 else -math.inf


def pan_factors(pan: float) -> tuple[float, float]:
    """Return what left and right are scaled by: constant power, 1 and 1 in the centre."""
    if pan == 0:
        return (1.0, 1.0)
    angle = (1 + pan) * math.pi / 4
    return (math.sqrt(2) * math.cos(angle), math.sqrt(2) * math.sin(angle))


class Fader:
    """Scales a stream; a change of the gain is spread over 20 ms.

    Parameters
    ----------
    rate
        Hz.
    left, right
        Factors to begin with. Of a mono stream only the left counts.
    """

    def __init__(self, rate: int, left: float = 1.0, right: float = 1.0) -> None:
        self._ramp = max(round(rate * _FADER_SECONDS), 1)
        self._now = np.array([left, right], np.float32)
        self._from = self._now
        self._to = self._now
        self._left = 0

    def move(self, left: float, right: float) -> None:
        """Change the factors, beginning with the next block."""
        self._from, self._to = self._now, np.array([left, right], np.float32)
        self._left = self._ramp

    def process(self, block: Samples) -> Samples:
        """Return a block scaled; the block itself where nothing is to be done to it."""
        channels = block.shape[1]
        if not self._left:
            return block if (self._now[:channels] == 1).all() else block * self._now[:channels]
        count = min(self._left, len(block))
        done = self._ramp - self._left + 1 + np.arange(count, dtype=np.float32)
        # A raised cosine has no corner where it begins or ends.
        share = (0.5 - 0.5 * np.cos(np.pi * done / self._ramp))[:, None].astype(np.float32)
        gains = self._from + (self._to - self._from) * share
        scaled = np.empty_like(block)
        scaled[:count] = block[:count] * gains[:, :channels]
        self._left -= count
        self._now = gains[-1] if self._left else self._to
        scaled[count:] = block[count:] * self._now[:channels]
        return scaled


class Fades:
    """Fades the beginning and the end of a stream of known length.

    Both are a quarter of a sine, which sounds even; where they overlap, both work.

    Parameters
    ----------
    frames
        Length of the stream.
    fade_in, fade_out
        In frames.
    """

    def __init__(self, frames: int, fade_in: int, fade_out: int) -> None:
        self._frames = frames
        self._fade_in = min(fade_in, frames)
        self._fade_out = min(fade_out, frames)
        self._position = 0

    def process(self, block: Samples) -> Samples:
        """Return the next block, faded; the block itself where it is not in a fade."""
        start, stop = self._position, self._position + len(block)
        self._position = stop
        if start < self._fade_in:
            count = min(self._fade_in, stop) - start
            block = block.copy()
            block[:count] *= _quarter(start, count, self._fade_in)
        first = self._frames - self._fade_out
        if stop > first and self._fade_out:
            begin = max(first, start)
            block = block.copy()
            # The last frame of the fade is its softest.
            block[begin - start :] *= _quarter(self._frames - stop, stop - begin, self._fade_out)[
                ::-1
            ]
        return block


def _quarter(first: int, count: int, length: int) -> Samples:
    steps = np.arange(first, first + count, dtype=np.float64)
    # Behind the end of the stream there is nothing to scale up.
    angle = np.clip((steps + 0.5) / length, 0.0, 1.0) * (np.pi / 2)
    rising: Samples = np.sin(angle)[:, None].astype(np.float32)
    return rising
