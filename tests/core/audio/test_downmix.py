"""Downmix matrices."""

import numpy as np
import pytest

from core.audio.downmix import VORBIS_LAYOUTS, WAVE_LAYOUTS, downmix_matrix

LAYOUTS = [*WAVE_LAYOUTS.values(), *VORBIS_LAYOUTS.values()]


@pytest.mark.parametrize("layout", LAYOUTS, ids=" ".join)
def test_full_scale_in_all_channels_stays_within_full_scale(layout):
    matrix = downmix_matrix(len(layout), layout)
    assert matrix.shape == (len(layout), 2)
    assert matrix.dtype == np.float32
    assert np.abs(matrix).sum(axis=0).max() <= 1 + 1e-6


@pytest.mark.parametrize("layout", LAYOUTS, ids=" ".join)
def test_sides_are_mirror_images(layout):
    matrix = downmix_matrix(len(layout), layout)
    mirror = {"FL": "FR", "BL": "BR", "SL": "SR"}
    for left, right in mirror.items():
        if left in layout:
            a, b = matrix[layout.index(left)], matrix[layout.index(right)]
            assert a[0] == b[1] > 0
            assert a[1] == b[0] == 0


def test_five_point_one_has_the_weights_of_bs_775():
    left = downmix_matrix(6, WAVE_LAYOUTS[6])[:, 0]
    np.testing.assert_allclose(left / left[0], [1, 0, 0.7071, 0, 0.7071, 0], atol=1e-4)


@pytest.mark.parametrize("layout", [None, tuple(f"X{i}" for i in range(10))])
def test_unknown_layouts_average_odd_and_even_channels(layout):
    samples = np.tile(np.array([0.5, -0.25], np.float32), (7, 5))
    mixed = samples @ downmix_matrix(10, layout)
    np.testing.assert_allclose(mixed, np.tile([0.5, -0.25], (7, 1)), rtol=1e-6)
