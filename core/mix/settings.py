"""A mix, as data: what is done to each stem and to the whole."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from core.errors import UsageError
from core.mix.effects import Effect, suggestion

KARAOKE_LOUDNESS = -16.0
"""Loudness that karaoke players expect, LUFS."""

DRUMS = "drums"
"""Stem that keeps its pitch when only the key changes."""

GAINS = (-90.0, 24.0)
KEYS = (-24, 24)
CENTS = (-100.0, 100.0)
RATES = (25.0, 400.0)
LOUDNESS = (-40.0, -5.0)
CEILING = (-20.0, 0.0)
LONGEST_FADE = 600.0


def _check(what: str, value: object, bounds: tuple[float, float], unit: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and math.isfinite(value) and bounds[0] <= value <= bounds[1]:  # type: ignore[arg-type, operator]
        return
    upper = f" to {bounds[1]:g}" if math.isfinite(bounds[1]) else " or more"
    raise UsageError(f"{what} cannot be {value!r}.", f"It may be {bounds[0]:g}{upper} {unit}.")


@dataclass(frozen=True, slots=True)
class StemMix:
    """What is done to one stem.

    Attributes
    ----------
    gain
        Decibels, -90 to 24; ``-inf`` is silence.
    pan
        -1 (left) to 1 (right). The law has constant power and leaves a centred stem untouched:
        left is scaled by ``sqrt(2) cos(a)``, right by ``sqrt(2) sin(a)``, with
        ``a = (1 + pan) pi / 4``; the side that a stem goes to gains up to 3 dB.
    mute
        It is not heard, soloed or not.
    solo
        Of the stems, only soloed ones are heard.
    effects
        In this order, before gain and pan.

    Raises
    ------
    UsageError
        A number is out of its range.
    """

    gain: float = 0.0
    pan: float = 0.0
    mute: bool = False
    solo: bool = False
    effects: tuple[Effect, ...] = ()

    def __post_init__(self) -> None:
        if self.gain != -math.inf:
            _check("A gain", self.gain, GAINS, "dB, or -inf for silence")
        _check("A pan", self.pan, (-1.0, 1.0), "(left to right)")
        object.__setattr__(self, "effects", tuple(self.effects))

    @property
    def silent(self) -> bool:
        """Whether nothing of the stem can be heard, whatever the others do."""
        return self.mute or self.gain == -math.inf


_UNTOUCHED = StemMix()


@dataclass(frozen=True, slots=True)
class Mix:
    """A mix of the stems of one song.

    Time works like this: `start` and `end` are seconds of the original; the piece between is
    then played at `tempo` and `speed`; fades are seconds of what comes out.

    Attributes
    ----------
    name
        For people and titles, such as ``"Karaoke"``. May be empty.
    stems
        What is done to stems, by name; a stem that is not named is left as it is.
    key, cents
        Shift of the pitch: semitones, -24 to 24, and hundredths of them, -100 to 100. A stem
        called ``drums`` keeps its pitch as long as the tempo stays.
    tempo
        Percent of the original, 25 to 400; the pitch stays.
    speed
        Percent of the original, 25 to 400; the pitch goes with it, as on a record player.
    formants
        Whether a key change leaves the colour of voices as it is (else they grow small or large
        with the shift).
    start, end
        The part of the original that is played, seconds; end None: to its end. With an end, the
        tails of reverb and delay are cut off there; else they ring out.
    fade_in, fade_out
        Seconds, 0 to 600. A fade out ends where the music does; no tail rings behind it.
    loudness
        Integrated loudness of the result, LUFS (EBU R128), -40 to -5; None leaves the level.
    ceiling
        Highest true peak, dBTP, -20 to 0. Held by the limiter.
    limiter
        Whether peaks above the ceiling are held down. The untouched sum of all stems is never
        limited: it is the original.
    effects
        Of the whole, in this order, before loudness and limiter.

    Raises
    ------
    UsageError
        A number is out of its range, or the end is not behind the start.
    """

    name: str = ""
    stems: Mapping[str, StemMix] = field(default_factory=dict)
    key: int = 0
    cents: float = 0.0
    tempo: float = 100.0
    speed: float = 100.0
    formants: bool = False
    start: float = 0.0
    end: float | None = None
    fade_in: float = 0.0
    fade_out: float = 0.0
    loudness: float | None = None
    ceiling: float = -1.5
    limiter: bool = True
    effects: tuple[Effect, ...] = ()

    def __post_init__(self) -> None:
        _check("The key", self.key, KEYS, "semitones")
        if self.key != int(self.key):
            raise UsageError(
                f"The key cannot be {self.key}.", "Give whole semitones; the rest is cents."
            )
        _check("The cents", self.cents, CENTS, "hundredths of a semitone")
        _check("The tempo", self.tempo, RATES, "percent")
        _check("The speed", self.speed, RATES, "percent")
        _check("The start", self.start, (0.0, math.inf), "seconds")
        if self.end is not None:
            _check("The end", self.end, (0.0, math.inf), "seconds")
            if self.end <= self.start:
                raise UsageError(
                    f"The end ({self.end:g} s) is not behind the start ({self.start:g} s).",
                    "Both are seconds of the original.",
                )
        _check("The fade in", self.fade_in, (0.0, LONGEST_FADE), "seconds")
        _check("The fade out", self.fade_out, (0.0, LONGEST_FADE), "seconds")
        if self.loudness is not None:
            _check("The loudness", self.loudness, LOUDNESS, "LUFS, or none")
        _check("The ceiling", self.ceiling, CEILING, "dBTP")
        object.__setattr__(self, "effects", tuple(self.effects))
        object.__setattr__(self, "stems", MappingProxyType(dict(self.stems)))

    @property
    def shift(self) -> float:
        """Change of the pitch by key and cents, semitones."""
        return self.key + self.cents / 100

    @property
    def pace(self) -> float:
        """Seconds of the original per second of the result."""
        return self.tempo * self.speed / 10000

    @property
    def changes_sound(self) -> bool:
        """Whether it is more than a piece of the original, faded in and out."""
        return (
            self.shift != 0
            or self.pace != 1
            or self.tempo != 100
            or self.loudness is not None
            or bool(self.effects)
            or any(replace(stem, solo=False) != _UNTOUCHED for stem in self.stems.values())
            or any(stem.solo for stem in self.stems.values())
        )

    def stem(self, name: str) -> StemMix:
        """Return what is done to a stem."""
        return self.stems.get(name, _UNTOUCHED)

    def audible(self, stems: Collection[str]) -> list[str]:
        """Return which of a track's stems are heard, in their order."""
        soloed = any(self.stem(name).solo for name in stems)
        return [
            name
            for name in stems
            if not self.stem(name).silent and (self.stem(name).solo or not soloed)
        ]

    def applies_to(self, stems: Collection[str]) -> bool:
        """Whether a track with these stems has every stem that the mix names."""
        return all(name in stems for name in self.stems)

    def require(self, stems: Collection[str]) -> None:
        """Refuse a track without a stem that the mix names.

        Raises
        ------
        UsageError
            Names the missing stem, and the nearest that is there.
        """
        for name in self.stems:
            if name not in stems:
                raise UsageError(f"There is no stem {name!r}.", suggestion(name, stems))

    def at(self, seconds: float) -> float:
        """Return when a moment of the original is heard in the result.

        Parameters
        ----------
        seconds
            Of the original.

        Returns
        -------
        float
            Seconds of the result; negative, or behind its end, for what is not played.
        """
        return (seconds - self.start) / self.pace

    def with_stem(self, name: str, **changes: object) -> "Mix":
        """Return the mix with some settings of one stem changed.

        Raises
        ------
        UsageError
            A number is out of its range.
        """
        changed = replace(self.stem(name), **changes)  # type: ignore[arg-type]
        return replace(self, stems={**self.stems, name: changed})

    def __reduce__(self) -> tuple[object, ...]:
        # A read-only view cannot be pickled or copied.
        names = [name for name in self.__slots__ if name != "stems"]
        return (_restore, (dict(self.stems), {name: getattr(self, name) for name in names}))

    def __hash__(self) -> int:
        rest = tuple(getattr(self, name) for name in self.__slots__ if name != "stems")
        return hash((frozenset(self.stems.items()), rest))


def _restore(stems: dict[str, StemMix], rest: dict[str, object]) -> Mix:
    return Mix(stems=stems, **rest)  # type: ignore[arg-type]
