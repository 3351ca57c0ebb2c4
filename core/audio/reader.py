"""One song being read: the part that is the same whichever library decodes it."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from core.audio.downmix import downmix_matrix
from core.audio.filenames import display_name
from core.audio.waveform import Samples
from core.errors import AudioError

# Frames asked of the decoder at a time: large enough that Python's overhead is nothing,
# small enough for a decoder's cache.
BLOCK = 1 << 15

# Encoders pad by up to a frame or two of their codec; less than this is never worth a warning.
SHORTFALL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file says about itself.

    Attributes
    ----------
    rate
        Sampling rate, Hz.
    channels
        Channels in the file, before any downmix.
    frames
        Announced length in sample frames. A hint for progress bars only: headers lie, and some
        formats only allow an estimate. None when nothing is announced.
    container
        Short name of the file format, such as ``"WAV"`` or ``"mov,mp4,m4a"``.
    codec
        Short name of the coding, such as ``"PCM_24"``, ``"VORBIS"`` or ``"aac"``.
    bits
        Bits of a sample for uncompressed and lossless codings, None for lossy ones.
    is_float
        True when the file stores floating point samples.
    """

    rate: int
    channels: int
    frames: int | None
    container: str
    codec: str
    bits: int | None
    is_float: bool


class Source(Protocol):
    """A decoder of one file, as `AudioReader` needs it.

    Attributes
    ----------
    info
        What the file says about itself.
    layout
        Speaker of each channel (``"FL"``, ``"LFE"``...), or None when unknown.
    promised
        Length in frames that the file's header guarantees, None where it only guesses.
    warnings
        Sentences for the user; may grow while reading.
    """

    info: AudioInfo
    layout: tuple[str, ...] | None
    promised: int | None
    warnings: list[str]

    def read(self, frames: int) -> Samples:
        """Return 1 to `frames` frames with all channels, or none at the end."""

    def skip(self, frames: int) -> int:
        """Leave out up to `frames` frames; return how many there were."""

    def close(self) -> None:
        """Release the file."""


class AudioReader:
    """Reads a song from start to end in blocks, in constant memory.

    Made by `core.audio.decode.open_audio`; a context manager.

    Attributes
    ----------
    info
        What the file says about itself.
    rate
        Sampling rate of what `read` returns, Hz; the file's own.
    channels
        Channels of what `read` returns: 1 for mono files, 2 for all others.
    warnings
        Sentences for the user; complete once `read` has returned its last block.
    """

    def __init__(self, path: Path, source: Source, start: int, count: int | None) -> None:
        self.info = source.info
        self.rate = source.info.rate
        self.channels = min(source.info.channels, 2)
        self.warnings = source.warnings
        self._name = display_name(path)
        self._source = source
        self._left = count
        self._ended = False
        self._matrix = None
        if source.info.channels > 2:
            self._matrix = downmix_matrix(source.info.channels, source.layout)
            self.warnings.append(
                f"{self._name} has {source.info.channels} channels; they were mixed down to stereo."
            )
        self._position = source.skip(start)
        # Reading the first block now makes an empty or undecodable file fail where it is opened.
        self._pending = self._next(BLOCK)
        if not len(self._pending):
            self._refuse_empty(start)

    def read(self, frames: int) -> Samples:
        """Return the next block.

        Parameters
        ----------
        frames
            Length wanted, in frames.

        Returns
        -------
        Samples
            Shape (n, channels), float32, C-contiguous, owned by the caller. n is `frames`
            until the song ends, then less, then 0.

        Raises
        ------
        AudioError
            The samples hold NaN or infinity.
        """
        blocks = []
        wanted = frames
        while wanted > 0:
            block = self._pending if len(self._pending) else self._next(min(wanted, BLOCK))
            if not len(block):
                break
            self._pending = block[wanted:]
            block = block[:wanted]
            blocks.append(block)
            wanted -= len(block)
        if not blocks:
            return np.empty((0, self.channels), np.float32)
        return np.concatenate(blocks)

    def close(self) -> None:
        """Release the file. May be called more than once."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _next(self, frames: int) -> Samples:
        if self._left is not None:
            frames = min(frames, self._left)
        if self._ended or frames == 0:
            return np.empty((0, self.channels), np.float32)
        block = self._source.read(frames)
        if not len(block):
            self._ended = True
            self._compare_with_promise()
            return np.empty((0, self.channels), np.float32)
        self._refuse_non_numbers(block)
        self._position += len(block)
        if self._left is not None:
            self._left -= len(block)
        return block if self._matrix is None else block @ self._matrix

    def _refuse_non_numbers(self, block: Samples) -> None:
        finite = np.isfinite(block)
        if finite.all():
            return
        frame = self._position + int(np.argmin(finite.all(axis=1)))
        raise AudioError(
            f"{self._name} holds samples that are not numbers (NaN or infinity), "
            f"the first at {frame / self.rate:.3f} s.",
            "Open it in an audio editor and export it again, for example as 24-bit WAV.",
        )

    def _compare_with_promise(self) -> None:
        promised = self._source.promised
        if promised is None or promised - self._position <= SHORTFALL_SECONDS * self.rate:
            return
        self.warnings.append(
            f"{self._name} announces {promised / self.rate:.1f} s but only "
            f"{self._position / self.rate:.1f} s could be decoded; the file is cut off or damaged."
        )

    def _refuse_empty(self, start: int) -> None:
        if start and self._position:
            raise AudioError(
                f"{self._name} is only {self._position / self.rate:.3f} s long: "
                f"nothing is left after an offset of {start / self.rate:.3f} s.",
                "Choose a smaller offset.",
            )
        raise AudioError(
            f"{self._name} holds no sound that can be decoded.",
            "The file is empty or damaged: try to play it, and get it again if it does not.",
        )
