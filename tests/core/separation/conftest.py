"""What the engine's tests share: made-up music, made-up networks, and the bundled model."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.audio.waveform import Samples
from core.catalog.registry import find_model
from core.separation.manifest import ModelEntry, ModelSpec
from core.separation.network import Magnitude, RawMasks
from core.separation.separator import Separator

Answer = Callable[[Magnitude], NDArray[np.float32]]


class MadeUpNetwork:
    """A network whose masks are a formula; see `core.separation.network.Network`."""

    def __init__(self, spec: ModelSpec, answer: Answer, bins: int) -> None:
        self.spec = spec
        self.bins = bins
        self.probe_frames = spec.frames
        self._answer = answer

    def masks(self, magnitude: Magnitude, out: RawMasks | None = None) -> RawMasks:
        assert magnitude.shape == (self.spec.frames, self.bins, self.spec.channels)
        assert magnitude.dtype == np.float32
        if out is None:
            out = np.empty((len(self.spec.stems), *magnitude.shape), np.float32)
        out[...] = self._answer(magnitude)
        return out

    def close(self) -> None:
        pass


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # What this user has installed or measured must not change what a test sees.
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("user")
        patch.setenv("MINUSONE_MODELS_DIR", str(folder / "models"))
        patch.setenv("MINUSONE_CACHE_DIR", str(folder / "cache"))
        yield


@pytest.fixture(scope="session")
def small_spec() -> ModelSpec:
    """A signal contract with patches of 0.2 s, for what holds at any size."""
    return ModelSpec(
        stems=("vocals", "accompaniment"),
        residual="accompaniment",
        rate=44100,
        frame=256,
        hop=64,
        frames=128,
        bins=64,
        channels=2,
    )


@pytest.fixture(scope="session")
def make_network() -> Callable[..., MadeUpNetwork]:
    """Make a network from a formula: magnitude -> masks, broadcast to (stems, T, F, channels)."""

    def make(spec: ModelSpec, answer: Answer, bins: int | None = None) -> MadeUpNetwork:
        return MadeUpNetwork(spec, answer, bins or spec.bins)

    return make


@pytest.fixture(scope="session")
def listening() -> Answer:
    """A formula that gives strong bins to the first stem, whatever the song's level."""

    def answer(magnitude: Magnitude) -> NDArray[np.float32]:
        share = magnitude / (magnitude + magnitude.mean() + np.float32(1e-20))
        return np.stack([share, 1 - share])

    return answer


@pytest.fixture(scope="session")
def executor() -> Iterator[ThreadPoolExecutor]:
    """Two threads, as a separator has."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="session")
def bundled() -> ModelEntry:
    """The model that comes with the program."""
    return find_model("spleeter-2stems")


@pytest.fixture(scope="session")
def separator() -> Iterator[Callable[..., Separator]]:
    """Get a separator with the bundled model on the CPU, by preset and options; kept loaded."""
    kept: dict[tuple[str, tuple[tuple[str, object], ...]], Separator] = {}

    def get(preset: str = "balanced", **options: object) -> Separator:
        key = (preset, tuple(sorted(options.items())))
        if key not in kept:
            kept[key] = Separator(preset=preset, backend="cpu", **options)
        return kept[key]

    yield get
    for one in kept.values():
        one.close()


@pytest.fixture(scope="session")
def music() -> Callable[..., Samples]:
    """Make music: a sung line (gliding harmonics with vibrato), chords, a bass and drums."""

    def make(seconds: float, rate: int = 44100, channels: int = 2, seed: int = 1) -> Samples:
        random = np.random.default_rng(seed)
        frames = max(1, round(seconds * rate))
        time = np.arange(frames) / rate
        beat = (time * 2.0).astype(int)
        notes = random.integers(0, 12, beat[-1] + 1)
        pitch = 220.0 * 2 ** (notes[beat] / 12) * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * time))
        phase = 2 * np.pi * np.cumsum(pitch) / rate
        voice = sum(np.sin(n * phase) * np.exp(-(((n - 3) / 3.0) ** 2)) for n in range(1, 13))
        voice = voice * (np.sin(2 * np.pi * time / 3.1) > -0.5) * 0.12
        chord = sum(np.sin(2 * np.pi * f * time + f) for f in (261.6, 329.6, 392.0, 523.3)) * 0.05
        bass = np.sin(2 * np.pi * 55.0 * time) * 0.15
        drums = random.standard_normal(frames) * np.exp(-(time % 0.5) * 18) * 0.2
        left = voice + 1.2 * chord + bass + drums
        right = voice + 0.7 * chord + bass + 0.8 * drums
        both = np.stack([left, right], axis=1)[:, :channels]
        return np.asarray(0.6 * both, dtype=np.float32)

    return make


@pytest.fixture
def write_song(tmp_path: Path) -> Callable[..., Path]:
    """Write samples to a song file; 32-bit float WAV unless told otherwise."""
    import soundfile

    def write(
        samples: Samples, rate: int = 44100, name: str = "Song.wav", subtype: str | None = "FLOAT"
    ) -> Path:
        path = tmp_path / name
        soundfile.write(path, samples, rate, subtype=subtype)
        return path

    return write
