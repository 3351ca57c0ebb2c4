"""Encoding AAC in M4A through FFmpeg's libraries (PyAV). Imported only when it is asked for."""

from fractions import Fraction

import av
import numpy as np

from core.audio.partfile import Sink
from core.audio.waveform import Samples


class AacEncoder:
    """Writes AAC-LC in an M4A file; see `core.audio.encode` for the protocol.

    Parameters
    ----------
    sink
        Where the bytes go; must be seekable.
    bitrate
        kbit/s.
    rate, channels
        Hz, one of AAC's; 1 or 2.
    """

    def __init__(self, sink: Sink, bitrate: int, rate: int, channels: int) -> None:
        self._rate = rate
        self._layout = "mono" if channels == 1 else "stereo"
        self._position = 0
        # The edit list, which tells players to leave out the encoder's priming, counts in units
        # of the movie's time scale: the default of 1/1000 s would make it inexact.
        self._container = av.open(
            sink, "w", format="ipod", container_options={"movie_timescale": str(rate)}
        )
        self._stream = self._container.add_stream("aac", rate=rate)
        self._stream.layout = self._layout
        self._stream.bit_rate = bitrate * 1000
        self._stream.codec_context.time_base = Fraction(1, rate)

    def write(self, samples: Samples) -> None:
        """Append samples, shape (n, channels), float32."""
        if not len(samples):
            return
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T), format="fltp", layout=self._layout
        )
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self._position
        self._position += len(samples)
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds and the index."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Release the encoder; what it writes no longer matters."""
        self._container.close()
