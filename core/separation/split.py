"""A song at its own rate into stems at that rate, which add up to it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor

import numpy as np

from core.audio.resample import StreamResampler, resampled_frames
from core.audio.waveform import Samples
from core.separation.fifo import SampleQueue
from core.separation.level import network_gain
from core.separation.network import Network
from core.separation.paths import PathRequest, build_path
from core.separation.presets import Preset

StemBlock = Mapping[str, Samples]
"""The next samples of each wanted stem, all of one length: stem name -> (m, channels) float32."""


class SongSplitter:
    """Splits one song, block by block.

    The network works at 44.1 kHz; a song at another rate is resampled on the way in, its stems on
    the way out. The model's residual stem is not synthesized: it is the song itself less the other
    stems. So the stems add up to the song whatever the resampling and the masks left out, and one
    inverse transform is saved.

    Parameters
    ----------
    network
        The loaded model.
    preset
        The signal path.
    stems
        Names of the wanted stems.
    rate, channels, total
        Of the song: Hz, 1 or 2, sample frames.
    level
        Of the song's active parts, dB of full scale; None for silence.
    executor, workers
        Where patches, and the channels of one patch, are worked on; see `build_path`.
    """

    def __init__(
        self,
        network: Network,
        preset: Preset,
        stems: Sequence[str],
        rate: int,
        channels: int,
        total: int,
        level: float | None,
        executor: Executor,
        workers: Executor | None = None,
    ) -> None:
        spec = network.spec
        self._wanted = tuple(stems)
        self._channels = channels
        self._missing = total
        self._residual = spec.residual if preset.residual and spec.residual in stems else None
        self._made = tuple(
            stem
            for stem in spec.stems
            if stem != self._residual and (self._residual is not None or stem in stems)
        )
        request = PathRequest(
            channels=channels,
            total=resampled_frames(total, rate, spec.rate),
            gain=network_gain(level) if preset.level else 1.0,
            stems=tuple(spec.stems.index(stem) for stem in self._made),
        )
        self._there = StreamResampler(rate, spec.rate, channels)
        self._path = build_path(network, preset, request, executor, workers)
        self._back = StreamResampler(spec.rate, rate, channels * len(self._made))
        self._mix = SampleQueue(channels)

    def feed(self, samples: Samples) -> StemBlock:
        """Take the next samples of the song, (n, channels); return the stems' next ones."""
        if self._residual is not None:
            self._mix.push(samples)
        return self._share(self._back.process(self._path.feed(self._there.process(samples))))

    def finish(self) -> StemBlock:
        """Return the rest: in all, every stem is exactly as long as the song."""
        rest = SampleQueue(self._channels * len(self._made))
        rest.push(self._back.process(self._path.feed(self._there.flush())))
        rest.push(self._back.process(self._path.finish()))
        rest.push(self._back.flush())
        # Rounding the length there and back may lose a sample.
        rest.push(np.zeros((max(0, self._missing - len(rest)), rest.channels), np.float32))
        return self._share(rest.pop(self._missing))

    def _share(self, made: Samples) -> StemBlock:
        made = made[: self._missing]
        self._missing -= len(made)
        stems = {
            stem: np.ascontiguousarray(made[:, row * self._channels : (row + 1) * self._channels])
            for row, stem in enumerate(self._made)
        }
        if self._residual is not None:
            rest = self._mix.pop(len(made))
            for stem in self._made:
                rest -= stems[stem]
            stems[self._residual] = rest
        return {stem: stems[stem] for stem in self._wanted}
