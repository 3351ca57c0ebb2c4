"""Ratios against cases that can be computed by hand, and against their definitions."""

import math

import numpy as np
import pytest

from core.evaluation.metrics import sdr, si_sdr, si_sir

# Orthogonal, of equal energy: projections on them can be read off.
A = np.array([1.0, 1.0, -1.0, -1.0])
B = np.array([1.0, -1.0, 1.0, -1.0])
C = np.array([1.0, -1.0, -1.0, 1.0])
TRUTHS = {"a": A, "b": B}


@pytest.mark.parametrize(("bleed", "expected"), [(0.1, 20.0), (1.0, 0.0), (10.0, -20.0)])
def test_bleed_of_known_level_gives_its_ratio(bleed: float, expected: float) -> None:
    estimate = A + bleed * B
    for ratio in (sdr(estimate, A), si_sdr(estimate, A), si_sir(estimate, TRUTHS, "a")):
        assert ratio == pytest.approx(expected)


def test_a_wrong_level_is_distortion_only_to_the_sdr() -> None:
    assert sdr(0.5 * A, A) == pytest.approx(20 * math.log10(2))
    assert sdr(-A, A) == pytest.approx(-20 * math.log10(2))
    assert si_sdr(0.5 * A, A) == math.inf
    assert si_sir(0.5 * A, TRUTHS, "a") == math.inf


def test_artefacts_are_no_interference() -> None:
    estimate = A + 0.1 * B + 0.5 * C
    assert si_sdr(estimate, A) == pytest.approx(10 * math.log10(1 / 0.26))
    assert si_sir(estimate, TRUTHS, "a") == pytest.approx(20.0)


def test_stems_that_share_something_are_told_apart_by_the_whole_span() -> None:
    # b = a + c: the estimate is a plus a tenth of b, so the part beside a is a tenth of c.
    ratio = si_sir(1.1 * A + 0.1 * C, {"a": A, "b": A + C}, "a")
    assert ratio == pytest.approx(20 * math.log10(11))


def test_the_same_stem_twice_is_no_error() -> None:
    assert si_sir(A, {"a": A, "b": A}, "a") == math.inf


def test_channels_are_weighed_by_their_energy() -> None:
    truth = np.stack([A, 2 * A], axis=1)
    other = np.stack([B, np.zeros(4)], axis=1)
    estimate = truth + 0.5 * other
    assert sdr(estimate, truth) == pytest.approx(10 * math.log10(20))
    assert si_sir(estimate, {"a": truth, "b": other}, "a") == pytest.approx(10 * math.log10(20))


def test_bleed_elsewhere_in_the_stereo_image_counts() -> None:
    truths = {"a": np.stack([A, A], axis=1), "b": np.stack([B, B], axis=1)}
    estimate = truths["a"] + np.stack([0.1 * B, -0.1 * B], axis=1)
    assert si_sir(estimate, truths, "a") == pytest.approx(20.0)


def test_silent_truth_has_no_ratio() -> None:
    silence = np.zeros(4)
    assert sdr(A, silence) is None
    assert si_sdr(A, silence) is None
    assert si_sir(A, {"a": silence, "b": B}, "a") is None
    assert si_sir(A, {"a": A, "b": silence}, "a") is None


def test_silent_estimate_has_lost_everything() -> None:
    silence = np.zeros(4)
    assert sdr(silence, A) == pytest.approx(0.0)
    assert si_sdr(silence, A) == -math.inf
    assert si_sir(silence, TRUTHS, "a") == -math.inf


def test_exact_estimate_is_infinitely_good() -> None:
    assert sdr(A, A) == si_sdr(A, A) == si_sir(A, TRUTHS, "a") == math.inf


def test_float32_samples_are_summed_in_float64() -> None:
    truth = np.full(1 << 22, 0.1, np.float32)
    estimate = truth + np.float32(1e-4)
    difference = float(estimate[0]) - float(truth[0])
    expected = 20 * math.log10(float(truth[0]) / difference)
    assert sdr(estimate, truth) == pytest.approx(expected, abs=1e-6)


def test_inputs_are_not_changed() -> None:
    random = np.random.default_rng(1)
    arrays = [random.standard_normal((50, 2)).astype(np.float32) for _ in range(3)]
    before = [array.copy() for array in arrays]
    sdr(arrays[0], arrays[1])
    si_sir(arrays[0], {"a": arrays[1], "b": arrays[2]}, "b")
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("ratio", [sdr, si_sdr, lambda e, t: si_sir(e, {"a": t, "b": t}, "a")])
def test_shapes_must_agree(ratio) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="shapes differ"):
        ratio(np.ones((4, 2)), np.ones((4, 1)))
