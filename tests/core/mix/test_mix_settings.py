"""What a mix may say, and what follows from it."""

import copy
import math
import pickle
from dataclasses import replace

import pytest

from core.errors import UsageError
from core.mix.effects import Effect
from core.mix.presets import PRESETS
from core.mix.settings import Mix, StemMix

STEMS = ("vocals", "drums", "bass", "other")


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": 25},
        {"key": 1.5},
        {"cents": -101.0},
        {"tempo": 0.0},
        {"tempo": math.nan},
        {"speed": 401.0},
        {"start": -1.0},
        {"start": 5.0, "end": 5.0},
        {"fade_in": math.inf},
        {"fade_out": -1.0},
        {"loudness": 0.0},
        {"ceiling": 1.0},
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError) as refusal:
        Mix(**wrong)  # type: ignore[arg-type]
    assert refusal.value.detail


@pytest.mark.parametrize("wrong", [{"gain": 30.0}, {"gain": math.inf}, {"pan": 1.1}])
def test_stems_refuse_numbers_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        StemMix(**wrong)  # type: ignore[arg-type]


def test_soloed_stems_are_heard_alone_unless_they_are_muted() -> None:
    mix = Mix(stems={"drums": StemMix(solo=True), "bass": StemMix(solo=True, mute=True)})
    assert mix.audible(STEMS) == ["drums"]


def test_silent_stems_are_not_heard() -> None:
    mix = Mix(stems={"vocals": StemMix(gain=-math.inf), "bass": StemMix(mute=True)})
    assert mix.audible(STEMS) == ["drums", "other"]


def test_a_missing_stem_is_refused_with_the_nearest_name() -> None:
    mix = Mix(stems={"vocal": StemMix(mute=True)})
    assert not mix.applies_to(STEMS)
    with pytest.raises(UsageError, match="vocals"):
        mix.require(STEMS)


def test_moments_of_the_original_are_found_in_the_result() -> None:
    mix = Mix(tempo=80.0, speed=125.0, start=10.0)
    assert mix.at(10.0) == 0
    assert mix.at(30.0) == pytest.approx(20.0)
    assert Mix(tempo=50.0).at(3.0) == pytest.approx(6.0)


@pytest.mark.parametrize("mix", [preset.mix for preset in PRESETS.values()], ids=list(PRESETS))
def test_mixes_can_be_copied_pickled_and_hashed(mix: Mix) -> None:
    assert copy.deepcopy(mix) == mix
    assert pickle.loads(pickle.dumps(mix)) == mix
    assert len({mix, replace(mix)}) == 1


def test_only_more_than_a_piece_of_the_original_changes_the_sound() -> None:
    assert not Mix(start=3.0, end=5.0, fade_in=1.0, fade_out=1.0).changes_sound
    assert not Mix(stems={"vocals": StemMix()}).changes_sound
    for mix in (
        Mix(cents=1.0),
        Mix(tempo=50.0, speed=200.0),
        Mix(loudness=-16.0),
        Mix(effects=(Effect("reverb"),)),
        Mix(stems={"vocals": StemMix(solo=True)}),
        Mix(stems={"vocals": StemMix(gain=0.1)}),
    ):
        assert mix.changes_sound


def test_one_stem_can_be_changed_in_a_mix() -> None:
    mix = PRESETS["guide"].mix.with_stem("vocals", gain=-6.0).with_stem("drums", mute=True)
    assert mix.stem("vocals") == StemMix(gain=-6.0)
    assert mix.stem("drums") == StemMix(mute=True)
