"""The check that a loaded network separates."""

from collections.abc import Callable

import numpy as np
import pytest

from core.errors import ModelError
from core.separation.backend import Backend, load_network
from core.separation.manifest import ModelEntry, ModelSpec
from core.separation.selftest import check_masks, made_up_patch, run_self_test


def noise(magnitude: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).random((2, *magnitude.shape)).astype(np.float32)


def with_one(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def answer(magnitude: np.ndarray) -> np.ndarray:
        masks = noise(magnitude)
        masks[1, 100, 7, 1] = value
        return masks

    return answer


BROKEN = {
    "input": (lambda magnitude: np.ones((2, 1, 1, 1), np.float32), "song itself, or nothing"),
    "silence": (lambda magnitude: np.zeros((2, 1, 1, 1), np.float32), "song itself, or nothing"),
    "halves": (lambda magnitude: np.full((2, 1, 1, 1), 0.5, np.float32), "song itself, or nothing"),
    "all-in-one-stem": (
        lambda magnitude: np.array([1, 0], np.float32).reshape(2, 1, 1, 1),
        "song itself, or nothing",
    ),
    "equal-stems": (lambda magnitude: noise(magnitude)[:1], "all the same"),
    "not-a-number": (with_one(np.nan), "not numbers"),
    "infinite": (with_one(np.inf), "not numbers"),
    "negative": (with_one(-0.5), "range"),
    "more-than-all": (with_one(1.5), "range"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_network_that_does_not_separate_is_refused(
    kind: str, small_spec: ModelSpec, make_network: Callable
) -> None:
    answer, said = BROKEN[kind]
    with pytest.raises(ModelError, match=said) as caught:
        run_self_test(make_network(small_spec, answer), "spleeter-2stems")
    assert "spleeter-2stems" in caught.value.title
    assert "minusone models install spleeter-2stems" in caught.value.detail


def test_network_that_separates_passes(
    small_spec: ModelSpec, make_network: Callable, listening: Callable
) -> None:
    run_self_test(make_network(small_spec, listening), "made-up")


def test_bundled_model_passes_with_room_to_spare(bundled: ModelEntry) -> None:
    spec = bundled.spec
    network = load_network(bundled, spec.bins, Backend.CPU, 2).network
    patch = made_up_patch(spec.frames, spec.bins, spec.channels)
    masks = network.masks(patch)
    check_masks(masks, patch, bundled.name)
    heard = masks[:, patch > 1.0]
    # Ten times what is demanded: no quantization or driver comes near the limits.
    assert heard.std(axis=1).max() > 0.1
    assert np.abs(heard[0] - heard[1]).mean() > 0.1
    network.close()


def test_patch_is_like_music(bundled: ModelEntry) -> None:
    patch = made_up_patch(512, 1024, 2)
    assert patch.shape == (512, 1024, 2)
    assert patch.dtype == np.float32
    assert patch.min() >= 0
    assert 50 < patch.max() < 1024  # A full-scale sine has 1024.
    np.testing.assert_array_equal(patch, made_up_patch(512, 1024, 2))
