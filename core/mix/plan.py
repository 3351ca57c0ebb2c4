"""What a mix asks for, worked out for the stems at hand: frames, groups, what is cut and faded."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.audio.resample import resampled_frames
from core.errors import UsageError
from core.mix.chain import tail_seconds
from core.mix.effects import Effect
from core.mix.gains import CUT_SECONDS, factor, pan_factors
from core.mix.settings import DRUMS, Mix, StemMix
from core.mix.sources import StemSet
from core.mix.stretch import stretched_frames

# These make two channels of one.
_WIDE = ("reverb", "doubler")


@dataclass(frozen=True, slots=True)
class Voice:
    """One stem in a group: its name, and what left and right are scaled by."""

    stem: str
    factors: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Group:
    """Stems that need the same processing; they are added up before it.

    Attributes
    ----------
    voices
        The stems.
    stretched
        Whether key and tempo are changed by stretching.
    effects
        Applied after that.
    factors
        What left and right are scaled by after the effects.
    """

    voices: tuple[Voice, ...]
    stretched: bool
    effects: tuple[Effect, ...]
    factors: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a mix is rendered.

    Attributes
    ----------
    mix
        What was asked for.
    rate, channels
        Of the result.
    groups
        What is added up.
    start, taken
        First frame and number of frames of the original, at `rate`.
    stretched
        Frames after the change of the tempo.
    body
        Frames after the change of the speed: the music without its tail.
    frames
        Of the result, the tail with it.
    fade_in, fade_out
        Frames.
    """

    mix: Mix
    rate: int
    channels: int
    groups: tuple[Group, ...]
    start: int
    taken: int
    stretched: int
    body: int
    frames: int
    fade_in: int
    fade_out: int

    @property
    def tempo(self) -> float:
        """Of the stretch, 1 is the original's."""
        return self.mix.tempo / 100

    @property
    def speed_rate(self) -> float:
        """Sampling rate that the stretched sound is said to have, Hz."""
        return self.rate * self.mix.speed / 100


def make_plan(stems: StemSet, mix: Mix, rate: int) -> Plan:
    """Work out how a mix is rendered.

    Parameters
    ----------
    stems
        What there is.
    mix
        What is asked for.
    rate
        Of the result, Hz.

    Raises
    ------
    UsageError
        Nothing would be heard, a stem is missing, or the start lies behind the song's end.
    """
    mix.require(stems.files)
    audible = mix.audible(list(stems.files))
    if not audible:
        raise UsageError(
            "Nothing is left to be heard: every stem is muted.",
            f"There are: {', '.join(stems.files)}.",
        )
    total = resampled_frames(stems.frames, stems.rate, rate)
    start = round(mix.start * rate)
    if start >= total:
        raise UsageError(
            f"The start ({mix.start:g} s) lies behind the song's end ({total / rate:.2f} s)."
        )
    cut = mix.end is not None and round(mix.end * rate) < total
    stop = round(mix.end * rate) if cut and mix.end is not None else total
    taken = max(stop - start, 1)
    stretched = stretched_frames(taken, mix.tempo / 100)
    body = max(round(stretched * 100 / mix.speed), 1)
    groups = _groups(mix, audible)
    rings = not cut and not mix.fade_out
    tail = _tail(groups, mix) if rings else 0.0
    edge = round(CUT_SECONDS * rate)
    return Plan(
        mix,
        rate,
        _channels(stems, mix, audible),
        groups,
        start,
        taken,
        stretched,
        body,
        body + round(tail * rate),
        round(mix.fade_in * rate) or (edge if start else 0),
        round(mix.fade_out * rate) or (edge if cut else 0),
    )


def _groups(mix: Mix, audible: Sequence[str]) -> tuple[Group, ...]:
    together: dict[bool, list[Voice]] = {}
    alone = []
    for name in audible:
        stem = mix.stem(name)
        stretched = mix.tempo != 100 or (mix.shift != 0 and name != DRUMS)
        left, right = pan_factors(stem.pan)
        scaled = (factor(stem.gain) * left, factor(stem.gain) * right)
        if stem.effects:
            # The fader is behind the effects: a compressor hears the stem as it is.
            voice = Voice(name, (1.0, 1.0))
            alone.append(Group((voice,), stretched, stem.effects, scaled))
        else:
            together.setdefault(stretched, []).append(Voice(name, scaled))
    shared = [
        Group(tuple(voices), stretched, (), (1.0, 1.0)) for stretched, voices in together.items()
    ]
    return (*shared, *alone)


def _channels(stems: StemSet, mix: Mix, audible: Sequence[str]) -> int:
    def wide(stem: StemMix) -> bool:
        return stem.pan != 0 or any(effect.kind in _WIDE for effect in stem.effects)

    widened = any(wide(mix.stem(name)) for name in audible)
    if widened or any(effect.kind in _WIDE for effect in mix.effects):
        return 2
    return stems.channels


def _tail(groups: Sequence[Group], mix: Mix) -> float:
    return max(tail_seconds(group.effects) for group in groups) + tail_seconds(mix.effects)
