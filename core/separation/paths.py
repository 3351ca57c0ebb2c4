"""The ways a song can take through the network, as streams at the network's own rate."""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.audio.resample import StreamResampler
from core.audio.waveform import Samples
from core.separation.fifo import SampleQueue
from core.separation.masking import MaskedPatch, Masking
from core.separation.network import Network
from core.separation.patches import PatchProcess, PatchStream, plan_patches
from core.separation.presets import Hearing, Preset
from core.separation.stft import Stft, frame_count
from core.separation.wiener import WienerPatch


class StemStream(Protocol):
    """Samples of the mix in, samples of the stems out, later but as many."""

    def feed(self, samples: Samples) -> Samples:
        """Take (n, channels), return (m, stems * channels)."""

    def finish(self) -> Samples:
        """Return the rest."""


@dataclass(frozen=True, slots=True)
class PathRequest:
    """What a path is built for.

    Attributes
    ----------
    channels
        Channels of the song, 1 or 2.
    total
        Its length in samples at the network's rate.
    gain
        Factor on what the network sees.
    stems
        Indices of the stems wanted, in order.
    """

    channels: int
    total: int
    gain: float
    stems: tuple[int, ...]


def build_path(
    network: Network,
    preset: Preset,
    request: PathRequest,
    executor: Executor,
    workers: Executor | None = None,
) -> StemStream:
    """Choose the path that a preset describes.

    Parameters
    ----------
    network, preset, request
        What runs, how, and for which song.
    executor
        Where patches are worked on.
    workers
        Where the channels of one patch are worked on side by side; another executor, because
        patches wait for it.
    """
    if preset.wiener is None and len(preset.hearings) == 1:
        masking = Masking(preset.exponent, preset.mask_extension)
        return _masked(network, preset, request, executor, workers, masking, request.total)
    return _Averaged(network, preset, request, executor, workers)


def _stream(
    network: Network,
    preset: Preset,
    process: PatchProcess,
    outputs: int,
    total: int,
    executor: Executor,
    size: int,
) -> PatchStream:
    spec = network.spec
    stft = Stft(spec.frame, spec.hop)
    frames = frame_count(total, spec.frame, spec.hop)
    patches = plan_patches(frames, size, min(preset.overlap, size // 2))
    # A patch at a time: the network has the processor to itself, then the transforms have. Both at
    # once were no faster, for the network's threads wait for each other by turning on the spot.
    return PatchStream(stft, size, patches, process, outputs, total, executor, pending=1)


def _masked(
    network: Network,
    preset: Preset,
    request: PathRequest,
    executor: Executor,
    workers: Executor | None,
    masking: Masking,
    total: int,
) -> PatchStream:
    stft = Stft(network.spec.frame, network.spec.hop)
    process = MaskedPatch(stft, network, masking, request.gain, request.stems, workers)
    outputs = len(request.stems) * request.channels
    size = network.spec.frames
    return _stream(network, preset, process, outputs, total, executor, size)


class _Averaged:
    """Several passes at several speeds, averaged, then shared out by the Wiener filter.

    The network hears a faster copy as another, higher song and makes other mistakes on it; what
    both copies agree on is more often right. Averaging is done on each stem's own estimate, before
    any sharing out, and the filter then shares the mix out by the better estimates.
    """

    def __init__(
        self,
        network: Network,
        preset: Preset,
        request: PathRequest,
        executor: Executor,
        workers: Executor | None,
    ) -> None:
        every = tuple(range(len(network.spec.stems)))
        estimates = PathRequest(request.channels, request.total, request.gain, every)
        # Without the filter the averaged stems are ratio masked already: they must share the mix.
        exponent = preset.exponent if preset.wiener is None else None
        masking = Masking(exponent, preset.mask_extension)
        self._passes = [
            _Pass(network, preset, estimates, executor, workers, masking, hearing)
            for hearing in preset.hearings
        ]
        self._channels = request.channels
        self._mix = SampleQueue(request.channels)
        self._filter: PatchStream | None = None
        self._columns = [
            stem * request.channels + channel
            for stem in request.stems
            for channel in range(request.channels)
        ]
        if preset.wiener is not None:
            stft = Stft(network.spec.frame, network.spec.hop)
            process = WienerPatch(stft, request.channels, len(every), request.stems, preset.wiener)
            # Half a patch, 6 s, is enough to learn where the sources stand, and half the memory.
            self._filter = _stream(
                network,
                preset,
                process,
                len(self._columns),
                request.total,
                executor,
                size=network.spec.frames // 2,
            )

    def feed(self, samples: Samples) -> Samples:
        self._mix.push(samples)
        for one in self._passes:
            one.feed(samples)
        return self._average()

    def finish(self) -> Samples:
        for one in self._passes:
            one.finish()
        rest = self._average()
        if self._filter is None:
            return rest
        return np.concatenate([rest, self._filter.finish()])

    def _average(self) -> Samples:
        ready = min(len(one.ready) for one in self._passes)
        mean = np.zeros((ready, self._passes[0].ready.channels), np.float32)
        for one in self._passes:
            mean += one.weight * one.ready.pop(ready)
        mix = self._mix.pop(ready)
        if self._filter is None:
            return np.ascontiguousarray(mean[:, self._columns])
        return self._filter.feed(np.concatenate([mix, mean], axis=1))


class _Pass:
    """The network on a song played at another speed, its estimates brought back."""

    def __init__(
        self,
        network: Network,
        preset: Preset,
        request: PathRequest,
        executor: Executor,
        workers: Executor | None,
        masking: Masking,
        hearing: Hearing,
    ) -> None:
        rate = network.spec.rate
        played = round(rate / hearing.speed)
        self.weight = np.float32(hearing.weight)
        total = round(request.total * played / rate)
        channels = request.channels
        outputs = len(request.stems) * channels
        # Estimates, which the filter only takes powers from: 20 bits are plenty.
        self._there = StreamResampler(rate, played, channels, quality="HQ")
        self._back = StreamResampler(played, rate, outputs, quality="HQ")
        self._stream = _masked(network, preset, request, executor, workers, masking, total)
        self._missing = request.total
        self.ready = SampleQueue(outputs)

    def feed(self, samples: Samples) -> None:
        self._append(self._back.process(self._stream.feed(self._there.process(samples))))

    def finish(self) -> None:
        self._append(self._back.process(self._stream.feed(self._there.flush())))
        self._append(self._back.process(self._stream.finish()))
        self._append(self._back.flush())
        # Rounding the length twice may lose or add a sample.
        self._append(np.zeros((self._missing, self.ready.channels), np.float32))

    def _append(self, samples: Samples) -> None:
        samples = samples[: self._missing]
        self._missing -= len(samples)
        self.ready.push(samples)
