"""The stems of a song side by side: one rate, one length, one number of channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from core.audio.decode import open_audio
from core.audio.filenames import display_name
from core.audio.reader import BLOCK, AudioReader
from core.audio.resample import StreamResampler, resampled_frames
from core.audio.waveform import Samples

# What separates stems may pad by; more deserves a word.
_TOLERATED_SECONDS = 0.1
# Their headers count frames; those of other formats estimate.
_COUNTED = ("WAV", "WAVEX", "RF64", "W64", "FLAC", "AIFF", "AU", "OGG")


@dataclass(frozen=True, slots=True)
class StemFile:
    """What is known of a stem before it is read.

    Attributes
    ----------
    path
        The file.
    rate, channels, frames
        Hz; 1 or 2; exact.
    """

    path: Path
    rate: int
    channels: int
    frames: int

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.rate


def survey_stem(path: Path) -> StemFile:
    """Look at a stem; one whose header only estimates its length is decoded once.

    Raises
    ------
    AudioError
        It is missing or cannot be read.
    """
    with open_audio(path) as reader:
        frames = reader.info.frames
        if frames is None or reader.info.container not in _COUNTED:
            frames = 0
            while count := len(reader.read(BLOCK)):
                frames += count
        return StemFile(path, reader.rate, reader.channels, frames)


@dataclass(frozen=True, slots=True)
class StemSet:
    """All stems of a song.

    Attributes
    ----------
    files
        By name.
    rate
        Of the result, Hz: the highest of the stems'.
    channels
        1 if all stems are mono, else 2.
    frames
        Of the longest stem, at `rate`; shorter ones end in silence.
    warnings
        Sentences for the user.
    """

    files: Mapping[str, StemFile]
    rate: int
    channels: int
    frames: int
    warnings: tuple[str, ...]


def survey_stems(stems: Mapping[str, Path]) -> StemSet:
    """Look at all stems of a song.

    Raises
    ------
    AudioError
        One is missing or cannot be read.
    """
    files = {name: survey_stem(path) for name, path in stems.items()}
    rate = max(file.rate for file in files.values())
    frames = max(resampled_frames(file.frames, file.rate, rate) for file in files.values())
    warnings = [
        f"{display_name(file.path)} is {frames / rate - file.duration:.1f} s shorter than the "
        "longest stem; it ends in silence."
        for file in files.values()
        if frames / rate - file.duration > _TOLERATED_SECONDS
    ]
    channels = max(file.channels for file in files.values())
    return StemSet(files, rate, channels, frames, tuple(warnings))


class StemReader:
    """Reads a piece of one stem at the rate and with the channels of the mix.

    Parameters
    ----------
    file
        The stem.
    rate, channels
        Of the blocks.
    start
        First frame, at `rate`.
    """

    def __init__(self, file: StemFile, rate: int, channels: int, start: int) -> None:
        self._channels = channels
        self._reader: AudioReader | None = None
        self._resampler = StreamResampler(file.rate, rate, file.channels)
        self._ready: list[Samples] = []
        if start < resampled_frames(file.frames, file.rate, rate):
            self._reader = open_audio(file.path, offset=start / rate)

    def read(self, frames: int) -> Samples:
        """Return exactly so many frames, shape (frames, channels); silence behind the end."""
        block = np.zeros((frames, self._channels), np.float32)
        filled = 0
        while filled < frames and self._fill():
            piece = self._ready.pop(0)
            used = min(len(piece), frames - filled)
            block[filled : filled + used] = piece[:used]
            if used < len(piece):
                self._ready.insert(0, piece[used:])
            filled += used
        return block

    def close(self) -> None:
        """Release the file. May be called more than once."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _fill(self) -> bool:
        while not self._ready:
            if self._reader is None:
                return False
            block = self._reader.read(BLOCK)
            out = self._resampler.process(block)
            if not len(block):
                out = self._resampler.flush()
                self.close()
            if len(out):
                self._ready.append(out)
        return True


class SumReader:
    """Reads several stems at once, scaled and added up.

    Parameters
    ----------
    readers
        The stems; closed by `close`.
    factors
        What each is scaled by: left and right.
    """

    def __init__(
        self, readers: Sequence[StemReader], factors: Sequence[tuple[float, float]]
    ) -> None:
        self._readers = readers
        self._factors = [np.array(pair, np.float32) for pair in factors]

    def read(self, frames: int) -> Samples:
        """Return exactly so many frames of the sum."""
        total: Samples | None = None
        for reader, pair in zip(self._readers, self._factors, strict=True):
            block = reader.read(frames)
            if (pair != 1).any():
                block *= pair[: block.shape[1]]
            if total is None:
                total = block
            else:
                total += block
        assert total is not None
        return total

    def close(self) -> None:
        """Release the files."""
        for reader in self._readers:
            reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
