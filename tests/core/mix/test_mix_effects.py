"""Effects as data: ranges, defaults, what is typed."""

import pytest

from core.errors import UsageError
from core.mix.effects import KINDS, Effect, parse_effect


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_default_is_within_its_range(kind: object) -> None:
    for parameter in kind.parameters:  # type: ignore[attr-defined]
        assert parameter.low <= parameter.default <= parameter.high
        assert Effect(kind.name)[parameter.name] == parameter.default  # type: ignore[attr-defined]


def test_unknown_effects_and_parameters_name_the_nearest() -> None:
    with pytest.raises(UsageError, match="reverb"):
        Effect("revreb")
    with pytest.raises(UsageError, match="damping"):
        Effect("reverb", {"dampin": 3.0})


@pytest.mark.parametrize("value", [-1.0, 101.0, float("nan"), True, "loud"])
def test_values_out_of_range_are_refused_with_the_range(value: float) -> None:
    with pytest.raises(UsageError, match="from 0 to 100 %"):
        Effect("reverb", {"room": value})


def test_effects_are_read_as_typed() -> None:
    assert parse_effect("reverb") == Effect("reverb")
    assert parse_effect("low-shelf, gain=-3 ,frequency=200") == Effect(
        "low_shelf", {"frequency": 200.0, "gain": -3.0}
    )


@pytest.mark.parametrize("text", ["reverb,room", "reverb,room=much", "reverb,=3", ""])
def test_effects_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_effect(text)


def test_the_order_of_settings_makes_no_difference() -> None:
    one = Effect("delay", {"time": 0.5, "wet": 10.0})
    other = Effect("delay", {"wet": 10.0, "time": 0.5})
    assert one == other
    assert hash(one) == hash(other)
