"""Songs and programs that the tests of mixes share; everything is made here."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.audio.waveform import Samples


@dataclass(frozen=True)
class StemSong:
    """A song in files: `samples` and `paths` by stem, and the master, their exact sum."""

    rate: int
    master: Path
    paths: dict[str, Path]
    samples: dict[str, Samples]

    @property
    def mix(self) -> Samples:
        return np.sum(list(self.samples.values()), axis=0, dtype=np.float32)


MakeStemSong = Callable[..., StemSong]


@pytest.fixture(scope="session")
def make_stem_song(tmp_path_factory: pytest.TempPathFactory) -> MakeStemSong:
    """Write FLAC files of 16 bits whose sum has 16 bits too: tones under a little noise."""

    def make(
        *names: str, seconds: float = 1.5, rate: int = 44100, channels: int = 2, level: float = 0.1
    ) -> StemSong:
        folder = tmp_path_factory.mktemp("song")
        frames = round(seconds * rate)
        time = np.arange(frames)[:, None] / rate
        samples, paths = {}, {}
        for number, name in enumerate(names or ("vocals", "drums", "bass", "other")):
            pitch = 150.0 * (number + 1) * (1 + np.arange(channels) / 7)
            noise = np.random.default_rng(number).standard_normal((frames, channels))
            # The tone swells, so that no shifted copy is like it.
            tone = np.sin(2 * np.pi * pitch * time) * (0.5 + 0.5 * np.sin(2 * np.pi * 1.3 * time))
            steps = np.rint((level * tone + 0.02 * level * noise) * 32768).astype(np.int16)
            samples[name] = (steps / 32768).astype(np.float32)
            paths[name] = folder / f"{name}.flac"
            soundfile.write(paths[name], steps, rate, subtype="PCM_16")
        master = folder / "master.flac"
        mix = np.sum(list(samples.values()), axis=0, dtype=np.float32)
        soundfile.write(master, mix, rate, subtype="PCM_16")
        return StemSong(rate, master, paths, samples)

    return make


@pytest.fixture(scope="session")
def stem_song(make_stem_song: MakeStemSong) -> StemSong:
    """Vocals, drums, bass and other: 1.5 s at 44.1 kHz."""
    return make_stem_song()


@pytest.fixture(scope="session")
def ffmpeg() -> Callable[[str], str]:
    """Find ffmpeg or ffprobe: a test without it is a failure in CI, and skipped elsewhere."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            if os.environ.get("CI"):
                pytest.fail(f"{name} is missing: apt install ffmpeg")
            pytest.skip(f"needs {name}: apt install ffmpeg")
        return found

    return find
