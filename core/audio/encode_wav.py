"""Writing WAV of any size.

A RIFF file ends at 4 GiB. The header leaves room for the 64-bit sizes of RF64 (EBU Tech 3306), as
that standard proposes: a JUNK chunk, which every reader skips and which becomes the ds64 chunk
only if the file has grown too large. So ordinary files stay ordinary, and nobody needs
to know the length in advance.
"""

import struct

import numpy as np

from core.audio.partfile import Sink
from core.audio.quantize import quantize
from core.audio.waveform import Samples

_PCM, _IEEE_FLOAT = 1, 3
# Chunk sizes are 32 bits wide; some room is left for tags, which go to the end.
_RIFF_LIMIT = 0xFFFFFFFF - (64 << 20)
_IN_DS64 = 0xFFFFFFFF
_DS64_BYTES = 28


class WavEncoder:
    """Writes 16- or 24-bit PCM, or 32-bit float.

    Parameters
    ----------
    sink
        Where the bytes go; must be seekable.
    rate, channels, bits
        Hz; count; 16, 24 or 32 (float).
    riff_limit
        Size in bytes above which the file becomes RF64.
    """

    def __init__(
        self, sink: Sink, rate: int, channels: int, bits: int, riff_limit: int = _RIFF_LIMIT
    ) -> None:
        self._sink = sink
        self._rate = rate
        self._channels = channels
        self._bits = bits
        self._riff_limit = riff_limit
        self._frames = 0
        self._sink.write(self._header())

    def write(self, samples: Samples) -> None:
        """Append samples, shape (n, channels), float32."""
        self._frames += len(samples)
        if self._bits == 32:
            data = samples.astype("<f4").tobytes()
        elif self._bits == 24:
            # The upper three of the four little-endian bytes after a shift.
            wide = (quantize(samples, 24) << 8).astype("<i4").reshape(-1)
            data = wide.view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
        else:
            data = quantize(samples, 16).astype("<i2").tobytes()
        self._sink.write(data)

    def finish(self) -> None:
        """Fill in the sizes."""
        if self._data_bytes % 2:
            self._sink.write(b"\0")
        self._sink.seek(0)
        self._sink.write(self._header())
        self._sink.seek(0, 2)

    def abandon(self) -> None:
        """Nothing to release."""

    @property
    def _data_bytes(self) -> int:
        return self._frames * self._channels * self._bits // 8

    def _header(self) -> bytes:
        align = self._channels * self._bits // 8
        kind = _IEEE_FLOAT if self._bits == 32 else _PCM
        layout = struct.pack(
            "<HHIIHH", kind, self._channels, self._rate, self._rate * align, align, self._bits
        )
        chunks = b"fmt " + struct.pack("<I", len(layout)) + layout
        if kind != _PCM:
            # Required of every format but PCM.
            chunks += b"fact" + struct.pack("<II", 4, min(self._frames, _IN_DS64))
        data = self._data_bytes
        # "WAVE", the ds64 or JUNK chunk, the chunks above, the head of "data", its padding.
        riff = 4 + 8 + _DS64_BYTES + len(chunks) + 8 + data + data % 2
        if riff > self._riff_limit:
            ds64 = struct.pack("<QQQI", riff, data, self._frames, 0)
            head = b"RF64" + struct.pack("<I", _IN_DS64) + b"WAVEds64"
            size = _IN_DS64
        else:
            ds64 = bytes(_DS64_BYTES)
            head = b"RIFF" + struct.pack("<I", riff) + b"WAVEJUNK"
            size = data
        head += struct.pack("<I", _DS64_BYTES) + ds64
        return head + chunks + b"data" + struct.pack("<I", size)
