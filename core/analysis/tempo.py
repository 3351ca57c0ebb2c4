"""The tempo of a song, from how its onsets repeat.

The autocorrelation of the onset strength has peaks at the beat's period and its multiples, its
Fourier transform at the beat's frequency and its multiples; only the beat itself has both:
G. Peeters, "Time Variable Tempo Detection and Beat Marking", ICMC 2005. Of the tempi that fit,
people tap the one nearest to about two beats a second: D. Moelants, "Preferred Tempo
Reconsidered", ICMPC 2002; D. Ellis, "Beat Tracking by Dynamic Programming", JNMR 36(1), 2007.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.onsets import FPS

SLOWEST, FASTEST = 50.0, 220.0
"""Beats per minute that are looked for."""

# Seconds of onsets that one estimate looks at, and between two estimates.
_WINDOW = 12.0
_STEP = 3.0

# Candidates are one percent apart.
TEMPI: NDArray[np.float64] = np.geomspace(SLOWEST, FASTEST, 150)

# Where tapped tempi gather, and how far they spread (octaves).
_PREFERRED = 116.0
_SPREAD = 0.8

# Multiples of the period at which a beat repeats too.
_TEETH = 4

# What a change of tempo by one percent between two estimates costs, in units of log salience.
_CHANGE = 0.7

_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class TempoCurve:
    """The tempo over a song.

    Attributes
    ----------
    times
        Middle of each window, seconds.
    bpm
        Its tempo.
    confidence
        How regular the onsets are at that tempo, 0 to 1, over the whole song.
    """

    times: NDArray[np.float64]
    bpm: NDArray[np.float64]
    confidence: float


def prepared(onsets: NDArray[np.float32], low: float = 1.0) -> NDArray[np.float32]:
    """Make one curve of the onset strengths, of equal loudness throughout the song.

    Parameters
    ----------
    onsets
        Shape (frames, 3), as `OnsetMeter` measures.
    low
        Weight of the low frequencies against the others.

    Returns
    -------
    ndarray
        Shape (frames,), float32, at least 0. What stands out from the second around it,
        divided by how much stands out in the ten seconds around it.
    """
    total = onsets @ np.array([low, 1.0, 1.0])
    raised = np.maximum(total - _moving_mean(total, round(FPS)), 0)
    spread = np.sqrt(_moving_mean(raised**2, round(10 * FPS)))
    # Between songs and in pauses there is nothing to be made as loud as the rest.
    floor = 0.1 * np.sqrt(np.mean(raised**2)) + _NOTHING
    return np.asarray(raised / np.maximum(spread, floor), np.float32)


def tempo_curve(strength: NDArray[np.float32]) -> TempoCurve | None:
    """Find the tempo over the song.

    Parameters
    ----------
    strength
        Shape (frames,), as `prepared` returns it.

    Returns
    -------
    TempoCurve or None
        None where nothing repeats, or where there is less than two seconds of it.
    """
    if len(strength) < 2 * FPS or not strength.any():
        return None
    size = min(round(_WINDOW * FPS), len(strength))
    starts = np.arange(0, len(strength) - size + 1, round(_STEP * FPS))
    rows = [_salience(strength[start : start + size]) for start in starts]
    salience = np.stack([row for row, _ in rows])
    regular = np.stack([row for _, row in rows])
    weight = np.exp(-0.5 * (np.log2(TEMPI / _PREFERRED) / _SPREAD) ** 2)
    path = _smooth_path(np.log(salience * weight + _NOTHING))
    confidence = float(np.mean(regular[np.arange(len(path)), path]))
    times = np.asarray((starts + size / 2) / FPS, np.float64)
    return TempoCurve(times, TEMPI[path], min(max(confidence, 0.0), 1.0))


def _salience(part: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the salience of each tempo, and the autocorrelation (0 to 1) at its period."""
    part = part - part.mean()
    size = 1 << (2 * len(part) - 1).bit_length()
    transform = np.fft.rfft(part, size)
    correlation = np.fft.irfft(np.abs(transform) ** 2)[: len(part)]
    # A pair of strokes is as telling far apart as near, where the window is long enough.
    overlap = len(part) - np.arange(len(part))
    correlation = correlation / np.maximum(overlap, len(part) / 4)
    correlation /= correlation[0] + _NOTHING
    lags = 60 * FPS / TEMPI
    at = np.arange(len(correlation))
    teeth = [np.interp(k * lags, at, correlation, right=0) for k in range(1, _TEETH + 1)]
    comb = np.maximum(np.mean(teeth, axis=0), 0)
    windowed = np.fft.rfft(part * np.hanning(len(part)), 4 * size)
    frequency = TEMPI / 60 * 4 * size / FPS
    spectrum = np.interp(frequency, np.arange(len(windowed)), np.abs(windowed))
    spectrum /= spectrum.max() + _NOTHING
    return comb * np.sqrt(spectrum), comb


def _smooth_path(score: NDArray[np.float64]) -> NDArray[np.intp]:
    """Find the best way through (times, tempi) that pays for every change (Viterbi)."""
    steps = np.abs(np.subtract.outer(np.arange(len(TEMPI)), np.arange(len(TEMPI))))
    # A change by more than 12 % is no drift but a jump, and all jumps cost the same.
    cost = _CHANGE * np.minimum(steps, 12)
    came = np.zeros(score.shape, np.int16)
    best = score[0]
    for time in range(1, len(score)):
        ways = best[None, :] - cost
        came[time] = ways.argmax(axis=1)
        best = ways.max(axis=1) + score[time]
    path = np.empty(len(score), np.intp)
    path[-1] = best.argmax()
    for time in range(len(score) - 1, 0, -1):
        path[time - 1] = came[time, path[time]]
    return path


def _moving_mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the mean of `width` values around each; at the ends of those that there are."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    left = np.maximum(at - width // 2, 0)
    right = np.minimum(at + width // 2 + 1, len(values))
    return np.asarray((total[right] - total[left]) / (right - left))
