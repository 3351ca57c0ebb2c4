"""Beat times: those on strong onsets that keep the tempo best.

D. Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music Research 36(1), 2007, with
a tempo that may change over the song, and solved for many frames at a time: the beat before lies
at least half a period back, so all frames of half a period depend on earlier ones only.
"""

import numpy as np
from numpy.typing import NDArray

from core.analysis.onsets import FPS, frame_time, time_frame
from core.analysis.tempo import TempoCurve

# How much a beat off the tempo costs against a weak onset.
_TIGHTNESS = 100.0

# Beats at the ends that are weaker than this share of the usual are silence, not beats.
_WEAK = 0.25

# Where the bass drum plays between the beats at least this strongly against on them, every other
# beat was missed; unless that tempo would be faster than dance music with a drum on each beat is.
_BETWEEN = 0.7
_FASTEST_FLOOR = 150.0

# How far a bass drum stands out from other low sounds, against the spread of all onsets there.
_DRUM = 2.0

# Strong beats at most this many beats apart belong together.
_NEAR = 4

# A song whose beats lie this near to a straight line (seconds, root mean square) has one tempo.
_STEADY = 0.03

# Otherwise the tempo is measured over this many beats.
_SPAN = 8


def track_beats(strength: NDArray[np.float32], curve: TempoCurve) -> NDArray[np.float64]:
    """Find the beats.

    Parameters
    ----------
    strength
        Shape (frames,), as `core.analysis.tempo.prepared` returns it.
    curve
        The tempo to keep.

    Returns
    -------
    ndarray
        Shape (beats,), float64: times in seconds, rising.
    """
    frames = np.arange(len(strength))
    periods = 60 * FPS / np.interp(frames / FPS, curve.times, curve.bpm)
    local = _smoothed(strength, float(np.median(periods)))
    local /= local.std() + 1e-9
    total, before = _best_chains(local, periods)
    chain = _trace_back(total, before, float(np.median(periods)))
    chain = _without_silence(chain, local)
    return frame_time(np.maximum(_between_frames(chain, local), 0))


def tempo_of(beats: NDArray[np.float64]) -> float:
    """Measure the tempo of beats more exactly than it was guessed to find them.

    Parameters
    ----------
    beats
        Times in seconds, at least two.

    Returns
    -------
    float
        Beats per minute.
    """
    count = np.arange(len(beats))
    slope, start = np.polyfit(count, beats, 1)
    if np.sqrt(np.mean((beats - start - slope * count) ** 2)) < _STEADY:
        return float(60 / slope)
    span = min(_SPAN, len(beats) - 1)
    return float(60 * span / np.median(beats[span:] - beats[:-span]))


def misses_every_other(beats: NDArray[np.float64], onsets: NDArray[np.float32]) -> bool:
    """Whether a bass drum plays on twice as many beats: four to the floor.

    Snare drum and chords on every other beat make half of the tempo as regular as the tempo.

    Parameters
    ----------
    beats
        Times in seconds.
    onsets
        Shape (frames, 3), as `OnsetMeter` measures.
    """
    if len(beats) < 4 or 2 * tempo_of(beats) > _FASTEST_FLOOR:
        return False
    low = onsets[:, 0]
    on = _typical(low, beats)
    between = _typical(low, (beats[1:] + beats[:-1]) / 2)
    return bool(on > _DRUM * low.std() and between > _BETWEEN * on)


def _typical(strength: NDArray[np.float32], times: NDArray[np.float64]) -> float:
    """Return the median of the strongest frames around each time."""
    around = np.round(time_frame(times)).astype(np.int64)[:, None] + np.arange(-2, 4)
    return float(np.median(strength[np.clip(around, 0, len(strength) - 1)].max(axis=1)))


def _smoothed(strength: NDArray[np.float32], period: float) -> NDArray[np.float64]:
    """Blur by a Gauss curve of a 32nd of the period, so that near misses count."""
    width = max(period / 32, 0.5)
    reach = int(np.ceil(4 * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    return np.convolve(strength, kernel, "same")[: len(strength)]


def _best_chains(
    local: NDArray[np.float64], periods: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return for each frame the score of the best chain ending there, and the beat before."""
    total = local.copy()
    before = np.full(len(local), -1, np.int64)
    start = 0
    while start < len(local):
        period = periods[start]
        lags = np.arange(max(round(period / 2), 1), round(2 * period) + 1)
        stop = min(start + int(lags[0]), len(local))
        cost = _TIGHTNESS * np.log(lags / period) ** 2
        at = np.arange(start, stop)[:, None] - lags
        chains = np.where(at >= 0, total[np.maximum(at, 0)] - cost, -np.inf)
        best = chains.argmax(axis=1)
        row = np.arange(stop - start)
        gain = chains[row, best]
        # A chain that costs more than it brought is better begun anew.
        joined = gain > 0
        total[start:stop] += np.where(joined, gain, 0)
        before[start:stop] = np.where(joined, at[row, best], -1)
        start = stop
    return total, before


def _trace_back(
    total: NDArray[np.float64], before: NDArray[np.int64], period: float
) -> NDArray[np.int64]:
    """Follow the best chain that ends within the last two periods back to its begin."""
    tail = max(len(total) - round(2 * period), 0)
    frame = tail + int(total[tail:].argmax())
    chain = []
    while frame >= 0:
        chain.append(frame)
        frame = int(before[frame])
    return np.array(chain[::-1], np.int64)


def _without_silence(chain: NDArray[np.int64], local: NDArray[np.float64]) -> NDArray[np.int64]:
    """Leave out what lies before the first and behind the last strong beats."""
    strong = np.flatnonzero(local[chain] > _WEAK * np.sqrt(np.mean(local[chain] ** 2)))
    # A strong one alone is a crackle; at twice the tempo every other beat is weak.
    near = np.diff(strong) <= _NEAR
    begins, ends = strong[:-1][near], strong[1:][near]
    return chain[begins[0] : ends[-1] + 1] if len(begins) else chain[:0]


def _between_frames(chain: NDArray[np.int64], local: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move each beat to the top of the parabola through its frame and the two beside it."""
    inner = np.clip(chain, 1, len(local) - 2)
    left, middle, right = local[inner - 1], local[inner], local[inner + 1]
    bend = left - 2 * middle + right
    top = (middle >= left) & (middle >= right) & (bend < 0) & (inner == chain)
    shift = np.where(top, 0.5 * (left - right) / np.where(bend < 0, bend, -1), 0)
    return np.asarray(chain + shift, np.float64)
