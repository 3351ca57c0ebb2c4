"""The level of a mix: what gain brings it to its loudness, the limiter's share allowed for."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core.audio.waveform import Samples
from core.mix.gains import decibels
from core.mix.limiter import Limiter
from core.mix.loudness import LoudnessMeter
from core.mix.peaks import Peaks, TruePeakMeter
from core.mix.plan import Plan

# Almost silent stems are not blown up to music.
_MOST_GAIN = 20.0
# How near the loudness has to come, LU, and how often that is tried with the limiter at work.
_NEAR = 0.05
_TURNS = 3
_EAGER = 1.15
_MOST_MADE_UP = 6.0

Peaked = tuple[Samples, Peaks]


@dataclass(frozen=True, slots=True)
class Level:
    """How loud something is.

    Attributes
    ----------
    loudness
        Integrated, LUFS; ``-inf`` for silence; None if nobody measured it.
    true_peak
        Highest, dBTP; ``-inf`` for silence.
    """

    loudness: float | None
    true_peak: float


class LevelMeter:
    """Measures true peaks and, if wanted, the loudness of a stream in one go.

    Parameters
    ----------
    rate, channels
        Of the stream.
    loudness
        Whether it is measured.
    """

    def __init__(self, rate: int, channels: int, *, loudness: bool = True) -> None:
        self._peaks = TruePeakMeter(rate, channels)
        self._loudness = LoudnessMeter(rate, channels) if loudness else None
        self._highest = 0.0

    def process(self, block: Samples) -> Peaks:
        """Take a block; return the peaks that are complete by now."""
        if self._loudness is not None:
            self._loudness.process(block)
        return self._noted(self._peaks.process(block))

    def flush(self) -> Peaks:
        """Return the last peaks. Called once, before `level`."""
        return self._noted(self._peaks.flush())

    def level(self) -> Level:
        """Return what was measured."""
        loudness = None if self._loudness is None else self._loudness.finish()
        return Level(loudness, decibels(self._highest))

    def _noted(self, peaks: Peaks) -> Peaks:
        if len(peaks):
            self._highest = max(self._highest, float(peaks.max()))
        return peaks


def gain_for(loudness: float | None, target: float | None) -> float:
    """Return the gain that brings a loudness to a target, dB; 0 for silence or without target."""
    if target is None or loudness is None or not math.isfinite(loudness):
        return 0.0
    return min(target - loudness, _MOST_GAIN)


@dataclass(frozen=True, slots=True)
class LevelSetting:
    """What is done about the level of a mix.

    Attributes
    ----------
    gain
        Of the whole, before the limiter, dB.
    loudness
        With which it comes out, LUFS; None if it was not measured that far.
    """

    gain: float
    loudness: float | None


def set_level(
    again: Callable[[], Iterable[Peaked]] | None, level: Level, plan: Plan
) -> LevelSetting:
    """Find the gain with which a limited stream comes out at the loudness wanted.

    The limiter takes loudness away; the gain makes up for it as far as that can be heard.

    Parameters
    ----------
    again
        Gives the stream with its peaks from the start; called only if the limiter has to work.
        None: it cannot be had again, and the limiter's share is not made up for.
    level
        Of the stream.
    plan
        What is wanted of it.
    """
    mix = plan.mix
    target = mix.loudness
    gain = gain_for(level.loudness, target)
    if target is None or level.loudness is None or not math.isfinite(level.loudness):
        return LevelSetting(gain, level.loudness)
    if not mix.limiter or level.true_peak + gain <= mix.ceiling:
        return LevelSetting(gain, level.loudness + gain)
    if again is None:
        return LevelSetting(gain, None)
    most = min(gain + _MOST_MADE_UP, _MOST_GAIN)
    for turn in range(_TURNS):
        meter = LoudnessMeter(plan.rate, plan.channels)
        for block in limited(again(), Limiter(plan.rate, plan.channels, mix.ceiling, gain)):
            meter.process(block)
        loudness = meter.finish()
        short = target - loudness
        if abs(short) <= _NEAR or turn == _TURNS - 1 or (short > 0 and gain >= most):
            break
        # A limiter at its work gives back less than it is given.
        gain = min(gain + short * _EAGER, most)
    return LevelSetting(gain, loudness)


def with_peaks(blocks: Iterable[Samples], meter: LevelMeter) -> Iterator[Peaked]:
    """Give a stream with the peaks that a meter finds in it."""
    empty: Samples | None = None
    for block in blocks:
        empty = block[:0]
        yield block, meter.process(block)
    if empty is not None:
        yield empty, meter.flush()


def limited(stream: Iterable[Peaked], limiter: Limiter) -> Iterator[Samples]:
    """Put a stream with its peaks through a limiter; as many frames come out as go in."""
    for samples, peaks in stream:
        yield limiter.process(samples, peaks)
    yield limiter.flush()
