"""How strongly notes and drum strokes begin, frame by frame.

Log-magnitude spectral flux with a maximum filter along frequency, which keeps vibrato and
glides from looking like onsets: S. Böck and G. Widmer, "Maximum Filter Vibrato Suppression for
Onset Detection", DAFx 2013 (SuperFlux).
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.analysis.frames import Framer, Mono
from core.analysis.stream import RATE

HOP = 256
"""Samples between two frames of the onset strength."""

FPS = RATE / HOP
"""Frames per second of the onset strength."""

_SIZE = 1024

# A difference over two frames: over one, half of the window would be the same samples.
_LAG = 2

# How long before a stroke the flux has its peak (the window's slope, and the lag), in frames;
# measured on clicks.
_EARLY = 0.3

_BANDS = 48
_LOWEST = 30.0
_HIGHEST = 10_000.0

# Borders between low, middle and high: below are kick and bass, above are hats.
_BORDERS = (160.0, 3_000.0)

# Magnitudes relative to a full-scale sine are multiplied by this before the logarithm.
_COMPRESSION = 1_000.0


class OnsetMeter:
    """Measures onset strength of a mono stream at `RATE`."""

    def __init__(self) -> None:
        self._framer = Framer(_SIZE, HOP)
        window = np.hanning(_SIZE + 1)[:-1].astype(np.float32)
        self._window = window * np.float32(2 / window.sum())
        self._filters, centres = _mel_filters()
        self._edges = [0, *np.searchsorted(centres, _BORDERS).tolist(), _BANDS]
        self._before = np.zeros((_LAG, _BANDS), np.float32)
        self._found: list[NDArray[np.float32]] = []

    def feed(self, block: Mono) -> None:
        """Take the next samples in."""
        self._measure(self._framer.feed(block))

    def finish(self) -> NDArray[np.float32]:
        """End the stream.

        Returns
        -------
        ndarray
            Shape (frames, 3), float32, at least 0: strength in the low, middle and high
            frequencies. Frame i is at ``frame_time(i)``.
        """
        self._measure(self._framer.finish())
        return np.concatenate(self._found) if self._found else np.zeros((0, 3), np.float32)

    def _measure(self, frames: Mono) -> None:
        if not len(frames):
            return
        spectrum = np.abs(np.fft.rfft(frames * self._window)).astype(np.float32)
        bands = np.log1p(_COMPRESSION * (spectrum @ self._filters))
        bands = np.concatenate([self._before, bands])
        self._before = bands[-_LAG:]
        widened = bands[:-_LAG].copy()
        np.maximum(widened[:, 1:], bands[:-_LAG, :-1], out=widened[:, 1:])
        np.maximum(widened[:, :-1], bands[:-_LAG, 1:], out=widened[:, :-1])
        rise = np.maximum(bands[_LAG:] - widened, 0)
        edges = self._edges
        groups = [rise[:, a:b].sum(axis=1) for a, b in pairwise(edges)]
        self._found.append(np.stack(groups, axis=1))


def frame_time(frame: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return when what frame `frame` measured began, seconds; fractions of frames are fine."""
    return np.asarray((np.asarray(frame) + _EARLY) / FPS)


def time_frame(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the frame (with a fraction) of a time in seconds: the inverse of `frame_time`."""
    return time * FPS - _EARLY


def _mel_filters() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return triangles on the mel scale, (bins, bands), each of sum 1, and their centres in Hz."""
    mel = np.linspace(_mel(_LOWEST), _mel(_HIGHEST), _BANDS + 2)
    corners = 700 * (np.exp(mel / 1127) - 1)
    bins = np.fft.rfftfreq(_SIZE, 1 / RATE)[:, None]
    # At least two bins wide: the low bands would fall between bins otherwise.
    width = RATE / _SIZE
    left = np.minimum(corners[:-2], corners[1:-1] - width)
    right = np.maximum(corners[2:], corners[1:-1] + width)
    centre = corners[1:-1]
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    filters = np.maximum(np.minimum(rising, falling), 0)
    return (filters / filters.sum(axis=0)).astype(np.float32), centre


def _mel(frequency: float) -> float:
    return 1127 * float(np.log1p(frequency / 700))
