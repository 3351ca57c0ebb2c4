"""True peaks: how high the wave rises between the samples too, by 4-fold oversampling.

ITU-R BS.1770-5, annex 2, with soxr's filter in place of the recommendation's short one.
"""

import numpy as np
import soxr
from numpy.typing import NDArray

from core.audio.waveform import Samples

PEAK_BLOCK = 32
"""Frames that one peak stands for."""

_TIMES = 4

Peaks = NDArray[np.float32]
"""One true peak (a factor, of all channels) for each `PEAK_BLOCK` frames."""


class TruePeakMeter:
    """Measures the true peaks of a stream.

    The samples themselves count too: the filter takes away a little of what lies just below half
    the sampling rate, and with it of a click's top.

    Parameters
    ----------
    rate, channels
        Of the stream.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._channels = channels
        self._stream = soxr.ResampleStream(
            rate, rate * _TIMES, channels, dtype="float32", quality="HQ"
        )
        self._between = _Highest(PEAK_BLOCK * _TIMES, channels)
        self._at = _Highest(PEAK_BLOCK, channels)
        # Peaks at the samples that those between them are not known for yet.
        self._waiting = _NONE

    def process(self, block: Samples) -> Peaks:
        """Take a block; return the peaks that are complete by now, later than the block."""
        self._waiting = np.concatenate([self._waiting, self._at.process(block)])
        fine = self._stream.resample_chunk(np.ascontiguousarray(block))
        return self._joined(self._between.process(fine))

    def flush(self) -> Peaks:
        """Return the last peaks, so that there is one for each begun `PEAK_BLOCK` frames."""
        self._waiting = np.concatenate([self._waiting, self._at.flush()])
        empty = np.empty((0, self._channels), np.float32)
        fine = self._stream.resample_chunk(empty, last=True)
        between = np.concatenate([self._between.process(fine), self._between.flush()])
        # soxr rounds the length; there is nothing to be heard in a frame more or less.
        missing = max(len(self._waiting) - len(between), 0)
        return self._joined(np.pad(between, (0, missing))[: len(self._waiting)])

    def _joined(self, between: Peaks) -> Peaks:
        count = len(between)
        at, self._waiting = self._waiting[:count], self._waiting[count:]
        joined: Peaks = np.maximum(at, between)
        return joined


class _Highest:
    """The highest absolute value in each so many frames."""

    def __init__(self, size: int, channels: int) -> None:
        self._size = size
        self._rest = np.empty((0, channels), np.float32)

    def process(self, block: Samples) -> Peaks:
        if len(self._rest):
            block = np.concatenate([self._rest, block])
        count = len(block) // self._size
        self._rest = block[count * self._size :]
        if not count:
            return _NONE
        rows = block[: count * self._size].reshape(count, -1)
        highest: Peaks = np.maximum(rows.max(axis=1), -rows.min(axis=1))
        return highest

    def flush(self) -> Peaks:
        return np.abs(self._rest).max(keepdims=True).reshape(-1) if len(self._rest) else _NONE


_NONE: Peaks = np.empty(0, np.float32)
