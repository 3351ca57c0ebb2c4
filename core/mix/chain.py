"""Effects at work: a chain of pedalboard's, fed block by block, that remembers between blocks."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
import pedalboard

from core.audio.waveform import Samples
from core.mix.effects import Effect
from core.mix.limiter import Limiter
from core.mix.peaks import TruePeakMeter

# pedalboard forgets what it remembers when a block is larger than all before it; it works in
# pieces of this size, and the first one is always whole.
_PIECE = 1024
# How far down the tail of a reverb or delay counts, as a factor: -60 dB.
_AUDIBLE = 1e-3


class Stage(Protocol):
    """One effect of a running chain."""

    def process(self, block: Samples) -> Samples:
        """Take a block, give one; it may be shorter or longer."""

    def flush(self) -> Samples:
        """Give what is held back."""


class Chain:
    """Effects one behind the other.

    Parameters
    ----------
    effects
        In this order.
    rate, channels
        Of the stream.
    """

    def __init__(self, effects: Sequence[Effect], rate: int, channels: int) -> None:
        self._stages = [_BUILDERS[effect.kind](effect, rate, channels) for effect in effects]

    def run(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Put a stream through; give as many frames as come in."""
        if not self._stages:
            yield from blocks
            return
        for block in blocks:
            for stage in self._stages:
                block = stage.process(block)
            yield block
        for number, stage in enumerate(self._stages):
            block = stage.flush()
            for later in self._stages[number + 1 :]:
                block = later.process(block)
            yield block


def tail_seconds(effects: Sequence[Effect]) -> float:
    """Return how long a chain rings on behind the last sound, until it is 60 dB down."""
    return sum(_TAILS[effect.kind](effect) for effect in effects if effect.kind in _TAILS)


class _Plugins:
    """Plugins of pedalboard that work on all channels alike; they delay nothing."""

    def __init__(self, plugins: Sequence[pedalboard.Plugin], rate: int, channels: int) -> None:
        self._plugins = list(plugins)
        self._rate = rate
        self._channels = channels
        self.process(np.zeros((_PIECE, channels), np.float32))

    def process(self, block: Samples) -> Samples:
        if not len(block):
            return block
        # (frames, channels) -> (channels, frames), as pedalboard wants it, and back.
        done = pedalboard.process(
            np.ascontiguousarray(block.T),
            self._rate,
            self._plugins,
            buffer_size=_PIECE,
            reset=False,
        )
        back: Samples = np.ascontiguousarray(done.T)
        return back

    def flush(self) -> Samples:
        return np.empty((0, self._channels), np.float32)


class _Beside(_Plugins):
    """What plugins make of a sound, added to the sound."""

    def __init__(
        self, plugins: Sequence[pedalboard.Plugin], rate: int, channels: int, wet: float
    ) -> None:
        self._wet = np.float32(wet)
        super().__init__(plugins, rate, channels)

    def process(self, block: Samples) -> Samples:
        added: Samples = block + self._wet * super().process(block)
        return added


class _Doubler:
    """A second voice in each channel, each with a delay and a wavering of its own."""

    def __init__(self, effect: Effect, rate: int, channels: int) -> None:
        depth = effect["detune"] / 100 * _DEEPEST
        self._voices = [
            _Beside(
                [
                    pedalboard.Chorus(
                        rate_hz=speed,
                        depth=depth,
                        centre_delay_ms=effect["delay"] * longer,
                        feedback=0.0,
                        mix=1.0,
                    )
                ],
                rate,
                1,
                effect["wet"] / 100,
            )
            for speed, longer in _VOICES[:channels]
        ]

    def process(self, block: Samples) -> Samples:
        voices = [
            voice.process(block[:, number : number + 1])
            for number, voice in enumerate(self._voices)
        ]
        return np.concatenate(voices, axis=1)

    def flush(self) -> Samples:
        return np.empty((0, len(self._voices)), np.float32)


