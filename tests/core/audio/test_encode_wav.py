"""WAV files beyond 4 GiB, tried with a lower limit."""

import os

import numpy as np
import pytest
import soundfile

from core.audio.encode_wav import WavEncoder
from core.audio.partfile import Sink


def _write(path, samples, bits, **options):
    sink = Sink(path, os.open(path, os.O_RDWR | os.O_CREAT))
    encoder = WavEncoder(sink, 48000, samples.shape[1], bits, **options)
    encoder.write(samples[:1000])
    encoder.write(samples[1000:])
    encoder.finish()
    sink.close()
    sink.check()


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1001, 5000])
def test_a_file_that_grows_too_large_becomes_rf64(tmp_path, music, bits, channels, frames):
    samples = music(frames, channels)
    _write(tmp_path / "small.wav", samples, bits)
    _write(tmp_path / "large.wav", samples, bits, riff_limit=2000)
    small, large = soundfile.info(tmp_path / "small.wav"), soundfile.info(tmp_path / "large.wav")
    assert (small.format, large.format) == ("WAV", "RF64")
    assert small.frames == large.frames == frames
    np.testing.assert_array_equal(
        soundfile.read(tmp_path / "small.wav")[0], soundfile.read(tmp_path / "large.wav")[0]
    )
    sizes = {path.stat().st_size for path in tmp_path.iterdir()}
    assert len(sizes) == 1
    assert sizes.pop() % 2 == 0


def test_ffmpeg_reads_both_kinds(tmp_path, music):
    from core.audio.decode_ffmpeg import FfmpegSource

    samples = music(3000)
    for limit in (2000, 10**9):
        _write(tmp_path / "song.wav", samples, 32, riff_limit=limit)
        source = FfmpegSource(tmp_path / "song.wav")
        blocks = []
        while len(block := source.read(10_000)):
            blocks.append(block)
        source.close()
        np.testing.assert_array_equal(np.concatenate(blocks), samples)
