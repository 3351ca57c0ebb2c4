"""Where somebody sings, from the vocal stem."""

import numpy as np
from numpy.typing import NDArray

from core.analysis.frames import Mono

HOP = 441
"""Samples between two levels: 20 ms."""

# Levels at which singing begins and ends, dB against the loud parts of the vocal stem ...
_BEGINS, _ENDS = -20.0, -26.0

# ... but never below this against the loud parts of the whole song: what a separation leaves of
# other instruments in a vocal stem without vocals lies lower.
_LEAK = -20.0

# Loud parts: the level that this share of the frames stays under.
_LOUD = 0.95

# Breaths shorter than this do not end a part, and nothing shorter than this is one (seconds).
_BREATH = 0.35
_SHORTEST = 0.15

_SILENT = -70.0


class LevelMeter:
    """Measures the level of a mono stream."""

    def __init__(self) -> None:
        self._kept = np.empty(0, np.float32)
        self._found: list[NDArray[np.float32]] = []

    def feed(self, block: Mono) -> None:
        """Take the next samples in."""
        held = np.concatenate([self._kept, block])
        count = len(held) // HOP
        self._kept = held[count * HOP :]
        frames = held[: count * HOP].reshape(count, HOP)
        self._found.append(np.einsum("ij,ij->i", frames, frames) / np.float32(HOP))

    def finish(self) -> NDArray[np.float32]:
        """End the stream; return levels, dB (full-scale square wave 0), shape (frames,)."""
        if len(self._kept):
            self.feed(np.zeros(HOP - len(self._kept), np.float32))
        if not self._found:
            return np.empty(0, np.float32)
        power = np.concatenate(self._found)
        # Over 60 ms: a single period of a low voice is no pause.
        smooth = np.convolve(power, np.full(3, 1 / 3), "same")[: len(power)]
        return np.asarray(10 * np.log10(smooth + 1e-12), np.float32)


def find_singing(
    vocals: NDArray[np.float32], song: NDArray[np.float32], rate: float
) -> tuple[tuple[float, float], ...]:
    """Find the parts with singing: a gate with hysteresis.

    Parameters
    ----------
    vocals, song
        Levels of the vocal stem and of the whole song, dB, shape (frames,).
    rate
        Levels per second.

    Returns
    -------
    tuple of (float, float)
        Start and end in seconds, rising.
    """
    if not len(vocals):
        return ()
    loud = float(np.quantile(vocals, _LOUD))
    floor = max(float(np.quantile(song, _LOUD)) + _LEAK, _SILENT)
    begins = max(loud + _BEGINS, floor)
    ends = max(loud + _ENDS, floor - (_BEGINS - _ENDS))
    parts: list[tuple[float, float]] = []
    for first, last in _runs(vocals > ends):
        if vocals[first:last].max() < begins:
            continue
        if parts and first / rate - parts[-1][1] < _BREATH:
            parts[-1] = (parts[-1][0], last / rate)
        else:
            parts.append((first / rate, last / rate))
    return tuple(part for part in parts if part[1] - part[0] >= _SHORTEST)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return begin and end of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
