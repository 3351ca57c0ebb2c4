"""Multichannel Wiener filter: uses where a source stands in the stereo picture, not only its pitch.

Every source is modelled per bin as a power (from the network's estimate) times a spatial covariance
that is constant over a window of time (from the same estimates). The minimum-mean-square-error
filter of that model then cuts the source from the mix. One step of the EM algorithm of Duong,
Vincent and Gribonval (2010), in the form of norbert and of Spleeter's `--mwf`: there the statistics
are those of the whole song, here those of a window, so that a song of any length streams through.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.separation.patches import Segment
from core.separation.stft import BLOCK, Spectrum, Stft

# Relative to the trace of the mix's covariance: keeps its inverse finite for a mono mix, whose
# covariance has rank one, without touching any other.
REGULARIZATION = 1e-5
# Power of a bin that holds less than the last bit of a 24-bit file.
TINY = np.float32(1e-10)


class WienerPatch:
    """The process that `PatchStream` runs on the mix and its first estimates.

    Parameters
    ----------
    stft
        The transform.
    channels
        Channels of the mix, 1 or 2.
    stems
        How many stems the estimates hold.
    wanted
        Indices of the stems to return.
    exponent
        Of the sources' magnitudes in the filter: 2 is the model's own power; less shares
        overlapping bins more softly.
    """

    def __init__(
        self, stft: Stft, channels: int, stems: int, wanted: tuple[int, ...], exponent: float
    ) -> None:
        self._stft = stft
        self._channels = channels
        self._stems = stems
        self._wanted = wanted
        self._exponent = exponent

    def __call__(self, segment: Segment, weights: NDArray[np.float32]) -> Segment:
        """Filter one window.

        Parameters
        ----------
        segment
            Shape (channels * (1 + stems), samples): the mix, then the estimate of each stem.
        weights
            Shape (frames,): weight of each frame in the result.

        Returns
        -------
        Segment
            Shape (wanted stems * channels, samples).
        """
        frames = (segment.shape[1] - self._stft.frame) // self._stft.hop + 1
        powers, spatial = self._model(segment, frames)
        rows = frames + self._stft.frame // self._stft.hop - 1
        out = np.zeros((len(self._wanted), self._channels, rows, self._stft.hop), np.float32)
        for start in range(0, frames, BLOCK):
            block = slice(start, start + BLOCK)
            mix = self._spectrum(segment, 0, start, min(BLOCK, frames - start))
            gains = [power[block] ** np.float32(self._exponent / 2) for power in powers]
            whitened = _whiten(mix, gains, spatial)
            for row, stem in enumerate(self._wanted):
                weighted = gains[stem] * weights[block, np.newaxis]
                for channel, image in enumerate(spatial[stem].apply(whitened)):
                    self._stft.add_inverse(image * weighted, out[row, channel, start:])
        return out.reshape(len(self._wanted) * self._channels, -1)

    def _model(
        self, segment: Segment, frames: int
    ) -> tuple[list[NDArray[np.float32]], list["_Spatial"]]:
        """Return each stem's power, (frames, bins), and its covariance."""
        bins = self._stft.bins
        powers = [np.empty((frames, bins), np.float32) for _ in range(self._stems)]
        spatial = [_Spatial(bins, self._channels) for _ in range(self._stems)]
        for start in range(0, frames, BLOCK):
            for stem in range(self._stems):
                estimate = self._spectrum(segment, 1 + stem, start, min(BLOCK, frames - start))
                power = _power(estimate)
                powers[stem][start : start + BLOCK] = power
                spatial[stem].add(estimate, power)
        for source in spatial:
            source.complete()
        return powers, spatial

    def _spectrum(self, segment: Segment, signal: int, start: int, frames: int) -> Spectrum:
        """Transform some frames of the mix (signal 0) or of a stem's estimate (1 and up)."""
        rows = slice(self._channels * signal, self._channels * (signal + 1))
        begin = start * self._stft.hop
        return self._stft(segment[rows, begin : begin + self._stft.samples_for(frames)])


def _power(estimate: Spectrum) -> NDArray[np.float32]:
    """Return the mean power over channels, shape (frames, bins)."""
    power = np.zeros(estimate.shape[1:], np.float32)
    for channel in estimate:
        power += np.square(channel.real)
        power += np.square(channel.imag)
    power /= len(estimate)
    power += TINY
    return power


class _Spatial:
    """The covariance [[left, cross], [cross*, right]] of one source per bin, its trace 2."""

    def __init__(self, bins: int, channels: int) -> None:
        self.mono = channels == 1
        self.left = np.zeros(bins, np.float32)
        self.right = np.zeros(bins, np.float32)
        self.cross = np.zeros(bins, np.complex64)
        self._total = np.zeros(bins, np.float32)

    def add(self, estimate: Spectrum, power: NDArray[np.float32]) -> None:
        """Take some frames of the estimate, (channels, frames, bins), and their power."""
        self._total += power.sum(axis=0)
        left, right = estimate[0], estimate[-1]
        self.left += (np.square(left.real) + np.square(left.imag)).sum(axis=0)
        if not self.mono:
            self.right += (np.square(right.real) + np.square(right.imag)).sum(axis=0)
            self.cross += (left * right.conj()).sum(axis=0)

    def complete(self) -> None:
        """Turn the sums over time into the covariance, after the last `add`."""
        self.left /= self._total
        self.right /= self._total
        self.cross /= self._total

    def apply(self, vector: list[NDArray[np.complex64]]) -> list[NDArray[np.complex64]]:
        """Multiply the covariance by a vector per bin."""
        if self.mono:
            return [self.left * vector[0]]
        left, right = vector
        return [
            self.left * left + self.cross * right,
            np.conj(self.cross) * left + self.right * right,
        ]


def _whiten(
    mix: Spectrum, gains: list[NDArray[np.float32]], spatial: list[_Spatial]
) -> list[NDArray[np.complex64]]:
    """Multiply the inverse of the modelled covariance of the mix by the mix, per bin."""
    pairs = list(zip(gains, spatial, strict=True))
    left = _sum([gain * source.left for gain, source in pairs])
    if spatial[0].mono:
        return [mix[0] / (left + TINY)]
    right = _sum([gain * source.right for gain, source in pairs])
    cross = _sum([gain * source.cross for gain, source in pairs])
    floor = (left + right) * np.float32(REGULARIZATION) + TINY
    left += floor
    right += floor
    determinant = left * right - (np.square(cross.real) + np.square(cross.imag))
    scale = 1 / determinant
    return [
        (right * mix[0] - cross * mix[1]) * scale,
        (left * mix[1] - np.conj(cross) * mix[0]) * scale,
    ]


def _sum(parts: list[NDArray[Any]]) -> NDArray[Any]:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
