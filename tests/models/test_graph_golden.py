"""The converter against TensorFlow's own outputs for tiny networks of the family."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.recipe import FLOAT, PLAIN, SHIPPED, Recipe

KEPT_FRAMES = slice(None, None, 4)


@pytest.mark.parametrize("recipe", [PLAIN, FLOAT], ids=["plain", "rewritten"])
def test_float_masks_are_those_of_tensorflow(network: Any, recipe: Recipe, tmp_path: Path) -> None:
    masks = network.run(network.build(recipe, tmp_path / "m.tflite"), network.magnitude)
    np.testing.assert_allclose(masks[:, :, KEPT_FRAMES], network.expected, atol=1e-4, rtol=0)


def test_quantized_masks_stay_close(network: Any, tmp_path: Path) -> None:
    masks = network.run(network.build(SHIPPED, tmp_path / "m.tflite"), network.magnitude)
    error = masks[:, :, KEPT_FRAMES] - network.expected
    assert np.abs(error).max() < 0.02
    assert np.sqrt((error**2).mean()) < 0.003


def test_outputs_carry_their_own_stem(elu: Any, tmp_path: Path) -> None:
    """LiteRT sorts outputs by a rule of its own; the signature's names must still be right."""
    masks = elu.run(elu.build(FLOAT, tmp_path / "m.tflite"), elu.magnitude)[:, :, KEPT_FRAMES]
    for number in range(4):
        distance = [np.abs(masks[number] - other).mean() for other in elu.expected]
        assert int(np.argmin(distance)) == number


def test_softmax_masks_add_up_to_one(softmax: Any, tmp_path: Path) -> None:
    path = softmax.build(SHIPPED, tmp_path / "m.tflite")
    masks = softmax.run(path, softmax.magnitude * 1000)
    np.testing.assert_allclose(masks.sum(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("recipe", [FLOAT, SHIPPED], ids=["float", "quantized"])
def test_file_of_128_bins_runs_384_bins_as_a_file_of_384_would(
    leaky: Any, recipe: Recipe, tmp_path: Path
) -> None:
    from dataclasses import replace

    wide = np.concatenate([leaky.magnitude] * 3, axis=2)
    resized = leaky.run(leaky.build(recipe, tmp_path / "narrow.tflite"), wide)
    written_wide = replace(leaky, family=replace(leaky.family, bins=384))
    direct = leaky.run(written_wide.build(recipe, tmp_path / "wide.tflite"), wide)
    assert resized.shape == (2, 1, 64, 384, 2)
    np.testing.assert_allclose(resized, direct, atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 1e-12, 1.0, 1e4])
def test_flat_input_of_any_level_gives_finite_masks(
    leaky: Any, level: float, tmp_path: Path
) -> None:
    magnitude = np.full((1, 64, 128, 2), level, dtype=np.float32)
    masks = leaky.run(leaky.build(SHIPPED, tmp_path / "m.tflite"), magnitude)
    assert np.isfinite(masks).all()
    assert masks.min() >= 0
    assert masks.max() <= 1
