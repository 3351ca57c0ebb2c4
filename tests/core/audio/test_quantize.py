"""Rounding to whole numbers."""

import numpy as np
import pytest

from core.audio.quantize import quantize


@pytest.mark.parametrize("bits", [16, 24])
def test_error_is_at_most_half_a_step(bits):
    samples = np.random.default_rng(0).uniform(-1, 1, (5000, 2)).astype(np.float32)
    samples *= 1 - 2.0 ** (1 - bits)
    back = quantize(samples, bits) / 2.0 ** (bits - 1)
    assert np.abs(back - samples).max() <= 2.0**-bits


@pytest.mark.parametrize("bits", [16, 24])
def test_whole_steps_are_kept(bits):
    top = 2 ** (bits - 1)
    steps = np.array([-top, -top + 1, -1, 0, 1, top - 2, top - 1])
    np.testing.assert_array_equal(quantize((steps / top).astype(np.float32), bits), steps)


@pytest.mark.parametrize("bits", [16, 24])
def test_what_exceeds_full_scale_is_clipped_and_never_wraps(bits):
    top = 2 ** (bits - 1)
    samples = np.array([1.0, 1.0001, 3.0, 1e9, -1.0001, -3.0, -1e9], np.float32)
    expected = [top - 1] * 4 + [-top] * 3
    np.testing.assert_array_equal(quantize(samples, bits), expected)


def test_rounding_has_no_bias():
    samples = np.random.default_rng(0).uniform(-0.9, 0.9, 200_000).astype(np.float32)
    error = quantize(samples, 16) / 2.0**15 - samples
    assert abs(error.mean()) < 1e-7


def test_input_is_not_changed():
    samples = np.array([0.1, 2.0], np.float32)
    quantize(samples, 16)
    np.testing.assert_array_equal(samples, np.array([0.1, 2.0], np.float32))
