"""The effects a mix may use, as data: names, parameters, ranges, units.

What they do to sound is in `core.mix.chain`; nothing here loads an audio library.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from core.config.near import nearest
from core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Parameter:
    """One knob of an effect.

    Attributes
    ----------
    name
        As it stands in files.
    default, low, high
        In the unit; both ends of the range are allowed.
    unit
        ``"dB"``, ``"Hz"``, ``"ms"``, ``"s"``, ``"%"``, or empty for a bare number.
    help
        What it does, for people.
    """

    name: str
    default: float
    low: float
    high: float
    unit: str
    help: str

    @property
    def range(self) -> str:
        """What may be set, for people: ``from 20 to 20000 Hz``."""
        return f"from {self.low:g} to {self.high:g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class EffectKind:
    """An effect that exists.

    Attributes
    ----------
    name, help
        As it stands in files; what it does.
    parameters
        Its knobs, in the order in which they are shown.
    """

    name: str
    help: str
    parameters: tuple[Parameter, ...]

    def parameter(self, name: str) -> Parameter | None:
        """Return a knob by name; None when there is none of that name."""
        return next((one for one in self.parameters if one.name == name), None)


def _frequency(default: float) -> Parameter:
    return Parameter("frequency", default, 20.0, 20000.0, "Hz", "where it works")


_SHELF_Q = Parameter("q", 0.707, 0.1, 2.0, "", "steepness; above 0.707 it overshoots")
_GAIN = Parameter("gain", 3.0, -24.0, 24.0, "dB", "how much louder or softer")

KINDS: Mapping[str, EffectKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            EffectKind(
                "low_shelf", "louder or softer basses", (_frequency(120.0), _GAIN, _SHELF_Q)
            ),
            EffectKind("high_shelf", "more or less treble", (_frequency(6000.0), _GAIN, _SHELF_Q)),
            EffectKind(
                "peak",
                "louder or softer around a frequency",
                (
                    _frequency(1000.0),
                    _GAIN,
                    Parameter("q", 1.0, 0.1, 20.0, "", "higher is narrower"),
                ),
            ),
            EffectKind("high_pass", "takes away what is below (12 dB/octave)", (_frequency(80.0),)),
            EffectKind(
                "low_pass", "takes away what is above (12 dB/octave)", (_frequency(12000.0),)
            ),
            EffectKind(
                "compressor",
                "evens out loud and soft",
                (
                    Parameter("threshold", -18.0, -60.0, 0.0, "dB", "works above this level"),
                    Parameter("ratio", 3.0, 1.0, 20.0, "", "dB in for each dB out above it"),
                    Parameter("attack", 10.0, 0.1, 200.0, "ms", "how fast it takes hold"),
                    Parameter("release", 120.0, 5.0, 2000.0, "ms", "how fast it lets go"),
                    Parameter("makeup", 0.0, 0.0, 24.0, "dB", "gain afterwards"),
                ),
            ),
            EffectKind(
                "reverb",
                "a room around it",
                (
                    Parameter("room", 50.0, 0.0, 100.0, "%", "size of the room"),
                    Parameter("damping", 50.0, 0.0, 100.0, "%", "how dull its walls are"),
                    Parameter("wet", 20.0, 0.0, 100.0, "%", "how much room"),
                    Parameter("dry", 100.0, 0.0, 100.0, "%", "how much of the sound itself"),
                    Parameter("width", 100.0, 0.0, 100.0, "%", "0: the room in mono"),
                ),
            ),
            EffectKind(
                "delay",
                "echoes",
                (
                    Parameter("time", 0.35, 0.01, 2.0, "s", "from echo to echo"),
                    Parameter("feedback", 30.0, 0.0, 90.0, "%", "of an echo in the next"),
                    Parameter("wet", 25.0, 0.0, 100.0, "%", "how much echo"),
                ),
            ),
            EffectKind(
                "limiter",
                "holds peaks down, looking ahead",
                (
                    Parameter("ceiling", -1.0, -24.0, 0.0, "dB", "highest true peak"),
                    Parameter("release", 100.0, 10.0, 1000.0, "ms", "how fast it lets go"),
                ),
            ),
            EffectKind(
                "doubler",
                "one voice as if sung twice, left and right",
                (
                    Parameter("delay", 22.0, 8.0, 45.0, "ms", "how far behind the second voice is"),
                    Parameter("detune", 25.0, 0.0, 100.0, "%", "how much it wavers"),
                    Parameter("wet", 40.0, 0.0, 100.0, "%", "how much of the second voice"),
                ),
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect with its knobs set.

    Attributes
    ----------
    kind
        A name in `KINDS`.
    settings
        Values by parameter, in the parameter's unit; what is left out has its default.

    Raises
    ------
    UsageError
        There is no such effect or parameter, or a value is out of its range.
    """

    kind: str
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind = find_kind(self.kind)
        checked: dict[str, float] = {}
        for name, value in self.settings.items():
            parameter = kind.parameter(name)
            if parameter is None:
                raise UsageError(
                    f"The effect {kind.name} has no {name!r}.",
                    suggestion(name, [one.name for one in kind.parameters]),
                )
            checked[name] = _in_range(f"{kind.name}: {name}", value, parameter)
        # The order of the table, so that equal effects are written alike.
        ordered = {one.name: checked[one.name] for one in kind.parameters if one.name in checked}
        object.__setattr__(self, "settings", MappingProxyType(ordered))

    def __getitem__(self, name: str) -> float:
        """Return the value of a parameter, its default where it is not set."""
        parameter = KINDS[self.kind].parameter(name)
        if parameter is None:
            raise KeyError(name)
        return self.settings.get(name, parameter.default)

    def __reduce__(self) -> tuple[type["Effect"], tuple[str, dict[str, float]]]:
        # A read-only view cannot be pickled or copied.
        return (Effect, (self.kind, dict(self.settings)))

    def __hash__(self) -> int:
        return hash((self.kind, tuple(self.settings.items())))


def find_kind(name: str) -> EffectKind:
    """Return an effect's description.

    Raises
    ------
    UsageError
        There is none of that name; the detail names the nearest.
    """
    try:
        return KINDS[name]
    except KeyError:
        raise UsageError(f"There is no effect {name!r}.", suggestion(name, KINDS)) from None


def parse_effect(text: str) -> Effect:
    """Read an effect as typed: ``reverb`` or ``reverb,room=70,wet=30``.

    Raises
    ------
    UsageError
        It does not look like that, or names what does not exist.
    """
    name, *pairs = (piece.strip() for piece in text.split(","))
    settings: dict[str, float] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        try:
            if not equals:
                raise ValueError
            settings[key.strip()] = float(value)
        except ValueError:
            raise UsageError(
                f"{pair!r} does not set anything of the effect {name}.",
                "Write it like this: reverb,room=70,wet=30.",
            ) from None
    return Effect(name.replace("-", "_"), settings)


def suggestion(typed: str, known: Iterable[str]) -> str:
    """Say what somebody may have meant, else what there is."""
    names = list(known)
    near = nearest(typed, names)
    return f"Did you mean {near}?" if near else f"There are: {', '.join(names)}."


def _in_range(what: str, value: object, parameter: Parameter) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not parameter.low <= value <= parameter.high:  # type: ignore[arg-type, operator]
        raise UsageError(f"{what} cannot be {value!r}.", f"It takes a number {parameter.range}.")
    return float(value)  # type: ignore[arg-type]
