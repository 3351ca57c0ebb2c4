"""Short-time Fourier transform and its inverse, stretch by stretch.

Frame t of a signal covers its samples [t * hop - frame, t * hop): one frame of zeros stands before
the signal, so that every sample is covered by frame / hop frames. This is the framing that the
networks were trained with. The inverse is weighted overlap-add (Griffin and Lim, 1984): with the
same window on both sides the reconstruction is exact wherever all frames that cover a sample are
given.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Spectrum = NDArray[np.complex64]
"""Complex spectrum, shape (channels, frames, bins), bins = frame / 2 + 1."""

# Frames transformed at once: a block of this many float32 frames of 4096 fits the second-level
# cache, which makes the transform several times faster than one call on a whole patch.
BLOCK = 32


def frame_count(samples: int, frame: int, hop: int) -> int:
    """Return the number of frames that cover a signal of this many samples (0 for none)."""
    return -(-(samples + frame) // hop) if samples > 0 else 0


def periodic_hann(size: int) -> NDArray[np.float64]:
    """Return the periodic Hann window of this many samples."""
    phase = 2.0 * np.pi * np.arange(size) / size
    return np.asarray(0.5 - 0.5 * np.cos(phase), dtype=np.float64)


class Stft:
    """The transform of one framing, both ways.

    Parameters
    ----------
    frame, hop
        Frame length and distance between frames, samples. `frame` is a multiple of `hop`.
    """

    def __init__(self, frame: int, hop: int) -> None:
        if frame % hop:
            raise ValueError(f"frame {frame} is not a multiple of hop {hop}")
        self.frame = frame
        self.hop = hop
        self.bins = frame // 2 + 1
        # `norm="forward"` divides by the frame length, and NumPy runs it in single precision
        # where the default norm takes a six times slower path in double: the window undoes it.
        window = periodic_hann(frame)
        self._window = (window * frame).astype(np.float32)
        self._overlap = frame // hop
        # The squared windows of all frames over one sample: constant for Hann at 75 % overlap,
        # computed here so that it holds for other frames and hops too.
        weight = np.square(window).reshape(self._overlap, hop).sum(axis=0)
        self._synthesis_window = (window / np.tile(weight, self._overlap)).astype(np.float32)

    def samples_for(self, frames: int) -> int:
        """Return how many samples this many consecutive frames cover."""
        return (frames - 1) * self.hop + self.frame

    def __call__(self, samples: NDArray[np.float32], out: Spectrum | None = None) -> Spectrum:
        """Transform every whole frame of a signal.

        Parameters
        ----------
        samples
            Shape (channels, n), float32; n is `samples_for` the wanted number of frames.
        out
            Where to put the result, of its shape and type; None makes a new array.

        Returns
        -------
        Spectrum
            Shape (channels, frames, bins), complex64, unscaled DFT of the windowed frames.
        """
        channels = samples.shape[0]
        framed = sliding_window_view(samples, self.frame, axis=1)[:, :: self.hop]
        frames = framed.shape[1]
        if out is None:
            out = np.empty((channels, frames, self.bins), np.complex64)
        windowed = np.empty((BLOCK, self.frame), np.float32)
        for channel in range(channels):
            for start in range(0, frames, BLOCK):
                block = framed[channel, start : start + BLOCK]
                part = np.multiply(block, self._window, out=windowed[: len(block)])
                out[channel, start : start + len(block)] = np.fft.rfft(part, norm="forward")
        return out

    def inverse(self, spectrum: Spectrum) -> NDArray[np.float32]:
        """Overlap-add frames.

        Parameters
        ----------
        spectrum
            Shape (channels, frames, bins), complex64.

        Returns
        -------
        numpy.ndarray
            Shape (channels, `samples_for(frames)`), float32. Samples that all their frames cover
            are exact; the first and last frame - hop samples lack the frames that are not given,
            and become exact when the neighbouring stretches are added.
        """
        channels, frames, _ = spectrum.shape
        total = np.zeros((channels, frames + self._overlap - 1, self.hop), np.float32)
        for channel in range(channels):
            for start in range(0, frames, BLOCK):
                self.add_inverse(spectrum[channel, start : start + BLOCK], total[channel, start:])
        return total.reshape(channels, -1)

    def add_inverse(self, spectrum: NDArray[np.complex64], total: NDArray[np.float32]) -> None:
        """Overlap-add a block of one channel's frames onto a running sum.

        Parameters
        ----------
        spectrum
            Shape (frames, bins), complex64.
        total
            Shape (at least frames + frame / hop - 1, hop), float32: row t starts where frame t
            does. Added to in place.
        """
        count = len(spectrum)
        pieces = np.fft.irfft(spectrum, self.frame)
        pieces *= self._synthesis_window
        pieces = pieces.reshape(count, self._overlap, self.hop)
        for shift in range(self._overlap):
            total[shift : shift + count] += pieces[:, shift]