class LimiterStage:
    """A limiter with the meter that it works by.

    Parameters
    ----------
    limiter
        Made for the stream.
    rate, channels
        Of the stream.
    """

    def __init__(self, limiter: Limiter, rate: int, channels: int) -> None:
        self._limiter = limiter
        self._meter = TruePeakMeter(rate, channels)

    def process(self, block: Samples) -> Samples:
        """Take a block; give what can be given, some milliseconds later."""
        return self._limiter.process(block, self._meter.process(block))

    def flush(self) -> Samples:
        """Give the rest."""
        return self._limiter.flush(self._meter.flush())


# How fast the second voice wavers (Hz), and how much longer its delay is, left and right.
_VOICES = ((0.31, 1.0), (0.43, 1.37))
_DEEPEST = 0.2

_Builder = Callable[[Effect, int, int], Stage]


def _plain(make: Callable[[Effect], Sequence[pedalboard.Plugin]]) -> _Builder:
    def build(effect: Effect, rate: int, channels: int) -> Stage:
        return _Plugins(make(effect), rate, channels)

    return build


def _below_nyquist(effect: Effect, rate: int) -> float:
    return min(effect["frequency"], 0.45 * rate)


def _filter(make: Callable[[Effect, float], Sequence[pedalboard.Plugin]]) -> _Builder:
    def build(effect: Effect, rate: int, channels: int) -> Stage:
        return _Plugins(make(effect, _below_nyquist(effect, rate)), rate, channels)

    return build


def _compressor(effect: Effect) -> Sequence[pedalboard.Plugin]:
    return [
        pedalboard.Compressor(
            threshold_db=effect["threshold"],
            ratio=effect["ratio"],
            attack_ms=effect["attack"],
            release_ms=effect["release"],
        ),
        pedalboard.Gain(effect["makeup"]),
    ]


def _reverb(effect: Effect) -> Sequence[pedalboard.Plugin]:
    return [
        pedalboard.Reverb(
            room_size=effect["room"] / 100,
            damping=effect["damping"] / 100,
            wet_level=effect["wet"] / 100,
            # The plugin doubles what it is told of the sound itself.
            dry_level=effect["dry"] / 200,
            width=effect["width"] / 100,
        )
    ]


def _delay(effect: Effect, rate: int, channels: int) -> Stage:
    echoes = pedalboard.Delay(effect["time"], effect["feedback"] / 100, mix=1.0)
    return _Beside([echoes], rate, channels, effect["wet"] / 100)


def _limiter(effect: Effect, rate: int, channels: int) -> Stage:
    limiter = Limiter(rate, channels, effect["ceiling"], release=effect["release"] / 1000)
    return LimiterStage(limiter, rate, channels)


_BUILDERS: dict[str, _Builder] = {
    "low_shelf": _filter(lambda one, at: [pedalboard.LowShelfFilter(at, one["gain"], one["q"])]),
    "high_shelf": _filter(lambda one, at: [pedalboard.HighShelfFilter(at, one["gain"], one["q"])]),
    "peak": _filter(lambda one, at: [pedalboard.PeakFilter(at, one["gain"], one["q"])]),
    # The plugins are of first order: two of them make 12 dB per octave.
    "high_pass": _filter(lambda _, at: [pedalboard.HighpassFilter(at) for _ in range(2)]),
    "low_pass": _filter(lambda _, at: [pedalboard.LowpassFilter(at) for _ in range(2)]),
    "compressor": _plain(_compressor),
    "reverb": _plain(_reverb),
    "delay": _delay,
    "limiter": _limiter,
    "doubler": _Doubler,
}


def _reverb_tail(effect: Effect) -> float:
    # Freeverb: eight combs, the longest of 1640 frames at 44.1 kHz, each losing this in a turn.
    kept = 0.7 + 0.28 * effect["room"] / 100
    return 0.1 + 0.0372 * math.log(_AUDIBLE) / math.log(kept)


def _delay_tail(effect: Effect) -> float:
    kept = effect["feedback"] / 100
    turns = math.log(_AUDIBLE) / math.log(kept) if kept > _AUDIBLE else 0.0
    return effect["time"] * (1 + turns)


_TAILS: dict[str, Callable[[Effect], float]] = {
    "reverb": lambda effect: _reverb_tail(effect) if effect["wet"] else 0.0,
    "delay": lambda effect: _delay_tail(effect) if effect["wet"] else 0.0,
    "doubler": lambda effect: 0.1 if effect["wet"] else 0.0,
}
