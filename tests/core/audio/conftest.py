"""Sounds and files that the audio tests share; everything is made here, nothing is downloaded."""

import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from core.audio.decode import open_audio
from core.audio.waveform import Samples


@pytest.fixture(scope="session")
def music() -> Callable[[int, int, int], Samples]:
    """Tones with a little noise, different in each channel, never over full scale."""

    def make(frames: int, channels: int = 2, rate: int = 44100) -> Samples:
        time = np.arange(frames)[:, None] / rate
        pitch = 220.0 * (1 + np.arange(channels) / 3)
        noise = np.random.default_rng(frames + channels).standard_normal((frames, channels))
        return (0.4 * np.sin(2 * np.pi * pitch * time) + 0.01 * noise).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def decode() -> Callable[..., tuple[Samples, list[str]]]:
    """Read a whole song in blocks of an odd size; return its samples and warnings."""

    def read(path: Path, **window: float) -> tuple[Samples, list[str]]:
        with open_audio(path, **window) as reader:
            blocks = []
            while len(block := reader.read(7001)):
                blocks.append(block)
            return np.concatenate(blocks), reader.warnings

    return read


@pytest.fixture(scope="session")
def encode_av() -> Callable[..., None]:
    """Write samples through FFmpeg with any codec and container it has."""

    def write(
        path: Path,
        samples: Samples,
        rate: int,
        container: str,
        codec: str,
        *,
        layout: str | None = None,
        sample_format: str | None = None,
        picture: bool = False,
        options: dict[str, str] | None = None,
    ) -> None:
        if options is None and container in ("ipod", "mp4"):
            # The usual clock of 1 ms would round the edit list, and with it the length.
            options = {"movie_timescale": str(rate)}
        layout = layout or {1: "mono", 2: "stereo"}[samples.shape[1]]
        with (
            path.open("wb") as file,
            av.open(file, "w", format=container, container_options=options or {}) as output,
        ):
            video = None
            if picture:
                video = output.add_stream("mpeg4", rate=25)
                video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            stream = output.add_stream(codec, rate=rate)
            stream.layout = layout
            stream.bit_rate = 128_000
            stream.codec_context.time_base = Fraction(1, rate)
            if sample_format:
                stream.format = sample_format
            if video is not None:
                for _ in range(50):
                    output.mux(video.encode(av.VideoFrame(64, 48, "yuv420p")))
                output.mux(video.encode(None))
            for start in range(0, len(samples), 4096):
                planes = np.ascontiguousarray(samples[start : start + 4096].T)
                frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
                frame.sample_rate = rate
                frame.pts = start
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))

    return write


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Run without root's right to read and write everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
