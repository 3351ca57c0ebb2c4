"""One patch through the network: samples in, the samples of each stem out.

This is the innermost step of every separation: transform, network, masks, inverse transform.
Everything after the network runs over blocks of a few frames that stay in the processor's cache.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.separation.masks import MaskExtension, ratio_masks, upper_mask
from core.separation.network import Network
from core.separation.patches import Segment
from core.separation.stft import BLOCK, Stft

# The edge extension averages this part of the network's bins, from the top: about 2.7 kHz of 11.
EDGE_PART = 4


@dataclass(frozen=True, slots=True)
class Masking:
    """How the network's outputs become masks.

    Attributes
    ----------
    exponent
        Of the ratio masks. None applies the network's outputs as they are: each stem's own
        estimate, which need not add up to the mix (the Wiener filter starts from these).
    extension
        What happens above the network's highest bin.
    """

    exponent: float | None
    extension: MaskExtension


class MaskedPatch:
    """The process that `PatchStream` runs on every patch.

    Parameters
    ----------
    stft, network
        The transform and the network, both shared between threads.
    masking
        How to mask.
    gain
        Factor on the magnitudes that the network sees. The stems are cut from the mix itself, at
        its own level.
    stems
        Indices of the stems to return, in this order.
    workers
        Where the channels of a patch are worked on side by side; None: one after the other.
    """

    def __init__(
        self,
        stft: Stft,
        network: Network,
        masking: Masking,
        gain: float,
        stems: tuple[int, ...],
        workers: Executor | None = None,
    ) -> None:
        self._stft = stft
        self._network = network
        self._masking = masking
        self._gain = np.float32(gain)
        self._stems = stems
        self._workers = workers
        # One per patch under way. Large arrays made anew for every patch would cost page faults,
        # and leave the process's heap in pieces twice as large as what is in use.
        self._spaces: list[_Space] = []

    def __call__(self, segment: Segment, weights: NDArray[np.float32]) -> Segment:
        """Separate one patch.

        Parameters
        ----------
        segment
            Shape (channels, samples), float32, channels 1 or 2.
        weights
            Shape (frames,): weight of each frame in the result.

        Returns
        -------
        Segment
            Shape (stems * channels, samples), float32: the channels of the first stem, then those
            of the next.
        """
        channels = len(segment)
        space = self._spaces.pop() if self._spaces else _Space(self._stft, self._network, channels)
        try:
            return self._separate(segment, weights, space)
        finally:
            self._spaces.append(space)

    def _separate(self, segment: Segment, weights: NDArray[np.float32], space: "_Space") -> Segment:
        channels, frames = len(segment), len(space.magnitude)
        self._for_each(channels, lambda channel: self._transform(segment, channel, space))
        # A mono song is shown to a stereo network as two equal channels.
        space.magnitude[:, :, channels:] = space.magnitude[:, :, :1]
        self._network.masks(space.magnitude, out=space.raw)
        rows = frames + self._stft.frame // self._stft.hop - 1
        out = np.zeros((len(self._stems), channels, rows, self._stft.hop), np.float32)
        self._for_each(channels, lambda channel: self._cut_out(weights, channel, space, out))
        return out.reshape(len(self._stems) * channels, -1)

    def _for_each(self, channels: int, work: Callable[[int], None]) -> None:
        """Do the same to every channel: outside the network they do not know of each other."""
        run = map if self._workers is None else self._workers.map
        for _ in run(work, range(channels)):
            pass

    def _transform(self, segment: Segment, channel: int, space: "_Space") -> None:
        """Fill one channel of the spectrum, and of the magnitude that the network sees."""
        frames, bins, _ = space.magnitude.shape
        for start in range(0, frames, BLOCK):
            count = min(BLOCK, frames - start)
            begin = start * self._stft.hop
            samples = segment[channel, np.newaxis, begin : begin + self._stft.samples_for(count)]
            spectrum = space.spectrum[channel, start : start + count]
            self._stft(samples, out=spectrum[np.newaxis])
            magnitude = np.abs(spectrum[:, :bins])
            magnitude *= self._gain
            space.magnitude[start : start + count, :, channel] = magnitude

    def _cut_out(
        self,
        weights: NDArray[np.float32],
        channel: int,
        space: "_Space",
        out: NDArray[np.float32],
    ) -> None:
        """Mask one channel's spectrum for every wanted stem and transform it back."""
        frames, bins, heard = space.magnitude.shape
        mono = out.shape[1] < heard
        for start in range(0, frames, BLOCK):
            block = slice(start, start + BLOCK)
            if mono:
                every = [self._masks(space, block, other) for other in range(heard)]
                masks = np.mean(every, axis=0, dtype=np.float32)
            else:
                masks = self._masks(space, block, channel)
            masks *= weights[block, np.newaxis]
            upper = upper_mask(masks, self._masking.extension, bins // EDGE_PART)
            for row, stem in enumerate(self._stems):
                masked = _apply(
                    space.spectrum[channel, block],
                    masks[stem],
                    None if upper is None else upper[stem],
                )
                self._stft.add_inverse(masked, out[row, channel, start:])

    def _masks(self, space: "_Space", block: slice, channel: int) -> NDArray[np.float32]:
        """Return the masks of a block of one channel, shape (stems, frames, bins)."""
        raw = space.raw[:, block, :, channel]
        if self._masking.exponent is None:
            return raw.copy()
        estimates = raw * space.magnitude[block, :, channel]
        return ratio_masks(estimates, self._masking.exponent, out=estimates)


class _Space:
    """The arrays of one patch under way."""

    def __init__(self, stft: Stft, network: Network, channels: int) -> None:
        spec = network.spec
        patch = (spec.frames, network.bins, spec.channels)
        self.spectrum = np.empty((channels, spec.frames, stft.bins), np.complex64)
        self.magnitude = np.empty(patch, np.float32)
        self.raw = np.empty((len(spec.stems), *patch), np.float32)


def _apply(
    spectrum: NDArray[np.complex64],
    mask: NDArray[np.float32],
    upper: NDArray[np.float32] | None,
) -> NDArray[np.complex64]:
    """Multiply (frames, all bins) by (frames, network's bins) and, above them, (frames, 1)."""
    bins = mask.shape[-1]
    masked = np.empty_like(spectrum)
    np.multiply(spectrum[:, :bins], mask, out=masked[:, :bins])
    if upper is None:
        masked[:, bins:] = 0
    else:
        np.multiply(spectrum[:, bins:], upper, out=masked[:, bins:])
    return masked
