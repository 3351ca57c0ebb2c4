"""What the signal path asks of a network, whoever runs it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.separation.manifest import ModelSpec

Magnitude = NDArray[np.float32]
"""Magnitude spectrogram of one patch, shape (frames, bins, channels), float32, non-negative."""

RawMasks = NDArray[np.float32]
"""The network's outputs, shape (stems, frames, bins, channels), float32, 0 to 1 each."""


class Network(Protocol):
    """A loaded mask network. Safe to call from several threads."""

    @property
    def spec(self) -> ModelSpec:
        """The signal contract of the model."""

    @property
    def bins(self) -> int:
        """F: how many bins, counted from 0 Hz, the network was set up for."""

    @property
    def probe_frames(self) -> int:
        """Frames of the patch that the self-test shows it: as short as it can take."""

    def masks(self, magnitude: Magnitude, out: RawMasks | None = None) -> RawMasks:
        """Estimate each stem's share of every bin; the stems' shares need not add up to 1.

        Parameters
        ----------
        magnitude
            The patch.
        out
            Where to put the result, of its shape and type; None makes a new array.
        """

    def close(self) -> None:
        """Give back the memory. Calling it again does nothing."""
