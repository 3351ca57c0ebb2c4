"""Loudness: against values that the standard gives, and against ffmpeg's own measurement."""

import math
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.audio.waveform import Samples
from core.mix.loudness import LoudnessMeter


def tone(level: float, seconds: float, rate: int, channels: int = 2) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (level / 20) * np.sin(2 * np.pi * 1000 * time)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def measure(samples: Samples, rate: int, size: int = 10007) -> float:
    meter = LoudnessMeter(rate, samples.shape[1])
    for first in range(0, len(samples), size):
        meter.process(samples[first : first + size])
    return meter.finish()


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_a_stereo_tone_of_1_khz_is_as_loud_as_its_level(rate: int, level: float) -> None:
    # EBU Tech 3341, cases 1 and 2.
    assert measure(tone(level, 20, rate), rate) == pytest.approx(level, abs=0.1)


def test_quiet_passages_are_gated() -> None:
    # EBU Tech 3341, case 3.
    parts = [tone(-36, 10, 48000), tone(-23, 60, 48000), tone(-36, 10, 48000)]
    assert measure(np.concatenate(parts), 48000) == pytest.approx(-23.0, abs=0.1)


def test_one_channel_is_3_lu_below_two() -> None:
    assert measure(tone(-20, 5, 44100, 1), 44100) == pytest.approx(-23.0, abs=0.1)


def test_silence_has_no_loudness() -> None:
    assert measure(np.zeros((44100, 2), np.float32), 44100) == -math.inf
    assert measure(np.empty((0, 2), np.float32), 44100) == -math.inf


def test_ffmpeg_s_program_says_the_same(ffmpeg: Callable[[str], str], tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    swell = np.linspace(0.01, 0.3, 44100 * 8)[:, None]
    noise = (random.standard_normal((44100 * 8, 2)) * swell).astype(np.float32)
    path = tmp_path / "noise.wav"
    soundfile.write(path, noise, 44100, subtype="FLOAT")
    command = [ffmpeg("ffmpeg"), "-nostats", "-i", path, "-af", "ebur128", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.findall(r"I:\s+(-?[\d.]+) LUFS", said)
    assert measure(noise, 44100) == pytest.approx(float(found[-1]), abs=0.1)
