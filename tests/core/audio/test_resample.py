"""Streaming resampling: exact lengths, no delay, and no trace of where blocks begin."""

import numpy as np
import pytest
import soxr

from core.audio.resample import StreamResampler, resampled_frames

PAIRS = [
    (48000, 44100),
    (44100, 48000),
    (8000, 44100),
    (44100, 8000),
    (192000, 44100),
    (44100, 192000),
    (22050, 44100),
    (44100, 44101),
]


def _run(samples, rate_in, rate_out, size, **options):
    resampler = StreamResampler(rate_in, rate_out, samples.shape[1], **options)
    blocks = [
        resampler.process(samples[start : start + size]) for start in range(0, len(samples), size)
    ]
    return np.concatenate([*blocks, resampler.flush()])


@pytest.mark.parametrize(("rate_in", "rate_out"), PAIRS)
@pytest.mark.parametrize("frames", [0, 1, 2, 5, 100, 1001, 44101])
@pytest.mark.parametrize("channels", [1, 2])
def test_length_is_the_rounded_ratio(rate_in, rate_out, frames, channels):
    samples = np.random.default_rng(frames).standard_normal((frames, channels)).astype(np.float32)
    out = _run(samples, rate_in, rate_out, 977)
    assert out.shape == (round(frames * rate_out / rate_in), channels)
    assert out.dtype == np.float32
    assert len(out) == resampled_frames(frames, rate_in, rate_out)


@pytest.mark.parametrize(("rate_in", "rate_out"), PAIRS)
def test_blocks_give_what_one_call_gives(rate_in, rate_out):
    samples = np.random.default_rng(0).standard_normal((20_011, 2)).astype(np.float32)
    whole = _run(samples, rate_in, rate_out, len(samples))
    for size in (13, 977, 4096):
        np.testing.assert_array_equal(_run(samples, rate_in, rate_out, size), whole)
    one_call = soxr.resample(samples, rate_in, rate_out, "VHQ")
    common = min(len(one_call), len(whole))
    np.testing.assert_array_equal(whole[:common], one_call[:common])


@pytest.mark.parametrize(("rate_in", "rate_out"), PAIRS)
def test_a_tone_stays_where_it_is(rate_in, rate_out):
    time_in = np.arange(rate_in) / rate_in
    tone = 0.5 * np.sin(2 * np.pi * 1000 * time_in)[:, None].astype(np.float32)
    out = _run(tone, rate_in, rate_out, 1000)[:, 0]
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(len(out)) / rate_out)
    inside = slice(rate_out // 10, -rate_out // 10)
    assert np.abs(out - expected)[inside].max() < 3e-6


def test_going_there_and_back_keeps_what_both_rates_hold():
    time = np.arange(96_000) / 48000
    # Towards the end of the pass band the filter falls by up to 0.01 dB, which is -60 dB.
    for pitch, bound in ((1000, -130), (10_000, -100), (15_000, -95), (19_500, -60)):
        tone = 0.5 * np.sin(2 * np.pi * pitch * time)[:, None].astype(np.float32)
        back = _run(_run(tone, 48000, 44100, 4096), 44100, 48000, 4096)
        assert back.shape == tone.shape
        error = (back - tone)[5000:-5000]
        assert 10 * np.log10((error**2).mean() / (tone**2).mean()) < bound


def test_equal_rates_pass_samples_through():
    samples = np.random.default_rng(0).standard_normal((1000, 2)).astype(np.float32)
    resampler = StreamResampler(44100, 44100, 2)
    np.testing.assert_array_equal(resampler.process(samples), samples)
    assert resampler.flush().shape == (0, 2)


def test_input_is_not_changed_and_may_be_a_view():
    wide = np.random.default_rng(0).standard_normal((1000, 4)).astype(np.float32)
    before = wide.copy()
    view = wide[::2, ::2]
    out = _run(view, 44100, 22050, 100)
    np.testing.assert_array_equal(wide, before)
    np.testing.assert_array_equal(out, _run(np.ascontiguousarray(view), 44100, 22050, 500))
