"""The multichannel Wiener filter."""

import numpy as np
import pytest

from core.separation.stft import Stft
from core.separation.wiener import WienerPatch

STFT = Stft(1024, 256)
FRAMES = 128


def sdr(truth: np.ndarray, estimate: np.ndarray) -> float:
    error = np.sum((truth - estimate).astype(np.float64) ** 2)
    return float(10 * np.log10(np.sum(truth.astype(np.float64) ** 2) / (error + 1e-30)))


def inner(samples: np.ndarray) -> np.ndarray:
    return samples[:, STFT.frame : -STFT.frame]


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """Two sources that play at the same pitches, panned to different places."""
    random = np.random.default_rng(8)
    length = STFT.samples_for(FRAMES)
    time = np.arange(length) / 44100
    made = []
    for pan, rhythm in (((0.9, 0.3), 3.0), ((0.4, 0.8), 5.0)):
        source = random.standard_normal(length) * (1 + np.sin(2 * np.pi * rhythm * time)) * 0.1
        made.append((np.array(pan)[:, np.newaxis] * source).astype(np.float32))
    return made


def estimates_of(images: list[np.ndarray], leak: float = 0.35) -> list[np.ndarray]:
    """What a network gives: each source with a part of the other one in it."""
    first, second = images
    return [
        ((1 - leak) * first + leak * second).astype(np.float32),
        ((1 - leak) * second + leak * first).astype(np.float32),
    ]


def run(
    mix: np.ndarray, estimates: list[np.ndarray], wanted: tuple[int, ...], exponent: float = 2.0
) -> np.ndarray:
    process = WienerPatch(STFT, len(mix), len(estimates), wanted, exponent)
    return process(np.concatenate([mix, *estimates]), np.ones(FRAMES, np.float32))


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_filter_improves_estimates_of_panned_sources(
    images: list[np.ndarray], exponent: float
) -> None:
    mix = images[0] + images[1]
    estimates = estimates_of(images)
    out = run(mix, estimates, (0, 1), exponent)
    for stem, image in enumerate(images):
        before = sdr(inner(image), inner(estimates[stem]))
        after = sdr(inner(image), inner(out[2 * stem : 2 * stem + 2]))
        assert after > before + 3.0


def test_good_estimates_give_nearly_the_sources(images: list[np.ndarray]) -> None:
    out = run(images[0] + images[1], estimates_of(images, 0.02), (0, 1))
    # Two sources in two places are two unknowns in two channels: the filter can solve that.
    assert (
        min(sdr(inner(image), inner(out[2 * i : 2 * i + 2])) for i, image in enumerate(images)) > 20
    )


def test_outputs_add_up_to_the_mix(images: list[np.ndarray]) -> None:
    mix = images[0] + images[1]
    out = run(mix, estimates_of(images), (0, 1))
    assert sdr(inner(mix), inner(out[:2] + out[2:])) > 50


def test_mono_mix_is_shared_out_by_power() -> None:
    random = np.random.default_rng(2)
    mix = random.standard_normal((1, STFT.samples_for(FRAMES))).astype(np.float32)
    out = run(mix, [0.9 * mix, 0.3 * mix], (0, 1))
    assert out.shape == (2, mix.shape[1])
    np.testing.assert_allclose(inner(out[:1]), 0.9 * inner(mix), atol=1e-4)
    np.testing.assert_allclose(inner(out[1:]), 0.1 * inner(mix), atol=1e-4)


def test_stereo_song_of_two_equal_channels_is_separated_as_its_mono() -> None:
    random = np.random.default_rng(2)
    mix = random.standard_normal((1, STFT.samples_for(FRAMES))).astype(np.float32)
    first = (0.7 * mix + 0.05 * random.standard_normal(mix.shape)).astype(np.float32)
    second = mix - first
    mono = run(mix, [first, second], (0, 1))
    two = run(*(np.repeat(mix, 2, 0), [np.repeat(first, 2, 0), np.repeat(second, 2, 0)]), (0, 1))
    for stem in (0, 1):
        assert sdr(inner(mono[stem : stem + 1]), inner(two[2 * stem : 2 * stem + 1])) > 40
        np.testing.assert_allclose(two[2 * stem], two[2 * stem + 1], atol=1e-4)


def test_only_the_wanted_stems_come_back(images: list[np.ndarray]) -> None:
    mix = images[0] + images[1]
    both = run(mix, estimates_of(images), (0, 1))
    np.testing.assert_array_equal(run(mix, estimates_of(images), (1,)), both[2:])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_silence_stays_silence(channels: int, exponent: float) -> None:
    # Warnings of NumPy (division by zero, invalid value) fail the test: they are errors here.
    nothing = np.zeros((channels, STFT.samples_for(FRAMES)), np.float32)
    out = run(nothing, [nothing, nothing], (0, 1), exponent)
    assert out.shape[0] == 2 * channels
    assert not out.any()


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_one_silent_channel_and_one_silent_stem_are_no_trouble(exponent: float) -> None:
    random = np.random.default_rng(2)
    mix = random.standard_normal((2, STFT.samples_for(FRAMES))).astype(np.float32)
    mix[1] = 0
    out = run(mix, [mix, np.zeros_like(mix)], (0, 1), exponent)
    assert np.isfinite(out).all()
    assert sdr(inner(mix), inner(out[:2])) > 60
    assert np.abs(out[2:]).max() < 1e-3


@pytest.mark.parametrize("level", [1e-7, 0.1, 30.0])
def test_filter_works_at_any_level(images: list[np.ndarray], level: float) -> None:
    scale = np.float32(level)
    mix = (images[0] + images[1]) * scale
    out = run(mix, [one * scale for one in estimates_of(images)], (0, 1))
    assert np.isfinite(out).all()
    if level >= 0.1:
        plain = run(images[0] + images[1], estimates_of(images), (0, 1))
        assert sdr(inner(plain), inner(out / scale)) > 40


def test_more_than_two_stems(images: list[np.ndarray]) -> None:
    random = np.random.default_rng(1)
    third = np.stack([0.5 * random.standard_normal(images[0].shape[1])] * 2).astype(np.float32)
    sources = [*images, third * 0.1]
    mix = np.sum(sources, axis=0, dtype=np.float32)
    out = run(mix, sources, (0, 1, 2))
    assert out.shape[0] == 6
    assert sdr(inner(mix), inner(out[:2] + out[2:4] + out[4:])) > 50


def test_weights_fade_the_result(images: list[np.ndarray]) -> None:
    mix = images[0] + images[1]
    process = WienerPatch(STFT, 2, 2, (0,), 2.0)
    segment = np.concatenate([mix, *estimates_of(images)])
    kept = segment.copy()
    rising = np.linspace(0, 1, FRAMES, dtype=np.float32)
    parts = process(segment, rising) + process(segment, 1 - rising)
    whole = process(segment, np.ones(FRAMES, np.float32))
    assert whole.any()
    np.testing.assert_allclose(inner(parts), inner(whole), atol=1e-5)
    np.testing.assert_array_equal(segment, kept)
