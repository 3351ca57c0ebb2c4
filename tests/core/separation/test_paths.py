"""The ways through the network."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
import pytest

from core.separation.manifest import ModelSpec
from core.separation.masks import MaskExtension
from core.separation.paths import PathRequest, build_path
from core.separation.presets import PRESETS, Hearing, Preset


def constant(*shares: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda magnitude: np.array(shares, np.float32).reshape(-1, 1, 1, 1)


@pytest.fixture
def run(
    small_spec: ModelSpec, make_network: Callable, executor: Executor
) -> Callable[..., np.ndarray]:
    def go(
        song: np.ndarray, preset: Preset, answer: Callable, stems: tuple[int, ...]
    ) -> np.ndarray:
        request = PathRequest(song.shape[1], len(song), 1.0, stems)
        path = build_path(make_network(small_spec, answer), preset, request, executor)
        parts = [path.feed(song[at : at + 3000]) for at in range(0, len(song), 3000)]
        return np.concatenate([*parts, path.finish()])

    return go


@pytest.fixture
def song() -> np.ndarray:
    """Noise up to 8 kHz, which every playing speed keeps."""
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal((30_000, 2)), axis=0)
    spectrum[int(30_000 * 8000 / 44100) :] = 0
    made = np.fft.irfft(spectrum, axis=0)
    return (0.2 * made / made.std()).astype(np.float32)


AVERAGED = replace(
    PRESETS["balanced"], name="averaged", hearings=(Hearing(1.0, 0.75), Hearing(9 / 8, 0.25))
)
FILTERED = replace(PRESETS["balanced"], name="filtered", wiener=2.0)


@pytest.mark.parametrize("preset", [PRESETS["balanced"], AVERAGED, FILTERED, PRESETS["best"]])
@pytest.mark.parametrize("stems", [(0,), (1,), (0, 1)])
def test_every_path_gives_as_many_samples_of_the_wanted_stems(
    preset: Preset, stems: tuple[int, ...], run: Callable, song: np.ndarray
) -> None:
    for channels in (1, 2):
        out = run(song[:, :channels], preset, constant(0.9, 0.3), stems)
        assert out.shape == (len(song), channels * len(stems))
        assert out.dtype == np.float32
        for row, stem in enumerate(stems):
            share = (0.9, 0.1)[stem]  # 0.9 squared over 0.9 squared plus 0.3 squared
            part = out[:, row * channels : (row + 1) * channels]
            assert np.sqrt(np.mean((part - share * song[:, :channels]) ** 2)) < 2e-3 * 0.2


def test_speeds_are_averaged_by_their_weights(
    run: Callable, song: np.ndarray, small_spec: ModelSpec
) -> None:
    # The faster copy is the song's spectrum moved up: a network that only passes what is above
    # a bin lets more of the faster copy through. Count who asked instead: masks by playing speed.
    turn: list[float] = []

    def answer(magnitude: np.ndarray) -> np.ndarray:
        # 8 kHz is bin 46 at normal speed, bin 52 when played 9/8 times as fast.
        faster = magnitude[:, 49:51].mean() > 0.1 * magnitude[:, 20:30].mean()
        turn.append(9 / 8 if faster else 1.0)
        share = 0.0 if faster else 1.0
        return np.array([share, 1.0 - share], np.float32).reshape(2, 1, 1, 1)

    out = run(song, AVERAGED, answer, (0,))
    assert set(turn) == {1.0, 9 / 8}
    assert np.sqrt(np.mean((out - 0.75 * song) ** 2)) < 0.01 * 0.2


def test_average_without_a_filter_shares_the_song_out(run: Callable, song: np.ndarray) -> None:
    out = run(song, AVERAGED, constant(0.8, 0.8), (0, 1))
    assert np.sqrt(np.mean((out[:, :2] + out[:, 2:] - song) ** 2)) < 2e-3 * 0.2


def test_bandwidth_of_the_mask_is_the_presets(run: Callable, small_spec: ModelSpec) -> None:
    time = np.arange(20_000)
    # Above bin 64 of 128: 11 kHz.
    high = np.sin(2 * np.pi * 100 / 256 * time)[:, np.newaxis].astype(np.float32)
    # Where there is no sound at all masks are even: the network's bins must hold a little.
    high += 1e-3 * np.random.default_rng(0).standard_normal(high.shape).astype(np.float32)
    for extension, kept in ((MaskExtension.ZEROS, 0.0), (MaskExtension.EDGE, 1.0)):
        preset = replace(PRESETS["balanced"], mask_extension=extension)
        out = run(high, preset, constant(1.0, 0.0), (0,))
        assert np.sqrt(np.mean((out - kept * high)[500:-500] ** 2)) < 0.02
