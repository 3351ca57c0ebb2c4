"""The type that every stage of the program hands to the next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""PCM samples, shape (frames, channels), float32, full scale is -1 to 1 (may be exceeded)."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """Sound in memory.

    Attributes
    ----------
    samples
        Shape (frames, channels), float32, full scale -1 to 1.
    rate
        Sampling rate in Hz.
    """

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2:
            raise ValueError(f"samples must be (frames, channels), not {self.samples.shape}")
        if self.rate <= 0:
            raise ValueError(f"rate must be positive, not {self.rate}")

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate
