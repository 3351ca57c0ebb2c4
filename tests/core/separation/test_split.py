"""A song at any rate into stems that add up to it."""

import tracemalloc
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.separation.level import LevelMeter
from core.separation.manifest import ModelSpec
from core.separation.presets import PRESETS, Preset
from core.separation.split import SongSplitter

RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000)
ADDING = tuple(name for name in PRESETS if name != "spleeter")

Split = Callable[..., dict[str, np.ndarray]]


@pytest.fixture(scope="session")
def split(
    small_spec: ModelSpec, make_network: Callable, listening: Callable, executor: Executor
) -> Split:
    """Split a whole song with a made-up network."""

    def run(
        song: np.ndarray,
        rate: int = 44100,
        preset: Preset | str = "balanced",
        stems: tuple[str, ...] = ("vocals", "accompaniment"),
        block: int = 4000,
        spec: ModelSpec = small_spec,
        answer: Callable = listening,
    ) -> dict[str, np.ndarray]:
        meter = LevelMeter(rate)
        meter.feed(song)
        splitter = SongSplitter(
            make_network(spec, answer),
            PRESETS[preset] if isinstance(preset, str) else preset,
            stems,
            rate,
            song.shape[1],
            len(song),
            meter.level(),
            executor,
        )
        parts = [splitter.feed(song[at : at + block]) for at in range(0, len(song), block)]
        parts.append(splitter.finish())
        for part in parts:
            assert tuple(part) == stems
            assert len({len(samples) for samples in part.values()}) == 1
        return {stem: np.concatenate([part[stem] for part in parts]) for stem in stems}

    return run


def below(reference: np.ndarray, error: np.ndarray) -> float:
    """Level of an error in dB relative to the song."""
    power = np.sum(error.astype(np.float64) ** 2)
    return float(10 * np.log10(power / np.sum(reference.astype(np.float64) ** 2) + 1e-30))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("preset", ADDING)
def test_stems_add_up_to_the_song(
    preset: str, rate: int, channels: int, split: Split, music: Callable
) -> None:
    song = music(0.7, rate, channels)
    kept = song.copy()
    stems = split(song, rate, preset)
    for stem in stems.values():
        assert stem.shape == song.shape
        assert stem.dtype == np.float32
        # A stem that is the song, or nothing, would add up too.
        assert -40 < below(song, stem) < -0.1
    assert below(song, sum(stems.values()) - song) <= -120
    np.testing.assert_array_equal(song, kept)


def test_spleeter_preset_cuts_the_residual_by_its_own_mask(split: Split, music: Callable) -> None:
    # As the reference: what lies above the network's bins is in no stem.
    song = music(0.7, 44100)
    stems = split(song, preset="spleeter")
    missing = below(song, sum(stems.values()) - song)
    assert -60 < missing < -10


@pytest.mark.parametrize("preset", ADDING)
def test_residual_alone_is_the_song_less_the_others(
    preset: str, split: Split, music: Callable
) -> None:
    song = music(0.5, 48000)
    both = split(song, 48000, preset)
    for stem in ("vocals", "accompaniment"):
        alone = split(song, 48000, preset, (stem,))
        assert below(song, alone[stem] - both[stem]) < -100


