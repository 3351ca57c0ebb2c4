"""Overlapping frames of a stream that comes in blocks."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Mono = NDArray[np.float32]
"""Samples of one channel, shape (n,), float32."""


class Framer:
    """Cuts a stream into frames; frame i is centred on sample ``i * hop``.

    The stream is continued with zeros before its start and behind its end.

    Parameters
    ----------
    size
        Length of a frame, samples; even.
    hop
        From one frame to the next, samples.
    """

    def __init__(self, size: int, hop: int) -> None:
        self._size = size
        self._hop = hop
        self._kept = np.zeros(size // 2, np.float32)

    def feed(self, block: Mono) -> Mono:
        """Take samples in, give the frames that are whole.

        Returns
        -------
        Mono
            Shape (frames, size); a view that is not to be written to. There may be none.
        """
        held = np.concatenate([self._kept, block])
        count = max((len(held) - self._size) // self._hop + 1, 0)
        self._kept = held[count * self._hop :]
        if not count:
            return np.empty((0, self._size), np.float32)
        return sliding_window_view(held, self._size)[:: self._hop][:count]

    def finish(self) -> Mono:
        """Give the last frames, once, after the last block."""
        return self.feed(np.zeros(self._size // 2, np.float32))
