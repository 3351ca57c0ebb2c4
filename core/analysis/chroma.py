"""How strongly each pitch class sounds, frame by frame, and how the song is tuned.

Harmonic pitch class profiles from spectral peaks: E. Gómez, "Tonal Description of Polyphonic
Audio for Music Content Processing", INFORMS Journal on Computing 18(3), 2006. Tuning from where
the peaks lie between the semitones of 440 Hz: a circular mean, so that 40 cents too high is not
taken for 60 cents too low.
"""

import numpy as np
from numpy.typing import NDArray

from core.analysis.frames import Framer, Mono
from core.analysis.stream import RATE

HOP = 2048
"""Samples between two frames of the chroma."""

FPS = RATE / HOP
"""Frames per second of the chroma."""

_SIZE = 8192
_LOWEST, _HIGHEST = 60.0, 2_000.0

# Thirds of a semitone: enough to turn to the song's tuning once it is known.
_FINE = 36

# Peaks below this share of the frame's strongest are side lobes and noise.
_FAINT = 0.02

# Louder frames count more, but not in proportion.
_COMPRESSION = 0.5

_NOTHING = 1e-9


class ChromaMeter:
    """Measures pitch classes of a mono stream at `RATE`."""

    def __init__(self) -> None:
        self._framer = Framer(_SIZE, HOP)
        window = np.blackman(_SIZE + 1)[:-1].astype(np.float32)
        self._window = window * np.float32(2 / window.sum())
        self._first = int(_LOWEST * _SIZE / RATE)
        self._last = int(_HIGHEST * _SIZE / RATE) + 2
        self._tuning = 0j
        self._found: list[NDArray[np.float32]] = []

    def feed(self, block: Mono) -> None:
        """Take the next samples in."""
        self._measure(self._framer.feed(block))

    def finish(self) -> tuple[NDArray[np.float32], float]:
        """End the stream.

        Returns
        -------
        chroma
            Shape (frames, 12), float32, at least 0: C to B, in the song's own tuning. Frame i
            is centred at ``i / FPS`` seconds.
        tuning
            Cents above A = 440 Hz, -50 to 50; 0 where there are no pitches.
        """
        self._measure(self._framer.finish())
        tuning = float(np.angle(self._tuning)) / (2 * np.pi) if self._tuning else 0.0
        if not self._found:
            return np.zeros((0, 12), np.float32), 0.0
        # Semitones, from thirds of them: what lies within a half of a semitone around.
        offset = np.arange(_FINE) / 3 - tuning
        distance = (offset[:, None] - np.arange(12) + 6) % 12 - 6
        fold = np.cos(np.pi * np.clip(distance, -0.5, 0.5)) ** 2
        folded = [fine @ fold.astype(np.float32) for fine in self._found]
        return np.concatenate(folded), 100 * tuning

    def _measure(self, frames: Mono) -> None:
        if not len(frames):
            return
        spectrum = np.abs(np.fft.rfft(frames * self._window)[:, self._first : self._last])
        middle = spectrum[:, 1:-1]
        peak = (middle > spectrum[:, :-2]) & (middle >= spectrum[:, 2:])
        peak &= middle > _FAINT * spectrum.max(axis=1, keepdims=True) + _NOTHING
        row, column = np.nonzero(peak)
        logs = [np.log(spectrum[row, column + k] + _NOTHING) for k in range(3)]
        bend = logs[0] - 2 * logs[1] + logs[2]
        shift = 0.5 * (logs[0] - logs[2]) / np.where(bend < 0, bend, -1)
        bins = self._first + column + 1 + np.clip(shift, -0.5, 0.5)
        pitch = 69 + 12 * np.log2(bins * RATE / _SIZE / 440)
        size = middle[row, column] ** _COMPRESSION
        self._tuning += complex(np.sum(size * np.exp(2j * np.pi * pitch)))
        self._found.append(_histogram(row, pitch, size, len(frames)))


def _histogram(
    row: NDArray[np.intp],
    pitch: NDArray[np.float64],
    size: NDArray[np.floating],
    rows: int,
) -> NDArray[np.float32]:
    """Add peaks up by frame and third of a semitone, each shared by the two nearest."""
    place = pitch * 3
    whole = np.floor(place)
    part = place - whole
    found = np.zeros(rows * _FINE)
    for at, share in ((whole, 1 - part), (whole + 1, part)):
        index = row * _FINE + at.astype(np.int64) % _FINE
        found += np.bincount(index, size * share, rows * _FINE)
    return found.reshape(rows, _FINE).astype(np.float32)