@settings(max_examples=25, deadline=None)
@given(
    frames=st.integers(1, 9000),
    rate=st.sampled_from(RATES),
    preset=st.sampled_from(ADDING),
    block=st.integers(1, 5000),
)
def test_any_length_at_any_rate_in_any_blocks(
    frames: int, rate: int, preset: str, block: int, split: Split
) -> None:
    song = np.random.default_rng(frames).uniform(-0.5, 0.5, (frames, 2)).astype(np.float32)
    stems = split(song, rate, preset, block=max(block, frames // 20 + 1))
    assert all(stem.shape == song.shape for stem in stems.values())
    np.testing.assert_allclose(sum(stems.values()), song, atol=1e-6)


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize("frames", [1, 3, 255, 256, 257])
def test_songs_of_a_few_samples(frames: int, rate: int, preset: str, split: Split) -> None:
    song = np.full((frames, 2), 0.5, np.float32)
    stems = split(song, rate, preset)
    for stem in stems.values():
        assert stem.shape == song.shape
        assert np.isfinite(stem).all()
    if preset != "spleeter":
        np.testing.assert_allclose(sum(stems.values()), song, atol=1e-6)


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("rate", [22050, 44100])
def test_silence_gives_silent_stems(preset: str, rate: int, split: Split) -> None:
    stems = split(np.zeros((30_000, 2), np.float32), rate, preset)
    assert not any(stem.any() for stem in stems.values())


@pytest.mark.parametrize("preset", ADDING)
def test_direct_current_and_clipped_songs(preset: str, split: Split, music: Callable) -> None:
    for song in (
        np.full((20_000, 2), 0.8, np.float32),
        np.clip(20 * music(0.5), -1, 1).astype(np.float32),
        (8 * music(0.5)).astype(np.float32),
    ):
        stems = split(song, preset=preset)
        assert all(np.isfinite(stem).all() for stem in stems.values())
        assert below(song, sum(stems.values()) - song) <= -120


@pytest.mark.parametrize("preset", ADDING)
def test_blocks_do_not_change_the_stems(preset: str, split: Split, music: Callable) -> None:
    song = music(0.8, 32000)
    whole = split(song, 32000, preset, block=len(song))
    pieces = split(song, 32000, preset, block=313)
    for stem, samples in whole.items():
        assert below(song, pieces[stem] - samples) < -110


@pytest.mark.parametrize("rate", [44100, 48000, 16000])
def test_stems_are_in_time_with_the_song(rate: int, split: Split) -> None:
    # A network that keeps everything: the stem must be the song, not the song a little later.
    song = np.zeros((12_000, 1), np.float32)
    song[5000:5400, 0] = np.sin(np.arange(400) * 0.3) * np.hanning(400)

    def keep(magnitude: np.ndarray) -> np.ndarray:
        return np.array([1, 0], np.float32).reshape(2, 1, 1, 1)

    for preset in ADDING:
        stems = split(song, rate, preset, answer=keep)
        assert below(song, stems["vocals"] - song) < -50


def test_more_stems_add_up_too(small_spec: ModelSpec, split: Split, music: Callable) -> None:
    names = ("vocals", "drums", "bass", "other")
    spec = replace(small_spec, stems=names, residual="other")

    def answer(magnitude: np.ndarray) -> np.ndarray:
        bins = np.arange(magnitude.shape[1])[:, np.newaxis]
        return np.stack(
            [np.exp(-(((bins - at) / 20) ** 2)) + 0 * magnitude for at in (5, 20, 40, 60)]
        )

    song = music(0.5, 48000)
    for preset in ADDING:
        stems = split(song, 48000, preset, names, spec=spec, answer=answer)
        assert below(song, sum(stems.values()) - song) <= -120
        chosen = split(song, 48000, preset, ("drums", "other"), spec=spec, answer=answer)
        assert below(song, chosen["other"] - stems["other"]) < -100
        lone = split(song, 48000, preset, ("bass",), spec=spec, answer=answer)
        assert below(song, lone["bass"] - stems["bass"]) < -100


def test_quiet_song_is_shown_louder_and_its_stems_are_scaled_only(
    small_spec: ModelSpec, split: Split, music: Callable
) -> None:
    seen: list[float] = []

    def answer(magnitude: np.ndarray) -> np.ndarray:
        # A network that hears only what is loud enough, as real ones do.
        seen.append(float(magnitude.max()))
        share = magnitude / (magnitude + 3)
        return np.stack([share, 1 - share])

    song = music(0.7)
    quiet = (song * np.float32(10 ** (-18 / 20))).astype(np.float32)
    for preset in ADDING:
        seen.clear()
        stems = split(song, preset=preset, answer=answer)
        loudest = max(seen)
        seen.clear()
        scaled = split(quiet, preset=preset, answer=answer)
        assert max(seen) == pytest.approx(loudest, rel=1e-3)
        for stem in stems:
            assert (
                below(stems[stem], scaled[stem] * np.float32(10 ** (18 / 20)) - stems[stem]) < -60
            )
    # The reference's own path shows the network whatever comes.
    plain, quieter = (
        split(one, preset="spleeter", answer=answer)["vocals"] for one in (song, quiet)
    )
    assert below(plain, quieter * np.float32(10 ** (18 / 20)) - plain) > -20


@pytest.mark.parametrize("preset", list(PRESETS))
def test_memory_does_not_grow_with_the_song(
    preset: str,
    small_spec: ModelSpec,
    make_network: Callable,
    listening: Callable,
    executor: Executor,
) -> None:
    rate, block = 32000, np.random.default_rng(0).uniform(-0.1, 0.1, (8000, 2)).astype(np.float32)

    def peak(blocks: int) -> int:
        splitter = SongSplitter(
            make_network(small_spec, listening),
            PRESETS[preset],
            ("vocals", "accompaniment"),
            rate,
            2,
            blocks * len(block),
            -20.0,
            executor,
        )
        tracemalloc.start()
        for _ in range(blocks):
            splitter.feed(block.copy())
        splitter.finish()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    # Keeping one copy of the longer song would be 4.6 MB more; how many patches are under way at
    # once is up to the machine.
    assert peak(96) - peak(24) < 2_500_000
