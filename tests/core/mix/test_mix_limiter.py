"""True peaks and the limiter that holds them down."""

import numpy as np
import pytest
import soxr

from core.audio.waveform import Samples
from core.mix.gains import decibels
from core.mix.level import LevelMeter, limited, with_peaks
from core.mix.limiter import Limiter
from core.mix.peaks import PEAK_BLOCK, TruePeakMeter

RATE = 44100


def true_peak(samples: Samples) -> float:
    """Measure with the best filter there is and in one go, at and between the samples."""
    between = np.abs(soxr.resample(samples, RATE, 4 * RATE, quality="VHQ")).max()
    return decibels(max(float(between), float(np.abs(samples).max())))


def loud_music(seconds: float = 6.0, channels: int = 2) -> Samples:
    """Chords, noise bursts and clicks, up to 10 dB over full scale."""
    random = np.random.default_rng(5)
    frames = round(seconds * RATE)
    time = np.arange(frames)[:, None] / RATE
    chord = sum(np.sin(2 * np.pi * f * time + f) for f in (110, 277.2, 659.3, 5500))
    bursts = random.standard_normal((frames, channels)) * (np.sin(2 * np.pi * 2 * time) > 0.9)
    swell = 0.1 + 0.9 * np.abs(np.sin(2 * np.pi * 0.3 * time))
    music = swell * (0.5 * chord + 0.8 * bursts) * np.linspace(1, 0.7, channels)
    music[random.integers(0, frames, 30)] += 2.0
    return music.astype(np.float32)


def cut(samples: Samples, size: int) -> list[Samples]:
    return [samples[first : first + size] for first in range(0, len(samples), size)]


def limit(samples: Samples, ceiling: float, size: int, gain: float = 0.0) -> Samples:
    channels = samples.shape[1]
    meter = LevelMeter(RATE, channels, loudness=False)
    limiter = Limiter(RATE, channels, ceiling, gain)
    return np.concatenate(list(limited(with_peaks(cut(samples, size), meter), limiter)))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, PEAK_BLOCK, 1000, 50001])
def test_there_is_a_peak_for_each_begun_block(frames: int, channels: int) -> None:
    samples = loud_music(2.0, channels)[:frames]
    meter = TruePeakMeter(RATE, channels)
    peaks = np.concatenate([*(meter.process(block) for block in cut(samples, 777)), meter.flush()])
    assert len(peaks) == -(-frames // PEAK_BLOCK)
    if frames > 1:
        assert decibels(float(peaks.max())) == pytest.approx(true_peak(samples), abs=0.02)


def test_peaks_between_the_samples_are_found() -> None:
    # A quarter of the sampling rate at 45 degrees: every sample is 3 dB below the wave's top.
    tone = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4)[:, None].astype(np.float32)
    fade = np.minimum(1, np.minimum(np.arange(RATE), np.arange(RATE)[::-1]) / 1000)[:, None]
    meter = LevelMeter(RATE, 1, loudness=False)
    meter.process((tone * fade).astype(np.float32))
    meter.flush()
    assert meter.level().true_peak == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("ceiling", [-1.5, -9.0])
@pytest.mark.parametrize("size", [333, 32768])
def test_true_peaks_stay_below_the_ceiling(ceiling: float, size: int) -> None:
    music = loud_music()
    assert true_peak(music) > 3
    done = limit(music, ceiling, size)
    assert done.shape == music.shape
    assert ceiling - 0.6 < true_peak(done) <= ceiling


def test_borders_of_blocks_make_no_difference() -> None:
    music = loud_music(3.0)
    whole = limit(music, -1.5, len(music))
    for size in (100, 4096, 32768):
        np.testing.assert_allclose(limit(music, -1.5, size), whole, atol=2e-5)


def test_what_is_below_the_ceiling_is_left_as_it_is() -> None:
    music = loud_music(1.0) / 20
    np.testing.assert_array_equal(limit(music, -1.5, 4096), music)
    np.testing.assert_allclose(limit(music, -1.5, 4096, gain=6.0), music * 10**0.3, rtol=1e-5)


def test_the_gain_moves_smoothly_around_a_peak() -> None:
    steady = np.full((RATE, 1), 0.1, np.float32)
    steady[RATE // 2 : RATE // 2 + 200] = 2.0
    done = limit(steady, -1.5, 4096)
    gain = (done / steady)[:, 0]
    # Over 20 dB within 6 ms: no two neighbours differ by more than a hundredth of that.
    assert np.abs(np.diff(gain)).max() < 0.02
    assert gain[0] == pytest.approx(1)
    assert gain[-1] > 0.97


def test_a_peak_in_the_first_and_in_the_last_frame_is_caught() -> None:
    for place in (0, -1):
        click = np.zeros((5000, 2), np.float32)
        click[place] = 3.0
        assert np.abs(limit(click, -1.5, 1024)).max() <= 10 ** (-1.5 / 20)
