"""The level of a song and the gain for the network."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.separation.level import NETWORK_LEVEL, LevelMeter, network_gain

RATE = 8000


def level_of(samples: np.ndarray, block: int | None = None) -> float | None:
    meter = LevelMeter(RATE)
    for start in range(0, len(samples), block or len(samples)):
        meter.feed(samples[start : start + (block or len(samples))])
    return meter.level()


def noise(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    """Noise of this many dB of full scale."""
    drawn = np.random.default_rng(seed).standard_normal((int(seconds * RATE), 2))
    drawn /= np.sqrt(np.mean(drawn**2))
    return (drawn * 10 ** (level / 20)).astype(np.float32)


def test_level_is_the_root_mean_square() -> None:
    assert level_of(noise(20, -23.0)) == pytest.approx(-23.0, abs=0.02)


def test_channels_are_averaged_not_added() -> None:
    song = noise(4, -20.0)
    assert level_of(song[:, :1]) == pytest.approx(-20.0, abs=0.2)
    assert level_of(np.concatenate([song[:, :1]] * 2, axis=1)) == pytest.approx(
        level_of(song[:, :1]), abs=1e-5
    )


@given(decibels=st.floats(-60, 20))
def test_level_follows_the_volume(decibels: float) -> None:
    song = np.concatenate([noise(3, -20.0), noise(2, -50.0), noise(2, -24.0)])
    scaled = (song * np.float32(10 ** (decibels / 20))).astype(np.float32)
    assert level_of(scaled) == pytest.approx(level_of(song) + decibels, abs=0.01)


def test_pauses_and_quiet_passages_do_not_count() -> None:
    playing = noise(8, -20.0)
    song = np.concatenate([np.zeros((5 * RATE, 2), np.float32), playing, noise(8, -45.0)])
    assert level_of(song) == pytest.approx(-20.0, abs=0.3)


@given(block=st.integers(1, 9000))
def test_level_does_not_depend_on_the_blocks(block: int) -> None:
    song = np.concatenate([noise(2.1, -20.0), noise(1.3, -40.0)])
    assert level_of(song, block) == pytest.approx(level_of(song), abs=1e-4)


@pytest.mark.parametrize("length", [0, 1, 3200, 50_000])
def test_silence_has_no_level_and_is_not_amplified(length: int) -> None:
    assert level_of(np.zeros((length, 2), np.float32), 1000) is None
    assert network_gain(None) == 1.0


def test_one_sample_has_a_level() -> None:
    assert level_of(np.full((1, 1), 0.1, np.float32)) == pytest.approx(-20.0, abs=1e-4)


def test_gain_brings_the_song_to_the_networks_level() -> None:
    song = noise(5, -36.0)
    gain = network_gain(level_of(song))
    assert 20 * math.log10(gain) == pytest.approx(NETWORK_LEVEL + 36.0, abs=0.05)
    assert level_of((song * np.float32(gain)).astype(np.float32)) == pytest.approx(
        NETWORK_LEVEL, abs=0.01
    )
