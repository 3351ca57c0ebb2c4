"""Encoding through libsndfile: FLAC, Ogg Vorbis, Opus and MP3."""

import numpy as np
import soundfile

from core.audio.formats import Codec, OutputFormat
from core.audio.partfile import Sink
from core.audio.quantize import quantize
from core.audio.waveform import Samples

_KINDS = {
    Codec.OGG: ("OGG", "VORBIS"),
    Codec.OPUS: ("OGG", "OPUS"),
    Codec.MP3: ("MP3", "MPEG_LAYER_III"),
}

# Nominal bit rates of Vorbis qualities 0 to 10 for stereo at 44.1 kHz, kbit/s (libvorbis).
_VORBIS_NOMINAL = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)

# libsndfile maps the level 0 to 1 onto these ranges, kbit/s (per channel for Opus).
_OPUS_RANGE = (6, 256)
_MP3_RANGES = ((32000, 32, 320), (16000, 8, 160), (0, 8, 64))

# At exactly 1, libsndfile refuses a level for MP3 before it knows that the rate is constant.
_HIGHEST_LEVEL = 0.999


def highest_mp3_bitrate(rate: int) -> int:
    """Return the highest bit rate of MP3 at a sampling rate, kbit/s."""
    return _mp3_range(rate)[1]


class SndfileEncoder:
    """Writes one of libsndfile's formats; see `core.audio.encode` for the protocol.

    Parameters
    ----------
    sink
        Where the bytes go.
    fmt
        Codec, and bits (FLAC) or bit rate (the others).
    rate, channels
        Hz; count.
    """

    def __init__(self, sink: Sink, fmt: OutputFormat, rate: int, channels: int) -> None:
        self._bits = None if fmt.codec.is_lossy else fmt.bits
        kind, coding = _KINDS.get(fmt.codec, ("FLAC", f"PCM_{fmt.bits}"))
        self._file = soundfile.SoundFile(
            sink,
            "w",
            rate,
            channels,
            coding,
            format=kind,
            compression_level=_level(fmt, rate, channels),
            bitrate_mode="CONSTANT" if fmt.codec is Codec.MP3 else None,
        )

    def write(self, samples: Samples) -> None:
        """Append samples, shape (n, channels), float32."""
        if self._bits is None:
            self._file.write(np.ascontiguousarray(samples))
        else:
            # libsndfile takes the upper bits of 32-bit integers as they are.
            self._file.write(quantize(samples, self._bits) << (32 - self._bits))

    def finish(self) -> None:
        """Write what the encoder still holds and the final header."""
        self._file.close()

    def abandon(self) -> None:
        """Release the encoder; what it writes no longer matters."""
        self._file.close()


def _level(fmt: OutputFormat, rate: int, channels: int) -> float | None:
    if not fmt.codec.is_lossy:
        return None
    bitrate = fmt.effective_bitrate
    if fmt.codec is Codec.OGG:
        stereo = bitrate * 2 / channels
        return 1 - float(np.interp(stereo, _VORBIS_NOMINAL, np.arange(11))) / 10
    if fmt.codec is Codec.OPUS:
        low, high = _OPUS_RANGE
        level = (high - bitrate / channels) / (high - low)
    else:
        low, high = _mp3_range(rate)
        level = (high - bitrate) / (high - low)
    return min(max(level, 0.0), _HIGHEST_LEVEL)


def _mp3_range(rate: int) -> tuple[int, int]:
    return next((low, high) for floor, low, high in _MP3_RANGES if rate >= floor)
