"""One patch through the network: samples in, the samples of each stem out.

This is the innermost step of every separation: transform, network, masks, inverse transform.
Everything after the network runs over blocks of a few frames that stay in the processor's cache.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.separation.masks import MaskExtension, ratio_masks, upper_mask
from core.separation.network import Network, RawMasks
from core.separation.patches import Segment
from core.separation.stft import BLOCK, Spectrum, Stft

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
    """

    def __init__(
        self,
        stft: Stft,
        network: Network,
        masking: Masking,
        gain: float,
        stems: tuple[int, ...],
    ) -> None:
        self._stft = stft
        self._network = network
        self._masking = masking
        self._gain = np.float32(gain)
        self._stems = stems
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
        space = self._spaces.pop() if self._spaces else _Space(self._network)
        try:
            return self._separate(segment, weights, space)
        finally:
            self._spaces.append(space)

    def _separate(self, segment: Segment, weights: NDArray[np.float32], space: "_Space") -> Segment:
        magnitude = space.magnitude
        self._fill_magnitude(segment, magnitude)
        raw = self._network.masks(magnitude, out=space.raw)
        channels, frames = segment.shape[0], len(magnitude)
        rows = frames + self._stft.frame // self._stft.hop - 1
        out = np.zeros((len(self._stems), channels, rows, self._stft.hop), np.float32)
        for start in range(0, frames, BLOCK):
            block = slice(start, start + BLOCK)
            spectrum = self._spectrum(segment, start, min(BLOCK, frames - start))
            masks = self._masks(raw[:, block], magnitude[block], channels)
            masks *= weights[block, np.newaxis]
            upper = upper_mask(masks, self._masking.extension, self._network.bins // EDGE_PART)
            for row, stem in enumerate(self._stems):
                for channel in range(channels):
                    masked = _apply(
                        spectrum[channel],
                        masks[stem, channel],
                        None if upper is None else upper[stem, channel],
                    )
                    self._stft.add_inverse(masked, out[row, channel, start:])
        return out.reshape(len(self._stems) * channels, -1)

    def _spectrum(self, segment: Segment, start: int, frames: int) -> Spectrum:
        """Transform some frames of a patch.

        Done twice, for the network and for the masks: the transform costs a thirtieth of the
        network, and the spectrum of a whole patch would be most of the memory.
        """
        begin = start * self._stft.hop
        return self._stft(segment[:, begin : begin + self._stft.samples_for(frames)])

    def _fill_magnitude(self, segment: Segment, magnitude: NDArray[np.float32]) -> None:
        frames, bins, wanted = magnitude.shape
        for start in range(0, frames, BLOCK):
            spectrum = self._spectrum(segment, start, min(BLOCK, frames - start))
            for channel in range(wanted):
                # A mono song is shown to a stereo network as two equal channels.
                source = spectrum[min(channel, len(spectrum) - 1), :, :bins]
                np.abs(source, out=magnitude[start : start + BLOCK, :, channel])
        magnitude *= self._gain

    def _masks(
        self, raw: RawMasks, magnitude: NDArray[np.float32], channels: int
    ) -> NDArray[np.float32]:
        """Return masks of a block, shape (stems, channels, frames, bins)."""
        # (stems, frames, bins, channels) -> (stems, channels, frames, bins)
        planes = raw.transpose(0, 3, 1, 2)
        if self._masking.exponent is None:
            masks = np.ascontiguousarray(planes)
        else:
            estimates = np.empty(planes.shape, np.float32)
            np.multiply(planes, magnitude.transpose(2, 0, 1), out=estimates)
            masks = ratio_masks(estimates, self._masking.exponent, out=estimates)
        if channels < masks.shape[1]:
            masks = masks.mean(axis=1, keepdims=True, dtype=np.float32)
        return masks


class _Space:
    """The arrays of one patch under way."""

    def __init__(self, network: Network) -> None:
        spec = network.spec
        patch = (spec.frames, network.bins, spec.channels)
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
