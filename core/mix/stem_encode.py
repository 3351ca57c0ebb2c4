"""Encoding the tracks of a stem file with FFmpeg's libraries (PyAV), side by side.

Imported only when a stem file is written.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream

from core.audio.partfile import Sink
from core.audio.quantize import quantize
from core.audio.waveform import Samples

# Samples of a track stand together for half a second, as in files of Native Instruments' tool:
# a player reads five tracks in five places.
_CHUNK_MICROSECONDS = 500_000


class TrackEncoder:
    """Writes stereo tracks of one length into an MP4 file; the first one is the master.

    Parameters
    ----------
    sink
        Where the bytes go; must be seekable.
    names
        Of the tracks, for players that list them.
    rate
        Hz.
    codec
        ``"aac"`` or ``"alac"``.
    bitrate
        kbit/s of each AAC track.
    bits
        Bits of an ALAC sample: 16 or 24.

    Attributes
    ----------
    clipped
        Samples beyond full scale in each track, cut off by ALAC and by players of AAC.
    """

    def __init__(
        self, sink: Sink, names: Sequence[str], rate: int, codec: str, bitrate: int, bits: int
    ) -> None:
        self.clipped = [0] * len(names)
        self._rate = rate
        self._bits = None if codec == "aac" else bits
        self._position = 0
        self._container = av.open(
            sink,
            "w",
            format="ipod",
            container_options={
                # The edit list, which tells players to leave out the encoder's priming, counts in
                # units of the movie's time scale: the default of 1/1000 s would make it inexact.
                "movie_timescale": str(rate),
                "chunk_duration": str(_CHUNK_MICROSECONDS),
            },
        )
        self._streams = [self._add_stream(name, codec, bitrate) for name in names]
        self._container.start_encoding()
        # FFmpeg encodes without Python's lock: one thread for each track that a core is there for.
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        self._pool = ThreadPoolExecutor(min(len(names), cores or 1), "stem-encoder")

    def write(self, blocks: Sequence[Samples]) -> None:
        """Append a block to every track, all of the same shape (n, 2), float32."""
        tracks = range(len(self._streams))
        for packets in list(self._pool.map(self._encode, tracks, blocks)):
            self._container.mux(packets)
        self._position += len(blocks[0])

    def finish(self) -> None:
        """Write what the encoders still hold and the index."""
        self._pool.shutdown()
        for stream in self._streams:
            self._container.mux(stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Release the encoders; what they write no longer matters."""
        self._pool.shutdown()
        self._container.close()

    def _add_stream(self, name: str, codec: str, bitrate: int) -> AudioStream:
        stream = self._container.add_stream(codec, rate=self._rate)
        assert isinstance(stream, AudioStream)
        stream.layout = "stereo"
        stream.codec_context.time_base = Fraction(1, self._rate)
        stream.metadata["handler_name"] = name
        if self._bits is None:
            stream.bit_rate = bitrate * 1000
        else:
            stream.format = "s16p" if self._bits == 16 else "s32p"
            stream.codec_context.options = {"bits_per_raw_sample": str(self._bits)}
        return stream

    def _encode(self, track: int, samples: Samples) -> "list[av.Packet[AudioStream]]":
        self.clipped[track] += int(np.count_nonzero(np.abs(samples) > 1.0))
        planes, kind = self._planes(samples)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(planes.T), format=kind, layout="stereo"
        )
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self._position
        return self._streams[track].encode(frame)

    def _planes(self, samples: Samples) -> tuple[npt.NDArray[np.float32 | np.signedinteger], str]:
        if self._bits is None:
            return samples, "fltp"
        steps = quantize(samples, self._bits)
        if self._bits == 16:
            return steps.astype(np.int16), "s16p"
        # FFmpeg takes 24 bits in the upper part of 32.
        return steps << 8, "s32p"
