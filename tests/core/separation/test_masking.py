"""One patch through a network."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.separation.manifest import ModelSpec
from core.separation.masking import EDGE_PART, MaskedPatch, Masking
from core.separation.masks import MaskExtension
from core.separation.stft import Stft


@pytest.fixture
def stft(small_spec: ModelSpec) -> Stft:
    return Stft(small_spec.frame, small_spec.hop)


@pytest.fixture
def segment(stft: Stft, small_spec: ModelSpec) -> np.ndarray:
    random = np.random.default_rng(5)
    return random.uniform(-0.5, 0.5, (2, stft.samples_for(small_spec.frames))).astype(np.float32)


@pytest.fixture
def ones(small_spec: ModelSpec) -> np.ndarray:
    return np.ones(small_spec.frames, np.float32)


def inner(stft: Stft, samples: np.ndarray) -> np.ndarray:
    """Leave out the ends that neighbouring patches complete."""
    return samples[:, stft.frame : -stft.frame]


def constant(*shares: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda magnitude: np.array(shares, np.float32).reshape(-1, 1, 1, 1)


def test_equal_estimates_give_half_of_the_song_each(
    stft: Stft, segment: np.ndarray, ones: np.ndarray, small_spec: ModelSpec, make_network: Callable
) -> None:
    network = make_network(small_spec, constant(0.3, 0.3))
    process = MaskedPatch(stft, network, Masking(2.0, MaskExtension.EDGE), 1.0, (0, 1))
    out = process(segment, ones)
    assert out.shape == (4, segment.shape[1])
    np.testing.assert_allclose(
        inner(stft, out), np.tile(0.5 * inner(stft, segment), (2, 1)), atol=1e-6
    )


def test_estimates_are_squared_before_they_share(
    stft: Stft, segment: np.ndarray, ones: np.ndarray, small_spec: ModelSpec, make_network: Callable
) -> None:
    network = make_network(small_spec, constant(0.9, 0.3))
    process = MaskedPatch(stft, network, Masking(2.0, MaskExtension.AVERAGE), 1.0, (0,))
    np.testing.assert_allclose(
        inner(stft, process(segment, ones)), 0.9 * inner(stft, segment), atol=1e-5
    )


def test_without_an_exponent_the_networks_own_masks_are_applied(
    stft: Stft, segment: np.ndarray, ones: np.ndarray, small_spec: ModelSpec, make_network: Callable
) -> None:
    network = make_network(small_spec, constant(0.7, 0.6))
    process = MaskedPatch(stft, network, Masking(None, MaskExtension.EDGE), 1.0, (0, 1))
    out = inner(stft, process(segment, ones))
    np.testing.assert_allclose(out[:2], 0.7 * inner(stft, segment), atol=1e-6)
    np.testing.assert_allclose(out[2:], 0.6 * inner(stft, segment), atol=1e-6)


@pytest.mark.parametrize("exponent", [2.0, None])
def test_stems_are_in_the_order_asked_for(
    exponent: float | None,
    stft: Stft,
    segment: np.ndarray,
    ones: np.ndarray,
    small_spec: ModelSpec,
    make_network: Callable,
    listening: Callable,
) -> None:
    network = make_network(small_spec, listening)
    masking = Masking(exponent, MaskExtension.EDGE)
    both = MaskedPatch(stft, network, masking, 1.0, (0, 1))(segment, ones)
    turned = MaskedPatch(stft, network, masking, 1.0, (1, 0))(segment, ones)
    np.testing.assert_array_equal(turned, np.concatenate([both[2:], both[:2]]))
    alone = MaskedPatch(stft, network, masking, 1.0, (1,))(segment, ones)
    np.testing.assert_array_equal(alone, both[2:])


@pytest.mark.parametrize("extension", [MaskExtension.EDGE, MaskExtension.AVERAGE])
def test_all_stems_add_up_to_the_song_in_full_band(
    extension: MaskExtension,
    stft: Stft,
    segment: np.ndarray,
    ones: np.ndarray,
    small_spec: ModelSpec,
    make_network: Callable,
    listening: Callable,
) -> None:
    process = MaskedPatch(
        stft, make_network(small_spec, listening), Masking(2.0, extension), 1.0, (0, 1)
    )
    out = process(segment, ones)
    np.testing.assert_allclose(inner(stft, out[:2] + out[2:]), inner(stft, segment), atol=2e-6)


def tone(stft: Stft, frames: int, bin_: float) -> np.ndarray:
    time = np.arange(stft.samples_for(frames))
    one = 0.5 * np.sin(2 * np.pi * bin_ * time / stft.frame)
    return np.stack([one, one]).astype(np.float32)


def power(stft: Stft, samples: np.ndarray) -> float:
    return float(np.mean(inner(stft, samples).astype(np.float64) ** 2))


def test_zeros_keep_nothing_above_the_networks_bins(
    stft: Stft, ones: np.ndarray, small_spec: ModelSpec, make_network: Callable
) -> None:
    process = MaskedPatch(
        stft, make_network(small_spec, constant(1, 0)), Masking(2.0, MaskExtension.ZEROS), 1.0, (0,)
    )
    high, low = (tone(stft, small_spec.frames, bin_) for bin_ in (100, 20))
    assert power(stft, process(high, ones)) < 1e-9
    np.testing.assert_allclose(inner(stft, process(low, ones)), inner(stft, low), atol=1e-4)


def test_edge_goes_on_with_the_upper_bins_and_average_with_all(
    stft: Stft, ones: np.ndarray, small_spec: ModelSpec, make_network: Callable
) -> None:
    upper = small_spec.bins - small_spec.bins // EDGE_PART

    def answer(magnitude: np.ndarray) -> np.ndarray:
        masks = np.zeros((2, *magnitude.shape), np.float32)
        masks[0, :, upper:] = 0.8
        return masks

    network = make_network(small_spec, answer)
    high = tone(stft, small_spec.frames, 100)
    for extension, expected in ((MaskExtension.EDGE, 0.8), (MaskExtension.AVERAGE, 0.2)):
        process = MaskedPatch(stft, network, Masking(None, extension), 1.0, (0,))
        out = process(high, ones)
        np.testing.assert_allclose(inner(stft, out), expected * inner(stft, high), atol=1e-5)


def test_weights_fade_the_frames(
    stft: Stft, segment: np.ndarray, small_spec: ModelSpec, make_network: Callable
) -> None:
    network = make_network(small_spec, constant(1, 1))
    process = MaskedPatch(stft, network, Masking(2.0, MaskExtension.EDGE), 1.0, (0,))
    rising = np.linspace(0, 1, small_spec.frames, dtype=np.float32)
    out = process(segment, rising) + process(segment, 1 - rising)
    np.testing.assert_allclose(inner(stft, out), 0.5 * inner(stft, segment), atol=1e-6)
    faded = process(segment, np.zeros(small_spec.frames, np.float32))
    assert not faded.any()


def test_mono_song_stays_mono_and_is_shown_as_two_equal_channels(
    stft: Stft, segment: np.ndarray, ones: np.ndarray, small_spec: ModelSpec, make_network: Callable
) -> None:
    seen: list[np.ndarray] = []

    def answer(magnitude: np.ndarray) -> np.ndarray:
        seen.append(magnitude.copy())
        # A stereo network may answer its two channels differently: their mean is used.
        return np.broadcast_to(np.array([1.0, 0.5], np.float32), (2, *magnitude.shape))

    network = make_network(small_spec, answer)
    process = MaskedPatch(stft, network, Masking(None, MaskExtension.EDGE), 1.0, (0, 1))
    out = process(segment[:1], ones)
    assert out.shape == (2, segment.shape[1])
    (magnitude,) = seen
    assert magnitude.any()
    np.testing.assert_array_equal(magnitude[..., 0], magnitude[..., 1])
    np.testing.assert_allclose(inner(stft, out[:1]), 0.75 * inner(stft, segment[:1]), atol=1e-6)


def test_network_sees_the_magnitude_times_the_gain(
    stft: Stft, segment: np.ndarray, ones: np.ndarray, small_spec: ModelSpec, make_network: Callable
) -> None:
    seen: list[np.ndarray] = []

    def answer(magnitude: np.ndarray) -> np.ndarray:
        seen.append(magnitude.copy())
        return np.ones((2, 1, 1, 1), np.float32)

    network = make_network(small_spec, answer)
    MaskedPatch(stft, network, Masking(2.0, MaskExtension.EDGE), 5.0, (0,))(segment, ones)
    expected = 5 * np.abs(stft(segment))[:, :, : small_spec.bins].transpose(1, 2, 0)
    np.testing.assert_allclose(seen[0], expected, rtol=1e-4, atol=1e-4)


def test_gain_changes_nothing_for_a_network_that_ignores_level(
    stft: Stft,
    segment: np.ndarray,
    ones: np.ndarray,
    small_spec: ModelSpec,
    make_network: Callable,
    listening: Callable,
) -> None:
    network = make_network(small_spec, listening)
    masking = Masking(2.0, MaskExtension.EDGE)
    plain = MaskedPatch(stft, network, masking, 1.0, (0, 1))(segment, ones)
    for gain in (0.1, 8.0):
        out = MaskedPatch(stft, network, masking, gain, (0, 1))(segment, ones)
        np.testing.assert_allclose(out, plain, atol=2e-5)


def test_input_is_not_changed_and_threads_do_not_disturb_each_other(
    stft: Stft, segment: np.ndarray, ones: np.ndarray, small_spec: ModelSpec, make_network: Callable
) -> None:
    network = make_network(small_spec, lambda magnitude: np.stack([magnitude, 1 + magnitude]))
    process = MaskedPatch(stft, network, Masking(2.0, MaskExtension.EDGE), 1.0, (0, 1))
    segments = [segment * np.float32(factor) for factor in (1.0, 0.1, 0.5, 0.02)] * 4
    kept = [one.copy() for one in segments]
    alone = [process(one, ones) for one in segments]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: process(one, ones), segments))
    for expected, out in zip(alone, together, strict=True):
        np.testing.assert_array_equal(out, expected)
    for one, before in zip(segments, kept, strict=True):
        np.testing.assert_array_equal(one, before)
