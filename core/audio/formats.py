"""The output formats and what each can carry."""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import UsageError


class Codec(StrEnum):
    """An output format; the value is also the file name's ending."""

    WAV = "wav"
    FLAC = "flac"
    OGG = "ogg"
    OPUS = "opus"
    MP3 = "mp3"
    M4A = "m4a"

    @property
    def is_lossy(self) -> bool:
        """Whether the codec takes a bit rate instead of a number of bits."""
        return self in _BITRATES


# Lowest, highest and usual bit rate of a lossy codec, kbit/s.
_BITRATES: dict[Codec, tuple[int, int, int]] = {
    Codec.OGG: (48, 500, 192),
    Codec.OPUS: (12, 510, 160),
    Codec.MP3: (32, 320, 256),
    Codec.M4A: (32, 512, 256),
}
_BITS: dict[Codec, tuple[int, ...]] = {Codec.WAV: (16, 24, 32), Codec.FLAC: (16, 24)}


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """How a stem is written.

    Attributes
    ----------
    codec
        The format.
    bits
        Bits of a sample for WAV (16, 24, or 32 for float) and FLAC (16, 24). Not used by the
        lossy codecs.
    bitrate
        kbit/s of a lossy codec, None for its usual one (MP3 and M4A 256, Ogg Vorbis 192, Opus
        160). MP3 is written at a constant rate and is exact; Opus and M4A keep to it on
        average; Ogg Vorbis works by quality, and comes out at 80 to 100 % of it with ordinary
        music.

    Raises
    ------
    UsageError
        The codec cannot have these bits or this bit rate.
    """

    codec: Codec
    bits: int = 24
    bitrate: int | None = None

    def __post_init__(self) -> None:
        if self.codec.is_lossy:
            low, high, _ = _BITRATES[self.codec]
            if self.bitrate is not None and not low <= self.bitrate <= high:
                raise UsageError(
                    f"{self.codec} cannot be written at {self.bitrate} kbit/s.",
                    f"Choose a bit rate from {low} to {high}.",
                )
            return
        if self.bits not in _BITS[self.codec]:
            choices = ", ".join(str(bits) for bits in _BITS[self.codec])
            raise UsageError(
                f"{self.codec} cannot be written with {self.bits} bits.", f"Choose from {choices}."
            )
        if self.bitrate is not None:
            raise UsageError(
                f"{self.codec} is lossless and takes no bit rate.",
                "Leave the bit rate out, or choose ogg, opus, mp3 or m4a.",
            )

    @property
    def suffix(self) -> str:
        """Ending of the file name, with its dot."""
        return f".{self.codec}"

    @property
    def effective_bitrate(self) -> int:
        """Bit rate asked for or the usual one, kbit/s; only for lossy codecs."""
        return self.bitrate if self.bitrate is not None else _BITRATES[self.codec][2]


# MPEG-1, 2 and 2.5 layer III.
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_RATES = (7350, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200)
_RATES: dict[Codec, tuple[int, ...]] = {
    Codec.OPUS: (8000, 12000, 16000, 24000, 48000),
    Codec.MP3: MP3_RATES,
    Codec.M4A: (*_AAC_RATES, 96000),
}
_FALLBACK_RATE = 48000


def carried_rate(codec: Codec, rate: int) -> int:
    """Return `rate` if the codec can carry it, else 48000 Hz, which all of them can."""
    rates = _RATES.get(codec)
    return rate if rates is None or rate in rates else _FALLBACK_RATE
