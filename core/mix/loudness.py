"""Integrated loudness per EBU R128, measured by FFmpeg's filter inside PyAV."""

import math
from fractions import Fraction

import av
import av.filter
import numpy as np

from core.audio.waveform import Samples

# What the filter says of silence; the standard's absolute gate.
_SILENCE = -70.0


class LoudnessMeter:
    """Measures the loudness of a stream (ITU-R BS.1770, EBU R128), in constant memory.

    A mono stream is measured as one channel: played by two loudspeakers it is 3 LU louder.

    Parameters
    ----------
    rate, channels
        Of the stream.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._layout = "mono" if channels == 1 else "stereo"
        self._base = Fraction(1, rate)
        self._frames = 0
        self._integrated = -math.inf
        self._graph = av.filter.Graph()
        self._source = self._graph.add_abuffer(
            sample_rate=rate, format="flt", layout=self._layout, time_base=self._base
        )
        meter = self._graph.add("ebur128", "metadata=1:framelog=quiet")
        self._sink = self._graph.add("abuffersink")
        self._source.link_to(meter)
        meter.link_to(self._sink)
        self._graph.configure()

    def process(self, block: Samples) -> None:
        """Take a block, shape (n, channels)."""
        if not len(block):
            return
        packed = np.ascontiguousarray(block).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=self._layout)
        frame.sample_rate = self._rate
        frame.time_base = self._base
        frame.pts = self._frames
        self._frames += len(block)
        self._source.push(frame)
        self._drain()

    def finish(self) -> float:
        """Return the integrated loudness, LUFS; ``-inf`` for silence, or for less than 0.4 s."""
        # The filter looks at the loudness every 0.1 s; what is left of the last one counts too.
        self._drain()
        return self._integrated

    def _drain(self) -> None:
        while True:
            try:
                frame = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            said = frame.metadata.get("lavfi.r128.I")
            if said is not None:
                value = float(said)
                self._integrated = value if value > _SILENCE else -math.inf
