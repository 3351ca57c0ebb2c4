"""Samples that wait for the other streams of the same song to catch up."""

from collections import deque

import numpy as np

from core.audio.waveform import Samples


class SampleQueue:
    """First in, first out, in blocks of any size.

    Parameters
    ----------
    channels
        Channels of every block.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self._blocks: deque[Samples] = deque()
        self._length = 0

    def __len__(self) -> int:
        """Return how many sample frames wait."""
        return self._length

    def push(self, samples: Samples) -> None:
        """Append samples, shape (n, channels), float32. The queue keeps a reference."""
        if len(samples):
            self._blocks.append(samples)
            self._length += len(samples)

    def pop(self, frames: int) -> Samples:
        """Remove and return the oldest samples, shape (frames, channels).

        Raises
        ------
        ValueError
            Fewer are waiting.
        """
        if frames > self._length:
            raise ValueError(f"{frames} frames asked for, {self._length} waiting")
        taken: list[Samples] = []
        missing = frames
        while missing:
            block = self._blocks.popleft()
            if len(block) > missing:
                self._blocks.appendleft(block[missing:])
                block = block[:missing]
            taken.append(block)
            missing -= len(block)
        self._length -= frames
        if not taken:
            return np.zeros((0, self.channels), np.float32)
        return taken[0].copy() if len(taken) == 1 else np.concatenate(taken)
