"""Changing the sampling rate of a stream, block by block."""

import numpy as np
import soxr

from core.audio.waveform import Samples


def resampled_frames(frames: int, rate_in: int, rate_out: int) -> int:
    """Return how many frames `frames` become at another rate (rounded to the nearest)."""
    return round(frames * rate_out / rate_in)


class StreamResampler:
    """Resamples a stream without delay and to an exact length.

    The filter is soxr's (linear phase, by the SoX authors): what goes in at the first sample
    comes out at the first sample, and all blocks together are what one call would give.

    Parameters
    ----------
    rate_in, rate_out
        Sampling rates, Hz. Equal rates make a pass-through.
    channels
        Channels of every block.
    quality
        soxr recipe: ``"HQ"`` (20-bit) or ``"VHQ"`` (28-bit).
    """

    def __init__(self, rate_in: int, rate_out: int, channels: int, quality: str = "VHQ") -> None:
        self._rate_in = rate_in
        self._rate_out = rate_out
        self._channels = channels
        self._taken = 0
        self._given = 0
        self._stream: soxr.ResampleStream | None = None
        if rate_in != rate_out:
            self._stream = soxr.ResampleStream(
                rate_in, rate_out, channels, dtype="float32", quality=quality
            )

    def process(self, block: Samples) -> Samples:
        """Take a block in, give the frames that are ready.

        Parameters
        ----------
        block
            Shape (n, channels), float32; any n, also 0.

        Returns
        -------
        Samples
            Shape (m, channels), float32; m may be 0.
        """
        if self._stream is None or not len(block):
            return block
        self._taken += len(block)
        out: Samples = self._stream.resample_chunk(np.ascontiguousarray(block))
        self._given += len(out)
        return out

    def flush(self) -> Samples:
        """Give the last frames, once, after the last block.

        Returns
        -------
        Samples
            Shape (m, channels), float32, so that all blocks together have
            `resampled_frames(total, rate_in, rate_out)` frames.
        """
        if self._stream is None:
            return np.empty((0, self._channels), np.float32)
        tail: Samples = self._stream.resample_chunk(
            np.empty((0, self._channels), np.float32), last=True
        )
        missing = resampled_frames(self._taken, self._rate_in, self._rate_out) - self._given
        self._given += missing
        if len(tail) >= missing:
            return tail[:missing]
        return np.concatenate([tail, np.zeros((missing - len(tail), self._channels), np.float32)])
