"""Which beats begin a bar.

Bars tend to begin where the harmony changes and where the bass drum and the bass play: M. Goto,
"An Audio-based Real-time Beat Tracking System for Music With or Without Drum-sounds", JNMR
30(2), 2001. Positions in the bar follow one another; a break of that order has a price
(Viterbi), so that a bar of two beats or a pause does not spoil the rest of the song.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis import chroma as pitches
from core.analysis.onsets import time_frame

METERS = (4, 3)
"""Beats per bar that are looked for."""

# What a break of the order costs, in units of the accents' spread.
_BREAK = 12.0

# Three-four time is rare, and three beats find an accent by chance more easily than four.
_PREFER_FOUR = 1.15

_FEWEST = 8


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of a song.

    Attributes
    ----------
    first
        Indices of the beats that begin a bar, shape (bars,).
    beats_per_bar
        3 or 4.
    confidence
        0 (any other beat might be the first) to 1.
    """

    first: NDArray[np.intp]
    beats_per_bar: int
    confidence: float


def find_bars(
    beats: NDArray[np.float64], onsets: NDArray[np.float32], chroma: NDArray[np.float32]
) -> Bars:
    """Find the bars.

    Parameters
    ----------
    beats
        Times in seconds.
    onsets
        Shape (frames, 3), as `OnsetMeter` measures.
    chroma
        Shape (frames, 12), as `ChromaMeter` measures.
    """
    if len(beats) < _FEWEST:
        return Bars(np.arange(0, len(beats), 4), 4, 0.0)
    accent = _accents(beats, onsets, chroma)
    meter, contrast = 4, -np.inf
    for beats_per_bar in METERS:
        found = _contrasts(accent, beats_per_bar).max()
        if found * (_PREFER_FOUR if beats_per_bar == 4 else 1) > contrast:
            meter, contrast = beats_per_bar, found
    place = _places(accent, meter)
    contrasts = np.sort(_contrasts(accent, meter))
    confidence = float(np.clip((contrasts[-1] - contrasts[-2]) / 1.5, 0, 1))
    return Bars(np.flatnonzero(place == 0), meter, confidence)


def _accents(
    beats: NDArray[np.float64], onsets: NDArray[np.float32], chroma: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return how much each beat sounds like the first of a bar, mean 0."""
    frame = np.round(time_frame(beats)).astype(np.int64)
    around = np.clip(frame[:, None] + np.arange(-3, 5), 0, len(onsets) - 1)
    strength = np.log1p(onsets[around].max(axis=1))
    change = _harmonic_change(beats, chroma)
    return (
        1.0 * _standard(change) + 0.6 * _standard(strength[:, 0]) - 0.3 * _standard(strength[:, 1])
    )


def _harmonic_change(
    beats: NDArray[np.float64], chroma: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return how different the pitches are before and after each beat, 0 to 1."""
    period = float(np.median(np.diff(beats)))
    edges = np.append(beats, beats[-1] + period) * pitches.FPS
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0, dtype=np.float64)])
    at = np.arange(len(sums))
    # Frame i stands for the time from i - 1/2 to i + 1/2.
    held = np.stack([np.interp(edges + 0.5, at, column) for column in sums.T], axis=1)
    means = np.diff(held, axis=0)
    means /= np.linalg.norm(means, axis=1, keepdims=True) + 1e-9
    change = np.zeros(len(beats))
    change[1:] = 1 - np.sum(means[1:] * means[:-1], axis=1)
    return change


def _standard(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray((values - values.mean()) / (values.std() + 1e-9), np.float64)


def _contrasts(accent: NDArray[np.float64], beats_per_bar: int) -> NDArray[np.float64]:
    """Return for each phase how far the accents of its first beats lie above the others'."""
    phase = np.arange(len(accent)) % beats_per_bar
    return np.array(
        [accent[phase == p].mean() - accent[phase != p].mean() for p in range(beats_per_bar)]
    )


def _places(accent: NDArray[np.float64], beats_per_bar: int) -> NDArray[np.intp]:
    """Number the beats within their bars from 0."""
    came = np.zeros((len(accent), beats_per_bar), np.int8)
    best = np.zeros(beats_per_bar)
    best[0] += accent[0]
    for beat in range(1, len(accent)):
        onward = np.roll(best, 1)
        jump = best.max() - _BREAK
        came[beat] = np.where(
            onward >= jump, (np.arange(beats_per_bar) - 1) % beats_per_bar, best.argmax()
        )
        best = np.maximum(onward, jump)
        best[0] += accent[beat]
    place = np.empty(len(accent), np.intp)
    place[-1] = best.argmax()
    for beat in range(len(accent) - 1, 0, -1):
        place[beat - 1] = came[beat, place[beat]]
    return place
