"""How loud a song is where it plays, and the gain that brings it to the network's level.

The networks are not scale-invariant: a recording 12 to 18 dB below today's mastering loses 1 to
2 dB of separation. They are shown every song at one level; the stems are cut from the song itself.
"""

import math

import numpy as np

from core.audio.waveform import Samples

# Root mean square over the active parts at which the networks separate best, dB of full scale.
# Louder finds more of quiet voices, and more voices where there are none; -18 is where songs with
# true stems lose nothing on either side.
NETWORK_LEVEL = -18.0

# Gating as in ITU-R BS.1770-4: blocks of 0.4 s, those 10 dB under the mean do not count.
GATE_BLOCK = 0.4
RELATIVE_GATE = 10.0 ** (-10.0 / 10.0)

# Quieter than the last bit of a 24-bit file: nothing plays.
SILENCE = 1e-14


class LevelMeter:
    """Measures the level of a stream in one pass, in constant memory per second.

    Parameters
    ----------
    rate
        Sampling rate, Hz.
    """

    def __init__(self, rate: int) -> None:
        self._size = max(1, round(rate * GATE_BLOCK))
        self._powers: list[float] = []
        self._sum = 0.0
        self._count = 0

    def feed(self, samples: Samples) -> None:
        """Take the next samples, shape (n, channels), float32."""
        position = 0
        while position < len(samples):
            part = samples[position : position + self._size - self._count]
            self._sum += float(np.vdot(part, part)) / samples.shape[1]
            self._count += len(part)
            position += len(part)
            if self._count == self._size:
                self._close_block()

    def _close_block(self) -> None:
        self._powers.append(self._sum / self._count)
        self._sum, self._count = 0.0, 0

    def level(self) -> float | None:
        """Return the root mean square of the active parts in dB of full scale.

        None where nothing plays.
        """
        powers = list(self._powers)
        if self._count:
            powers.append(self._sum / self._count)
        playing = [power for power in powers if power > SILENCE]
        if not playing:
            return None
        gate = RELATIVE_GATE * sum(playing) / len(playing)
        active = [power for power in playing if power >= gate]
        return 10.0 * math.log10(sum(active) / len(active))


def network_gain(level: float | None) -> float:
    """Return the factor that brings a song of this level (dB, None for silence) to the network's.

    Examples
    --------
    >>> round(network_gain(-20.0), 3)
    1.259
    """
    return 1.0 if level is None else float(10.0 ** ((NETWORK_LEVEL - level) / 20.0))
