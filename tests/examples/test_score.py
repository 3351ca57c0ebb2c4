"""SI-SDR against cases worked out by hand."""

import math

import numpy as np
import pytest
from demo_song.score import si_sdr

TRUTH = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
ACROSS = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]])
"""At right angles to TRUTH, and of the same energy."""


def test_equal_energies_of_truth_and_distortion_are_0_db():
    assert si_sdr(TRUTH + ACROSS, TRUTH) == pytest.approx(0.0, abs=1e-12)


def test_a_tenth_of_the_amplitude_in_distortion_is_20_db():
    assert si_sdr(TRUTH + 0.1 * ACROSS, TRUTH) == pytest.approx(20.0)


def test_distortion_ten_times_the_truth_is_minus_20_db():
    assert si_sdr(TRUTH + 10.0 * ACROSS, TRUTH) == pytest.approx(-20.0)


@pytest.mark.parametrize("scale", [0.01, -3.0, 200.0])
def test_scale_of_the_estimate_does_not_count(scale):
    estimate = TRUTH + 0.1 * ACROSS
    assert si_sdr(scale * estimate, TRUTH) == pytest.approx(20.0)


def test_scale_of_the_truth_does_not_count():
    assert si_sdr(TRUTH + 0.1 * ACROSS, 1e-4 * TRUTH) == pytest.approx(20.0)


def test_distortion_along_the_truth_is_no_distortion():
    # (3, 4) on (1, 0): the target is (3, 0), the distortion (0, 4): 10 log10(9 / 16).
    assert si_sdr([3.0, 4.0], [1.0, 0.0]) == pytest.approx(10.0 * math.log10(9.0 / 16.0))


def test_an_offset_counts_as_distortion():
    # The truth has mean 0, so an offset of 1 is at right angles to it: 10 log10(4 / 8).
    assert si_sdr(TRUTH + 1.0, TRUTH) == pytest.approx(10.0 * math.log10(0.5))


def test_channels_share_one_scale():
    # One channel lost: the scale is 1/2, the target energy 1, the distortion's as well.
    lost = TRUTH * np.array([1.0, 0.0])
    assert si_sdr(lost, TRUTH) == pytest.approx(0.0, abs=1e-12)


def test_perfect_estimate_is_infinitely_good():
    assert si_sdr(2.0 * TRUTH, TRUTH) == math.inf


@pytest.mark.parametrize("estimate", [np.zeros_like(TRUTH), ACROSS], ids=["silent", "unrelated"])
def test_estimate_without_the_truth_is_infinitely_bad(estimate):
    assert si_sdr(estimate, TRUTH) == -math.inf


def test_float32_is_summed_in_double_precision():
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((500_000, 2)).astype(np.float32)
    noise = 1e-4 * rng.standard_normal(truth.shape)
    estimate = (truth + noise).astype(np.float32)
    assert si_sdr(estimate, truth) == pytest.approx(80.0, abs=0.1)


def test_inputs_are_left_alone():
    estimate, truth = TRUTH + ACROSS, TRUTH.copy()
    si_sdr(estimate, truth)
    np.testing.assert_array_equal(truth, TRUTH)
    np.testing.assert_array_equal(estimate, TRUTH + ACROSS)


def test_silent_truth_is_an_error():
    with pytest.raises(ValueError, match="silent"):
        si_sdr(TRUTH, np.zeros_like(TRUTH))


def test_different_shapes_are_an_error():
    with pytest.raises(ValueError, match="shapes differ"):
        si_sdr(TRUTH[:3], TRUTH)


def test_not_a_number_is_an_error():
    estimate = TRUTH.copy()
    estimate[0, 0] = math.nan
    with pytest.raises(ValueError, match="finite"):
        si_sdr(estimate, TRUTH)
