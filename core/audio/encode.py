"""Writing stems: any output format, whole files only."""

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import soundfile

from core.audio.encode_sndfile import SndfileEncoder, highest_mp3_bitrate
from core.audio.encode_wav import WavEncoder
from core.audio.filenames import display_name
from core.audio.formats import Codec, OutputFormat, carried_rate
from core.audio.partfile import REASONS, PartFile, Sink, output_error
from core.audio.resample import StreamResampler
from core.audio.tags import Tags, write_tags
from core.audio.waveform import Samples
from core.errors import OutputError

__all__ = ["AudioWriter", "Codec", "OutputFormat", "open_writer"]


# PyAV's errors are OSError or ValueError underneath.
_ENCODER_ERRORS = (soundfile.SoundFileError, OSError, ValueError, RuntimeError)


class Encoder(Protocol):
    """Turns samples into bytes of one format."""

    def write(self, samples: Samples) -> None:
        """Append samples, shape (n, channels), float32."""

    def finish(self) -> None:
        """Write everything that is still held back. Called once, last."""

    def abandon(self) -> None:
        """Release memory after a failure instead of `finish`."""


def open_writer(
    path: Path,
    fmt: OutputFormat,
    rate: int,
    channels: int,
    tags: Tags | None = None,
    overwrite: bool = True,
) -> "AudioWriter":
    """Start writing a file.

    Parameters
    ----------
    path
        The file to make; its folder must exist. It appears only when it is whole.
    fmt
        Codec, bits and bit rate.
    rate, channels
        Of the samples that will be written: Hz; 1 or 2.
    tags
        What the file shall say about the song.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    AudioWriter
        A context manager: leaving it normally makes the file appear, leaving it by an
        exception leaves nothing behind.

    Raises
    ------
    OutputError
        The file cannot be made: no permission, read-only, exists, or M4A without PyAV.
    """
    return AudioWriter(path, fmt, rate, channels, tags, overwrite)


class AudioWriter:
    """Writes one file block by block, in constant memory; see `open_writer`.

    Attributes
    ----------
    path
        The file that will appear.
    rate
        Sampling rate of the file, Hz; differs from the input's where the codec cannot carry it.
    clipped
        Samples (frames times channels) beyond full scale so far. Integer formats cut them off;
        players of lossy files will; 32-bit float keeps them, and then none are counted.
    warnings
        Sentences for the user, complete once the file is there.
    """

    def __init__(
        self,
        path: Path,
        fmt: OutputFormat,
        rate: int,
        channels: int,
        tags: Tags | None,
        overwrite: bool,
    ) -> None:
        self.path = path
        self.rate = carried_rate(fmt.codec, rate)
        self.clipped = 0
        self.warnings: list[str] = []
        self._fmt = fmt
        self._channels = channels
        self._tags = tags
        self._counts_clipping = fmt.codec is not Codec.WAV or fmt.bits < 32
        self._closed = False
        self._frames = 0
        if self.rate != rate:
            self.warnings.append(
                f"{fmt.codec} cannot carry {rate} Hz; {display_name(path)} is written "
                f"at {self.rate} Hz."
            )
        self._warn_of_bitrate()
        self._resampler = StreamResampler(rate, self.rate, channels)
        self._file = PartFile(path, overwrite)
        try:
            self._encoder = self._make_encoder(self._file.sink)
        except BaseException:
            self._file.discard()
            raise

    def write(self, samples: Samples) -> None:
        """Append samples.

        Parameters
        ----------
        samples
            Shape (n, channels), float32, full scale -1 to 1; not changed.

        Raises
        ------
        OutputError
            The disk is full, or the samples hold NaN or infinity.
        """
        self._encode(self._resampler.process(samples))

    def finish(self) -> None:
        """Complete the file and make it appear under its name.

        Raises
        ------
        OutputError
            Something could not be written; nothing is left behind.
        """
        self.seal()
        self.publish()

    def seal(self) -> None:
        """Complete the file and bring it to the disk, still under its temporary name.

        For files that belong together: seal all, then publish all, and a full disk at the last
        of them leaves none.

        Raises
        ------
        OutputError
            Something could not be written, or `publish` would fail; nothing is left behind.
        """
        try:
            self._encode(self._resampler.flush())
            if not self._frames:
                # Some codecs cannot hold nothing at all: one silent frame stands for it.
                self._encode(np.zeros((1, self._channels), np.float32))
            self._closed = True
            with _Translated(self.path):
                self._encoder.finish()
            self._file.seal()
            if self._tags is not None:
                with _Translated(self.path):
                    warning = write_tags(self._file.path, self._fmt.codec, self._tags)
                if warning:
                    self.warnings.append(f"{display_name(self.path)}: {warning}")
            self._file.settle()
        except BaseException:
            self.discard()
            raise

    def publish(self) -> None:
        """Give a sealed file its name.

        Raises
        ------
        OutputError
            The name has been taken in the meantime; nothing is left behind.
        """
        try:
            self._file.commit()
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Give up: leave nothing behind. Does nothing after `finish`."""
        if not self._closed:
            self._closed = True
            # The file is thrown away; how its encoder ends does not matter.
            with contextlib.suppress(*_ENCODER_ERRORS):
                self._encoder.abandon()
        self._file.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.discard()

    def _encode(self, samples: Samples) -> None:
        if not np.isfinite(samples).all():
            raise OutputError(
                f"{display_name(self.path)} cannot be written: the samples hold NaN or infinity."
            )
        self._frames += len(samples)
        if self._counts_clipping:
            self.clipped += int(np.count_nonzero(np.abs(samples) > 1.0))
        with _Translated(self.path):
            self._encoder.write(samples)
        self._file.sink.check()

    def _make_encoder(self, sink: Sink) -> Encoder:
        fmt = self._fmt
        if fmt.codec is Codec.WAV:
            return WavEncoder(sink, self.rate, self._channels, fmt.bits)
        if fmt.codec is not Codec.M4A:
            with _Translated(self.path):
                return SndfileEncoder(sink, fmt, self.rate, self._channels)
        try:
            from core.audio.encode_aac import AacEncoder
        except ImportError as exc:
            raise OutputError(
                f"{display_name(self.path)} cannot be written: m4a needs PyAV, "
                "which is not installed here.",
                "Install it with `pip install av`, or choose another format.",
            ) from exc
        with _Translated(self.path):
            return AacEncoder(sink, fmt.effective_bitrate, self.rate, self._channels)

    def _warn_of_bitrate(self) -> None:
        if self._fmt.codec is not Codec.MP3:
            return
        highest = highest_mp3_bitrate(self.rate)
        if self._fmt.bitrate is not None and self._fmt.bitrate > highest:
            self.warnings.append(
                f"mp3 at {self.rate} Hz allows at most {highest} kbit/s; "
                f"{display_name(self.path)} is written with that."
            )


class _Translated:
    """Turns an encoder's exceptions into an OutputError that names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, OSError) and error.errno in REASONS:
            raise output_error(self._path, error) from error
        if isinstance(error, _ENCODER_ERRORS):
            raise OutputError(
                f"{display_name(self._path)} cannot be written: the encoder failed ({error}).",
                "Choose another format, such as flac or wav.",
            ) from error
