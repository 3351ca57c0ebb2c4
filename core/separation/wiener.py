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
        mix = self._stft(segment[: self._channels])
        frames = mix.shape[1]
        estimates = [
            self._stft(segment[self._channels * (1 + stem) : self._channels * (2 + stem)])
            for stem in range(self._stems)
        ]
        powers = [_power(estimate) for estimate in estimates]
        spatial = [
            _Spatial(estimate, power) for estimate, power in zip(estimates, powers, strict=True)
        ]
        del estimates
        rows = frames + self._stft.frame // self._stft.hop - 1
        out = np.zeros((len(self._wanted), self._channels, rows, self._stft.hop), np.float32)
        for start in range(0, frames, BLOCK):
            block = slice(start, start + BLOCK)
            gains = [power[block] ** np.float32(self._exponent / 2) for power in powers]
            whitened = _whiten(mix[:, block], gains, spatial)
            for row, stem in enumerate(self._wanted):
                weighted = gains[stem] * weights[block, np.newaxis]
                for channel, image in enumerate(spatial[stem].apply(whitened)):
                    self._stft.add_inverse(image * weighted, out[row, channel, start:])
        return out.reshape(len(self._wanted) * self._channels, -1)


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

    def __init__(self, estimate: Spectrum, power: NDArray[np.float32]) -> None:
        total = power.sum(axis=0, dtype=np.float64)
        left = estimate[0]
        self.mono = len(estimate) == 1
        self.left = _mean_product(left, left, total).real
        if not self.mono:
            right = estimate[1]
            self.right = _mean_product(right, right, total).real
            self.cross = _mean_product(left, right, total)

    def apply(self, vector: list[NDArray[np.complex64]]) -> list[NDArray[np.complex64]]:
        """Multiply the covariance by a vector per bin."""
        if self.mono:
            return [self.left * vector[0]]
        left, right = vector
        return [
            self.left * left + self.cross * right,
            np.conj(self.cross) * left + self.right * right,
        ]


def _mean_product(
    a: NDArray[np.complex64], b: NDArray[np.complex64], total: NDArray[np.float64]
) -> NDArray[np.complex64]:
    summed = (a * b.conj()).sum(axis=0)
    return np.asarray(summed / total, dtype=np.complex64)


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
