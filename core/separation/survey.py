"""The first pass over a song: its true length, its level, and whether it can be read at all.

Headers lie about lengths, the network wants to know the level beforehand, and a song that cannot
be separated should be refused before the first stem is begun. Reading is cheap beside separating.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.audio.decode import open_audio
from core.separation.level import LevelMeter

# Sample frames read at a time, here and in the separation itself: about 1.5 s.
READ_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first pass found.

    Attributes
    ----------
    rate, channels, frames
        Of what the reader returns: Hz, 1 or 2, decoded sample frames.
    level
        Of the active parts, dB of full scale; None for silence.
    warnings
        Of the reader.
    """

    rate: int
    channels: int
    frames: int
    level: float | None
    warnings: tuple[str, ...]


def survey_song(
    path: Path,
    offset: float,
    duration: float | None,
    progress: Callable[[float, float], None],
) -> Survey:
    """Read a song from start to end.

    Parameters
    ----------
    path
        The song.
    offset, duration
        Which part of it, seconds; None reads to the end.
    progress
        Told how many seconds are read and announced.

    Raises
    ------
    AudioError
        It cannot be read, or holds samples that are no numbers.
    """
    with open_audio(path, offset=offset, duration=duration) as reader:
        meter = LevelMeter(reader.rate)
        announced = (reader.info.frames or 0) / reader.info.rate
        frames = 0
        while len(samples := reader.read(READ_FRAMES)):
            meter.feed(samples)
            frames += len(samples)
            progress(frames / reader.rate, announced)
        return Survey(reader.rate, reader.channels, frames, meter.level(), tuple(reader.warnings))
