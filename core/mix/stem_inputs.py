"""What goes into a stem file: songs and stems of any format as stereo at one rate, in step."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from core.audio.decode import open_audio
from core.audio.filenames import display_name
from core.audio.resample import StreamResampler, resampled_frames
from core.audio.waveform import Samples
from core.errors import AudioError

_BLOCK = 1 << 15
# Decoders of lossy formats may differ by a frame of their codec; less is never worth a word.
_NOTABLE_SECONDS = 0.05


class Input(Protocol):
    """Something that gives stereo sound at the rate of the stem file.

    Attributes
    ----------
    name
        For people.
    frames
        Announced length at that rate; None when unknown.
    warnings
        Sentences for the user, complete at the end.
    lossless_bits
        Bits of a sample if that many hold every sample exactly, else None.
    """

    name: str
    frames: int | None
    warnings: list[str]
    lossless_bits: int | None

    def read(self, frames: int) -> Samples:
        """Return `frames` frames, shape (n, 2), float32; fewer only at the end."""

    def close(self) -> None:
        """Release the file."""


class FileInput:
    """A sound file of any rate, with one channel (heard on both sides) or more.

    Raises
    ------
    AudioError
        It cannot be read.
    """

    def __init__(self, path: Path, rate: int) -> None:
        self.name = display_name(path)
        self._reader = open_audio(path)
        self.warnings = self._reader.warnings
        info = self._reader.info
        self._resampler = StreamResampler(info.rate, rate, self._reader.channels)
        self._pending = np.empty((0, self._reader.channels), np.float32)
        self._ended = False
        exact = info.rate == rate and info.channels <= 2 and not info.is_float
        self.lossless_bits = info.bits if exact else None
        self.frames = None
        if info.frames is not None:
            self.frames = resampled_frames(info.frames, info.rate, rate)

    def read(self, frames: int) -> Samples:
        """See `Input`."""
        blocks = [self._pending]
        have = len(self._pending)
        while have < frames and not self._ended:
            block = self._reader.read(_BLOCK)
            self._ended = not len(block)
            ready = self._resampler.flush() if self._ended else self._resampler.process(block)
            blocks.append(ready)
            have += len(ready)
        joined = np.concatenate(blocks)
        self._pending = joined[frames:]
        taken = joined[:frames]
        return taken if taken.shape[1] == 2 else np.repeat(taken, 2, axis=1)

    def close(self) -> None:
        """Release the file. May be called more than once."""
        self._reader.close()


class BlockInput:
    """Sound that is being made, such as a mix while it is rendered.

    Parameters
    ----------
    blocks
        Starts it: gives stereo blocks of any length at the rate of the stem file.
    """

    def __init__(self, blocks: Callable[[], Iterator[Samples]]) -> None:
        self.name = "the master"
        self.frames: int | None = None
        self.warnings: list[str] = []
        self.lossless_bits: int | None = None
        self._blocks = blocks()
        self._pending = np.empty((0, 2), np.float32)

    def read(self, frames: int) -> Samples:
        """See `Input`."""
        parts = [self._pending]
        have = len(self._pending)
        while have < frames and (block := next(self._blocks, None)) is not None:
            if not np.isfinite(block).all():
                raise AudioError("The master holds samples that are not numbers (NaN or infinity).")
            parts.append(block)
            have += len(block)
        joined = np.concatenate(parts)
        self._pending = joined[frames:]
        return joined[:frames]

    def close(self) -> None:
        """Stop it."""
        close = getattr(self._blocks, "close", None)
        if close is not None:
            close()


class InputGroup:
    """Several inputs read in step, the shorter ones continued by silence; a context manager.

    Attributes
    ----------
    frames
        Announced length of the longest input; None when one of them announces nothing.
    bits
        16 if that many hold every sample of every input exactly, else 24.
    """

    def __init__(self) -> None:
        self._inputs: dict[str, Input] = {}
        self._lengths: dict[str, int] = {}
        self._stack = ExitStack()

    def add(self, key: str, source: Input) -> None:
        """Take in one more, to be closed with the others."""
        self._stack.callback(source.close)
        self._inputs[key] = source
        self._lengths[key] = 0

    @property
    def frames(self) -> int | None:
        announced = [source.frames for source in self._inputs.values()]
        known = [frames for frames in announced if frames is not None]
        return max(known) if len(known) == len(announced) else None

    @property
    def bits(self) -> int:
        needed = [source.lossless_bits for source in self._inputs.values()]
        return 16 if all(bits is not None and bits <= 16 for bits in needed) else 24

    def has(self, key: str) -> bool:
        """Whether there is an input with this key."""
        return key in self._inputs

    def blocks(self) -> Iterator[dict[str, Samples]]:
        """Give blocks of all inputs by their keys, all of one length, until all have ended."""
        while True:
            given = {key: source.read(_BLOCK) for key, source in self._inputs.items()}
            longest = max(len(block) for block in given.values())
            if not longest:
                return
            for key, block in given.items():
                self._lengths[key] += len(block)
                if len(block) < longest:
                    missing = np.zeros((longest - len(block), 2), np.float32)
                    given[key] = np.concatenate([block, missing])
            yield given

    def notes(self, rate: int) -> list[str]:
        """Return what the user should know about the inputs, once they have ended."""
        longest = max(self._lengths.values())
        found = []
        for key, source in self._inputs.items():
            found += source.warnings
            short = (longest - self._lengths[key]) / rate
            if short > _NOTABLE_SECONDS:
                found.append(
                    f"{source.name} ends {short:.2f} s before the others; silence follows."
                )
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
