"""Decoding through FFmpeg's libraries (PyAV): m4a, aac, alac, wma, webm, mkv, mp4 and the rest.

Imported only for files that libsndfile does not know or does not read well.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from core.audio.filenames import display_name
from core.audio.promise import mp3_states_length
from core.audio.reader import AudioInfo
from core.audio.waveform import Samples
from core.errors import AudioError

# Containers whose header states the length; elsewhere FFmpeg guesses from the bit rate.
_STATES_LENGTH = {"mov", "matroska", "asf", "avi", "wav", "flac", "caf", "ape", "tta", "wv"}

_BITS = {"u8": 8, "s16": 16, "s32": 32, "flt": 32, "dbl": 64}
_LOSSLESS = ("pcm_", "alac", "flac", "ape", "tta", "wavpack", "wmalossless", "mlp", "truehd")


class FfmpegSource:
    """The first audio stream of one file opened with FFmpeg; see `core.audio.reader.Source`.

    Raises
    ------
    AudioError
        FFmpeg does not know the format either, or there is no audio stream that it can decode.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = display_name(path)
        self.warnings: list[str] = []
        self._damaged = False
        self._decoded = 0
        self._pending: Samples | None = None
        # An open file instead of a name: FFmpeg would take "http:..." or "concat:..." for a
        # protocol, and cannot open names that are no valid UTF-8.
        self._file = path.open("rb")
        try:
            self._container = self._open_container()
            self._blocks = self._decode()
            self._describe()
        except BaseException:
            self._file.close()
            raise

    def read(self, frames: int) -> Samples:
        """Return the next frames, at most what one packet decoded to."""
        if self._pending is None:
            self._pending = next(self._blocks, None)
        if self._pending is None:
            return np.empty((0, self.info.channels), np.float32)
        block, rest = self._pending[:frames], self._pending[frames:]
        self._pending = rest if len(rest) else None
        return block

    def skip(self, frames: int) -> int:
        """Decode and drop up to `frames` frames: exact in every container."""
        left = frames
        while left and (count := len(self.read(left))):
            left -= count
        return frames - left

    def close(self) -> None:
        """Release the file."""
        self._container.close()
        self._file.close()

    def _open_container(self) -> av.container.InputContainer:
        try:
            # No protocols: a playlist must not make FFmpeg open other files or addresses.
            container = av.open(
                self._file, mode="r", container_options={"protocol_whitelist": "none"}
            )
        except (av.FFmpegError, OSError, ValueError) as exc:
            raise AudioError(
                f"{self._name} is not audio that can be read.",
                "It is damaged, protected against copying or no sound file at all. "
                "If it plays elsewhere, convert it to WAV or FLAC there.",
            ) from exc
        if not container.streams.audio:
            container.close()
            raise AudioError(
                f"{self._name} has no sound: it is no audio file, or a video without sound.",
                "Choose a file that contains sound.",
            )
        if container.streams.audio[0].codec_context is None:
            container.close()
            raise AudioError(
                f"{self._name} is in a format that cannot be decoded here.",
                "The file is damaged, or of a rare kind: convert it to WAV or FLAC.",
            )
        return container

    def _describe(self) -> None:
        stream = self._container.streams.audio[0]
        codec = stream.codec_context.name.removesuffix("float")
        # What the header says about rate and channels can be wrong (HE-AAC announces half its
        # rate): the first decoded frame cannot.
        self._rate = 0
        self._pending = next(self._blocks, None)
        if self._pending is None:
            raise AudioError(
                f"{self._name} holds no sound that can be decoded ({codec}).",
                "The file is damaged or protected against copying.",
            )
        sample_format = stream.codec_context.format.name.removesuffix("p")
        self.promised = self._promise()
        announced = self.promised
        if announced is None and self._container.duration:
            announced = self._container.duration * self._rate // av.time_base
        self.info = AudioInfo(
            rate=self._rate,
            channels=self._pending.shape[1],
            frames=announced,
            container=self._container.format.name,
            codec=codec,
            bits=_BITS.get(sample_format) if codec.startswith(_LOSSLESS) else None,
            is_float=codec.startswith("pcm_f"),
        )

    def _promise(self) -> int | None:
        container = self._container.format.name.split(",")[0]
        if container not in _STATES_LENGTH and not (
            container == "mp3" and mp3_states_length(self._path)
        ):
            return None
        stream = self._container.streams.audio[0]
        if stream.duration and stream.time_base:
            return round(stream.duration * stream.time_base * self._rate)
        if len(self._container.streams) == 1 and self._container.duration:
            return int(self._container.duration * self._rate // av.time_base)
        return None

    def _decode(self) -> Iterator[Samples]:
        """Yield the samples of each frame, the last one cut to its stated duration."""
        held: av.AudioFrame | None = None
        for frame in self._frames():
            if held is not None:
                yield _to_float(held)
            held = frame
        if held is not None:
            yield _to_float(held)[: _stated_samples(held)]

    def _frames(self) -> Iterator[av.AudioFrame]:
        stream = self._container.streams.audio[0]
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.FFmpegError, OSError):
                self._warn_damage("the rest cannot be read")
                return
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._warn_damage("damaged places were left out")
                continue
            for frame in frames:
                if not self._matches(frame):
                    return
                self._decoded += frame.samples
                yield frame

    def _matches(self, frame: av.AudioFrame) -> bool:
        channels = frame.layout.nb_channels
        if not self._rate:
            self._rate = frame.sample_rate
            self._channels = channels
            names = tuple(channel.name for channel in frame.layout.channels)
            self.layout: tuple[str, ...] | None = names
        if (frame.sample_rate, channels) == (self._rate, self._channels):
            return True
        self.warnings.append(
            f"{self._name} changes from {self._rate} Hz, {self._channels} channels to "
            f"{frame.sample_rate} Hz, {channels} channels at {self._decoded / self._rate:.1f} s; "
            "it was read up to there."
        )
        return False

    def _warn_damage(self, what: str) -> None:
        if self._damaged:
            return
        self._damaged = True
        position = self._decoded / self._rate if self._rate else 0.0
        self.warnings.append(f"{self._name} is damaged at {position:.1f} s; {what}.")


def _stated_samples(frame: av.AudioFrame) -> int:
    """Return how many samples of the last frame belong to the song.

    An encoder fills its last frame up with silence; MP4 states where the song ends as the
    duration of the last packet. Clocks too coarse for that are not believed.
    """
    if frame.time_base is None or not frame.duration:
        return frame.samples
    tick = frame.time_base * frame.sample_rate
    # HE-AAC files may count in ticks of two samples.
    if tick.numerator > 2 or (tick.numerator == 2 and tick.denominator > 1):
        return frame.samples
    return min(int(frame.duration * tick), frame.samples)


def _to_float(frame: av.AudioFrame) -> Samples:
    """Return a frame's samples as (frames, channels) float32, full scale -1 to 1."""
    data = frame.to_ndarray()
    # Planar formats come as (channels, frames), packed ones as (1, frames * channels).
    data = data.T if frame.format.is_planar else data.reshape(frame.samples, -1)
    if data.dtype == np.uint8:
        return (data.astype(np.float32) - 128.0) / 128.0
    if np.issubdtype(data.dtype, np.integer):
        scale = 2.0 ** -(8 * data.dtype.itemsize - 1)
        return (data * scale).astype(np.float32)
    return np.ascontiguousarray(data, dtype=np.float32)
