"""Presets and what a request changes of them."""

import pytest

from core.errors import UsageError
from core.separation.masks import MaskExtension
from core.separation.presets import (
    DEFAULT_PRESET,
    PRESETS,
    Bandwidth,
    Overrides,
    apply_overrides,
    find_preset,
)


def test_presets_are_the_promised_ones() -> None:
    assert list(PRESETS) == ["spleeter", "fast", "balanced", "best"]
    assert DEFAULT_PRESET == "balanced"
    assert all(preset.name == name and preset.description for name, preset in PRESETS.items())


def test_spleeter_is_exactly_the_references_signal_path() -> None:
    preset = find_preset("spleeter")
    assert preset.bandwidth is Bandwidth.KHZ_11
    assert preset.mask_extension is MaskExtension.ZEROS
    assert (preset.exponent, preset.overlap) == (2.0, 0)
    assert not preset.level
    assert not preset.residual
    assert preset.wiener is None
    assert [hearing.speed for hearing in preset.hearings] == [1.0]


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "spleeter"])
def test_all_others_level_the_song_overlap_and_add_up(name: str) -> None:
    preset = find_preset(name)
    assert preset.level
    assert preset.residual
    assert preset.overlap > 0
    assert preset.mask_extension is not MaskExtension.ZEROS


@pytest.mark.parametrize("name", PRESETS)
def test_shares_of_the_hearings_add_up_to_one(name: str) -> None:
    assert sum(hearing.weight for hearing in PRESETS[name].hearings) == pytest.approx(1.0)


def test_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'perfect'") as caught:
        find_preset("perfect")
    assert all(name in caught.value.detail for name in PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_no_override_changes_nothing(name: str) -> None:
    assert apply_overrides(PRESETS[name], Overrides()) == PRESETS[name]


def test_overrides_replace_what_they_name() -> None:
    changed = apply_overrides(
        PRESETS["balanced"],
        Overrides(Bandwidth.FULL, MaskExtension.AVERAGE, mwf=True, overlap=0),
    )
    assert changed.bandwidth is Bandwidth.FULL
    assert changed.mask_extension is MaskExtension.AVERAGE
    assert changed.overlap == 0
    assert changed.wiener == 2.0
    assert changed.hearings == PRESETS["balanced"].hearings


def test_filter_can_be_switched_off_and_stays_as_the_preset_has_it() -> None:
    assert apply_overrides(PRESETS["best"], Overrides(mwf=False)).wiener is None
    kept = apply_overrides(PRESETS["best"], Overrides(mwf=True))
    assert kept.wiener == PRESETS["best"].wiener


def test_negative_overlap_is_refused() -> None:
    with pytest.raises(UsageError, match="overlap of -8"):
        apply_overrides(PRESETS["fast"], Overrides(overlap=-8))


@pytest.mark.parametrize(
    ("bandwidth", "bins"),
    [(Bandwidth.KHZ_11, 1024), (Bandwidth.KHZ_16, 1536), (Bandwidth.FULL, 2048)],
)
def test_bandwidth_counts_bins_of_which_the_network_can_have_any(
    bandwidth: Bandwidth, bins: int
) -> None:
    assert bandwidth.bins(1024) == bins
    assert bins % 64 == 0
