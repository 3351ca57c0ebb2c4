"""Ratio masks and what happens above the network's bins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.separation.masks import MaskExtension, ratio_masks, upper_mask


def masks_of(estimates: np.ndarray, exponent: float) -> np.ndarray:
    return ratio_masks(estimates.copy(), exponent, out=np.empty_like(estimates))


@given(
    stems=st.integers(1, 5),
    exponent=st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]),
    scale=st.floats(1e-6, 1e3),
    seed=st.integers(0, 99),
)
def test_masks_add_up_to_one(stems: int, exponent: float, scale: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    estimates = (scale * random.random((stems, 8, 9))).astype(np.float32)
    masks = masks_of(estimates, exponent)
    assert masks.min() >= 0
    assert masks.max() <= 1
    np.testing.assert_allclose(masks.sum(axis=0), 1.0, atol=1e-6)


@pytest.mark.parametrize("exponent", [1.0, 1.5, 2.0, 2.5])
def test_exponent_is_that_of_the_ratio(exponent: float) -> None:
    estimates = np.array([[3.0], [1.0]], np.float32)
    expected = 3.0**exponent / (3.0**exponent + 1.0)
    assert masks_of(estimates, exponent)[0, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("stems", [1, 2, 4, 5])
def test_silence_is_shared_evenly(stems: int) -> None:
    masks = masks_of(np.zeros((stems, 4, 4), np.float32), 2.0)
    np.testing.assert_allclose(masks, 1 / stems, rtol=1e-6)


def test_masks_may_replace_their_estimates() -> None:
    estimates = np.random.default_rng(0).random((2, 5, 5)).astype(np.float32)
    expected = masks_of(estimates, 2.0)
    assert ratio_masks(estimates, 2.0, out=estimates) is estimates
    np.testing.assert_array_equal(estimates, expected)


def test_extension_by_zeros_keeps_nothing() -> None:
    assert upper_mask(np.ones((2, 3, 8), np.float32), MaskExtension.ZEROS, 2) is None


def test_extension_by_average_is_the_mean_of_the_frame() -> None:
    masks = np.random.default_rng(0).random((2, 3, 8)).astype(np.float32)
    upper = upper_mask(masks, MaskExtension.AVERAGE, 2)
    np.testing.assert_allclose(upper, masks.mean(axis=-1, keepdims=True), rtol=1e-6)


def test_extension_by_edge_is_the_mean_of_the_upper_bins() -> None:
    masks = np.random.default_rng(0).random((2, 3, 8)).astype(np.float32)
    upper = upper_mask(masks, MaskExtension.EDGE, 2)
    np.testing.assert_allclose(upper[..., 0], (masks[..., 6] + masks[..., 7]) / 2, rtol=1e-6)


@pytest.mark.parametrize("extension", [MaskExtension.AVERAGE, MaskExtension.EDGE])
def test_extended_masks_still_add_up_to_one(extension: MaskExtension) -> None:
    estimates = np.random.default_rng(0).random((3, 4, 16)).astype(np.float32)
    upper = upper_mask(masks_of(estimates, 2.0), extension, 4)
    np.testing.assert_allclose(upper.sum(axis=0), 1.0, atol=1e-6)
