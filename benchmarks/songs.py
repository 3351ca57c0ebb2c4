"""Music of any length to measure with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from core.audio.waveform import Samples

DEMO_SONG = Path(__file__).parents[1] / "examples/demo_song/minusone - Paper Lanterns.flac"


@contextmanager
def work_folder() -> Iterator[Path]:
    """Give a folder for songs and stems, under TMPDIR; removed afterwards."""
    with TemporaryDirectory(prefix="minusone-bench-") as folder:
        yield Path(folder)


def write_song(path: Path, seconds: float, source: Path = DEMO_SONG) -> Path:
    """Write a WAV file of a given length by repeating a song with variations.

    Each repetition has another level, swaps the channels or turns the polarity, so that no patch
    of the network is the same as another.

    Parameters
    ----------
    path
        Where to write, 16 bits.
    seconds
        How long.
    source
        The song to repeat.
    """
    samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    random = np.random.default_rng(1)
    left = round(seconds * rate)
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(path, "w", rate, samples.shape[1], "PCM_16") as file:
        first = True
        while left > 0:
            turn = samples if first else _varied(samples, random)
            file.write(turn[:left])
            left -= len(turn)
            first = False
    return path


def _varied(samples: Samples, random: np.random.Generator) -> Samples:
    factor = np.float32(random.choice([-1.0, 1.0]) * random.uniform(0.7, 1.0))
    shifted = np.roll(samples, int(random.integers(len(samples))), axis=0)
    return (shifted[:, ::-1] if random.random() < 0.5 else shifted) * factor
