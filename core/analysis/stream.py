"""Stems read side by side at the low rate that is enough for tempo and key."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from core.analysis.frames import Mono
from core.audio.decode import open_audio
from core.audio.reader import AudioReader
from core.audio.resample import StreamResampler

RATE = 22050
"""Sampling rate of everything that is analysed, Hz."""

# Song read at a time, seconds. Small enough that all arrays of a block stay in the cache.
_SECONDS = 6


class _MonoStream:
    """One file, mono, at `RATE`, in blocks of any wanted length."""

    def __init__(self, reader: AudioReader) -> None:
        self._reader = reader
        self._resampler = StreamResampler(reader.rate, RATE, 1, "HQ")
        self._ready = np.empty(0, np.float32)
        self._ended = False

    def read(self, frames: int) -> Mono:
        """Return `frames` samples, fewer at the end, then none."""
        parts = [self._ready]
        count = len(self._ready)
        while count < frames and not self._ended:
            block = self._reader.read(self._reader.rate)
            if len(block):
                # Twenty times as fast as the mean over so short an axis.
                mono = 0.5 * (block[:, :1] + block[:, -1:])
                part = self._resampler.process(mono)
            else:
                self._ended = True
                part = self._resampler.flush()
            parts.append(part[:, 0])
            count += len(part)
        joined = np.concatenate(parts)
        self._ready = joined[frames:]
        return joined[:frames]


def read_together(paths: Mapping[str, Path]) -> Iterator[dict[str, Mono]]:
    """Read several files of one song from their common start to the end of the longest.

    Parameters
    ----------
    paths
        A file for each name.

    Yields
    ------
    dict
        For each name its next samples, all of the same length, at `RATE`; a file that has ended
        gives zeros.

    Raises
    ------
    AudioError
        A file cannot be read.
    """
    with ExitStack() as stack:
        streams = {
            name: _MonoStream(stack.enter_context(open_audio(path))) for name, path in paths.items()
        }
        while True:
            blocks = {name: stream.read(_SECONDS * RATE) for name, stream in streams.items()}
            longest = max(map(len, blocks.values()))
            if not longest:
                return
            yield {name: np.pad(block, (0, longest - len(block))) for name, block in blocks.items()}


def announced_seconds(paths: Mapping[str, Path]) -> float:
    """Return the length that the longest file announces, seconds; 0 where none does."""
    longest = 0.0
    for path in paths.values():
        with open_audio(path) as reader:
            longest = max(longest, (reader.info.frames or 0) / reader.rate)
    return longest
