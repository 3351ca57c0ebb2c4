"""A limiter that looks ahead: it leans back before a peak comes and lets go slowly behind it."""

import math

import numpy as np
from numpy.typing import NDArray

from core.audio.waveform import Samples
from core.mix.gains import factor
from core.mix.peaks import PEAK_BLOCK, Peaks

_LOOK_AHEAD = 0.006
# A gain that changes within a wave moves its true peak a little.
_MARGIN_DB = 0.15
_RELEASE = 0.12
# Reductions below this count as none, dB.
_NOTHING = 1e-3

_Curve = NDArray[np.float64]


class Limiter:
    """Holds the true peaks of a stream below a ceiling; leaves what is below it as it is.

    The gain is a curve with a point every `PEAK_BLOCK` frames. Of the reduction that each point
    needs, the largest of the next 6 ms counts; it falls exponentially behind a peak; and the mean
    over the last 6 ms is applied, which never is less than what a point needs.

    Parameters
    ----------
    rate, channels
        Of the stream.
    ceiling
        Highest true peak, dB.
    gain
        Added first, dB.
    release
        Time in which a reduction falls to 37 %, seconds.
    """

    def __init__(
        self, rate: int, channels: int, ceiling: float, gain: float = 0.0, release: float = _RELEASE
    ) -> None:
        self.strongest = 0.0
        """Largest reduction so far, dB."""
        self._channels = channels
        self._gain = gain
        self._factor = np.float32(factor(gain))
        self._ceiling = ceiling - _MARGIN_DB
        self._ahead = max(math.ceil(_LOOK_AHEAD * rate / PEAK_BLOCK), 1)
        self._decay = PEAK_BLOCK / (release * rate)
        weights = np.hanning(self._ahead + 3)[1:-1]
        self._weights = weights / weights.sum()
        # Samples that wait for their peaks, and for what comes behind them.
        self._waiting: list[Samples] = []
        self._frames = 0
        # Reductions that the blocks need, from the one before the next point on: before the first
        # block there is nothing.
        self._needed: _Curve = np.zeros(1)
        # Released reductions at the last points, and what was applied at the very last.
        self._released: _Curve = np.zeros(self._ahead)
        self._last: float | None = None

    def process(self, samples: Samples, peaks: Peaks) -> Samples:
        """Take frames and peaks, in step over the stream but not within a call; give what is ready.

        Parameters
        ----------
        samples
            Shape (n, channels).
        peaks
            Of these or earlier frames, in order.
        """
        self._take(samples, peaks)
        # A point is known when the block before it, and those ahead of it, are.
        known = len(self._needed) - self._ahead - (self._last is None)
        return self._give(min(known, self._frames // PEAK_BLOCK))

    def flush(self, peaks: Peaks | None = None) -> Samples:
        """Take the last peaks, if there are any; give everything that is left."""
        if peaks is not None:
            self._take(np.empty((0, self._channels), np.float32), peaks)
        blocks = -(-self._frames // PEAK_BLOCK)
        short = blocks + 1 + self._ahead - len(self._needed)
        self._needed = np.concatenate([self._needed, np.zeros(max(short, 0))])
        return self._give(blocks)

    def _take(self, samples: Samples, peaks: Peaks) -> None:
        if len(samples):
            self._waiting.append(samples)
            self._frames += len(samples)
        if len(peaks):
            level = 20 * np.log10(np.maximum(peaks.astype(np.float64), 1e-10))
            over = np.maximum(level + self._gain - self._ceiling, 0.0)
            self._needed = np.concatenate([self._needed, over])

    def _give(self, blocks: int) -> Samples:
        if blocks <= 0:
            return np.empty((0, self._channels), np.float32)
        reduction = self._curve(blocks)
        frames = min(blocks * PEAK_BLOCK, self._frames)
        samples = self._collect(frames)
        strongest = float(reduction.max())
        self.strongest = max(self.strongest, strongest)
        if strongest < _NOTHING:
            return samples * self._factor if self._gain else samples
        gains = np.power(10.0, -reduction / 20) * self._factor
        share = (np.arange(PEAK_BLOCK) / PEAK_BLOCK)[None, :]
        lines = gains[:-1, None] * (1 - share) + gains[1:, None] * share
        return samples * lines.reshape(-1, 1)[:frames].astype(np.float32)

    def _curve(self, blocks: int) -> _Curve:
        """Return the reductions at the points before, between and behind so many blocks."""
        ahead = self._ahead
        points = blocks + (self._last is None)
        # Point k lies between the blocks k - 1 and k; `_needed` begins with block k - 1.
        windows = np.lib.stride_tricks.sliding_window_view(self._needed, ahead + 1)
        wanted = windows[:points].max(axis=1)
        self._needed = self._needed[points:]
        if self._last is None:
            # There was no time to lean back before the first block: it begins so.
            self._released = np.full(ahead, wanted[0])
        if wanted.any() or self._released.any():
            joined = np.concatenate([self._released, self._release(wanted)])
            curve = np.convolve(joined, self._weights, "valid")
            self._released = joined[-ahead:]
        else:
            curve = np.zeros(points)
        if self._last is not None:
            curve = np.concatenate([[self._last], curve])
        self._last = float(curve[-1])
        return curve

    def _release(self, wanted: _Curve) -> _Curve:
        """Let each reduction fall exponentially behind its peak."""
        # That is a straight line in the logarithm, and the largest of all such lines counts.
        slope = self._decay * np.arange(1, len(wanted) + 1)
        before = math.log(max(float(self._released[-1]), 1e-9))
        logs = np.maximum.accumulate(np.log(np.maximum(wanted, 1e-9)) + slope)
        released: _Curve = np.exp(np.maximum(logs, before) - slope)
        released[released < _NOTHING / 10] = 0.0
        return released

    def _collect(self, frames: int) -> Samples:
        pieces = []
        missing = frames
        while missing:
            piece = self._waiting[0]
            if len(piece) <= missing:
                pieces.append(self._waiting.pop(0))
            else:
                pieces.append(piece[:missing])
                self._waiting[0] = piece[missing:]
            missing -= len(pieces[-1])
        self._frames -= frames
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
