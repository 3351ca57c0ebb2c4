"""Effects at work, block by block."""

import numpy as np
import pytest

from core.audio.waveform import Samples
from core.mix.chain import Chain, tail_seconds
from core.mix.effects import KINDS, Effect
from core.mix.gains import decibels

RATE = 44100


def noise(seconds: float = 1.0, channels: int = 2) -> Samples:
    random = np.random.default_rng(1)
    return (0.2 * random.standard_normal((round(seconds * RATE), channels))).astype(np.float32)


def run(effects: list[Effect], samples: Samples, size: int = 32768, rate: int = RATE) -> Samples:
    blocks = [samples[first : first + size] for first in range(0, len(samples), size)]
    return np.concatenate(list(Chain(effects, rate, samples.shape[1]).run(blocks)))


def tone_gain(effect: Effect, frequency: float) -> float:
    """Return what an effect does to a tone, dB."""
    time = np.arange(RATE)[:, None] / RATE
    tone = (0.1 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)
    half = RATE // 2
    done = run([effect], tone)
    return decibels(float(done[half:].std() / tone[half:].std()))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_borders_of_blocks_are_inaudible(kind: str, channels: int) -> None:
    sound = noise(0.7, channels)
    before = sound.copy()
    whole = run([Effect(kind)], sound, len(sound))
    assert whole.shape == sound.shape
    assert np.isfinite(whole).all()
    for size in (97, 1024, 5000):
        pieces = run([Effect(kind)], sound, size)
        assert np.abs(pieces - whole).max() < 3e-5
    np.testing.assert_array_equal(sound, before)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("end", ["low", "high"])
def test_the_ends_of_every_range_work(kind: str, end: str) -> None:
    values = {one.name: getattr(one, end) for one in KINDS[kind].parameters}
    for rate in (8000, 96000):
        done = run([Effect(kind, values)], noise(0.3), rate=rate)
        assert np.isfinite(done).all()
        assert np.abs(done).max() < 100


def test_no_effects_hand_the_sound_through() -> None:
    sound = noise(0.1)
    np.testing.assert_array_equal(run([], sound), sound)


def test_filters_do_what_they_say() -> None:
    low = Effect("low_shelf", {"frequency": 200.0, "gain": 6.0})
    assert tone_gain(low, 40) == pytest.approx(6, abs=0.5)
    assert tone_gain(low, 4000) == pytest.approx(0, abs=0.1)
    high = Effect("high_shelf", {"frequency": 4000.0, "gain": -9.0})
    assert tone_gain(high, 15000) == pytest.approx(-9, abs=0.5)
    assert tone_gain(high, 100) == pytest.approx(0, abs=0.1)
    peak = Effect("peak", {"frequency": 1000.0, "gain": 12.0, "q": 4.0})
    assert tone_gain(peak, 1000) == pytest.approx(12, abs=0.1)
    assert abs(tone_gain(peak, 4000)) < 0.5
    assert tone_gain(Effect("high_pass", {"frequency": 400.0}), 100) < -20
    assert tone_gain(Effect("low_pass", {"frequency": 1000.0}), 4000) < -20


def test_a_compressor_works_above_its_threshold() -> None:
    squeezed = Effect("compressor", {"threshold": -40.0, "ratio": 4.0})
    assert tone_gain(squeezed, 1000) == pytest.approx(-0.75 * 17, abs=2.5)
    lifted = Effect("compressor", {"threshold": 0.0, "makeup": 5.0})
    assert tone_gain(lifted, 1000) == pytest.approx(5, abs=0.1)


def test_a_limiter_in_a_chain_keeps_its_place_in_time() -> None:
    sound = noise(0.5)
    done = run([Effect("limiter", {"ceiling": -12.0})], sound)
    assert np.abs(done).max() <= 10 ** (-12 / 20)
    quiet = sound / 100
    np.testing.assert_array_equal(run([Effect("limiter")], quiet), quiet)


def test_an_echo_comes_when_it_should() -> None:
    click = np.zeros((RATE, 1), np.float32)
    click[0] = 1
    effect = Effect("delay", {"time": 0.25, "feedback": 50.0, "wet": 40.0})
    done = run([effect], click)[:, 0]
    assert done[0] == pytest.approx(1)
    quarter = RATE // 4
    assert done[quarter] == pytest.approx(0.4, abs=0.01)
    assert done[2 * quarter] == pytest.approx(0.2, abs=0.01)


def test_a_dry_reverb_is_the_sound_itself() -> None:
    sound = noise(0.2)
    done = run([Effect("reverb", {"wet": 0.0})], sound)
    np.testing.assert_allclose(done, sound, atol=1e-5)


@pytest.mark.parametrize(
    "effect",
    [
        Effect("reverb", {"room": 0.0}),
        Effect("reverb"),
        Effect("reverb", {"room": 75.0}),
        Effect("reverb", {"room": 100.0, "damping": 0.0}),
        Effect("delay", {"feedback": 0.0}),
        Effect("delay", {"feedback": 70.0, "time": 0.5}),
        Effect("doubler"),
    ],
)
def test_tails_are_60_db_down_where_they_are_said_to_end(effect: Effect) -> None:
    tail = round(tail_seconds([effect]) * RATE)
    sound = np.concatenate([noise(0.5), np.zeros((tail + RATE, 2), np.float32)])
    done = run([effect], sound)
    loud = np.abs(done[: RATE // 2]).max()
    assert np.abs(done[RATE // 2 + tail :]).max() < loud * 2e-3


def test_effects_without_memory_have_no_tail() -> None:
    assert tail_seconds([Effect("peak"), Effect("compressor"), Effect("limiter")]) == 0


def test_a_doubler_makes_left_and_right_differ() -> None:
    centred = np.repeat(noise(0.5, 1), 2, axis=1)
    done = run([Effect("doubler")], centred)
    assert np.abs(done[:, 0] - done[:, 1]).max() > 0.05
