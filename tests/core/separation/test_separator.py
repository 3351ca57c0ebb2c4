"""The separator in memory, with the real network."""

import gc
import threading
from collections.abc import Callable

import numpy as np
import pytest

from core.audio.waveform import Waveform
from core.errors import AudioError, ModelError, UsageError
from core.separation.progress import Stage
from core.separation.separator import Separator

Get = Callable[..., Separator]


def below(reference: np.ndarray, error: np.ndarray) -> float:
    """Level of an error in dB relative to the song."""
    power = np.sum(error.astype(np.float64) ** 2)
    return float(10 * np.log10(power / np.sum(reference.astype(np.float64) ** 2) + 1e-30))


@pytest.mark.parametrize("preset", ["fast", "balanced", "best"])
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (22050, 1)])
def test_stems_add_up_to_the_song(
    preset: str, rate: int, channels: int, separator: Get, music: Callable
) -> None:
    song = music(1.0, rate, channels)
    kept = song.copy()
    stems = separator(preset).separate(song, rate)
    assert list(stems) == ["vocals", "accompaniment"]
    for stem in stems.values():
        assert isinstance(stem, Waveform)
        assert stem.samples.shape == song.shape
        assert stem.rate == rate
        assert -40 < below(song, stem.samples) < -0.1
    assert below(song, sum(stem.samples for stem in stems.values()) - song) <= -120
    np.testing.assert_array_equal(song, kept)


@pytest.mark.parametrize("preset", ["spleeter", "fast", "balanced", "best"])
@pytest.mark.parametrize(
    ("rate", "song"),
    [
        (44100, np.full((1, 2), 0.5, np.float32)),
        (192000, np.full((3, 1), 0.5, np.float32)),
        (8000, np.zeros((8000, 2), np.float32)),
        (44100, np.full((30_000, 2), 0.7, np.float32)),
    ],
    ids=["one-sample", "three-samples-at-192-kHz", "silence", "direct-current"],
)
def test_odd_songs_pass(preset: str, rate: int, song: np.ndarray, separator: Get) -> None:
    stems = separator(preset).separate(song, rate)
    assert all(stem.samples.shape == song.shape for stem in stems.values())
    assert all(np.isfinite(stem.samples).all() for stem in stems.values())
    if preset != "spleeter":
        total = sum(stem.samples for stem in stems.values())
        np.testing.assert_allclose(total, song, atol=1e-6)


@pytest.mark.parametrize("preset", ["fast", "balanced", "best"])
def test_quiet_song_separates_like_the_same_song_louder(
    preset: str, separator: Get, music: Callable
) -> None:
    song = music(2.0)
    quiet = (song * np.float32(10 ** (-18 / 20))).astype(np.float32)
    stems = separator(preset).separate(song, 44100)
    scaled = separator(preset).separate(quiet, 44100)
    for name, stem in stems.items():
        restored = scaled[name].samples * np.float32(10 ** (18 / 20))
        louder = below(stem.samples, restored)
        assert abs(louder) < 0.05
        # The bar is 0.05 dB of separation quality; the stems themselves are the same ones.
        assert below(stem.samples, restored - stem.samples) < -40


def test_mono_song_is_separated_as_two_equal_channels_would_be(
    separator: Get, music: Callable
) -> None:
    song = music(2.0, channels=1)
    mono = separator().separate(song, 44100)
    two = separator().separate(np.repeat(song, 2, axis=1), 44100)
    for name, stem in mono.items():
        assert stem.channels == 1
        assert (
            below(stem.samples, two[name].samples.mean(axis=1, keepdims=True) - stem.samples) < -40
        )


def test_samples_may_be_one_dimensional_and_of_any_float(separator: Get, music: Callable) -> None:
    song = music(0.5, channels=1)
    expected = separator("fast").separate(song, 44100)
    for given in (song[:, 0], song.astype(np.float64), np.asfortranarray(song)):
        stems = separator("fast").separate(given, 44100)
        for name, stem in stems.items():
            assert stem.samples.dtype == np.float32
            np.testing.assert_array_equal(stem.samples, expected[name].samples)


@pytest.mark.parametrize(
    ("preset", "rate"), [("balanced", 44100), ("balanced", 16000), ("best", 44100)]
)
def test_pieces_together_are_the_whole(
    preset: str, rate: int, separator: Get, music: Callable
) -> None:
    song = music(14.0, rate)
    pieces = list(separator(preset).iter_separate(song, rate))
    whole = separator(preset).separate(song, rate)
    assert len(pieces) > 2
    for name, stem in whole.items():
        joined = np.concatenate([piece.stems[name] for piece in pieces])
        assert below(song, joined - stem.samples) < -100
    done = [piece.progress.done for piece in pieces]
    lengths = np.cumsum([len(piece.stems["vocals"]) for piece in pieces])
    np.testing.assert_allclose(done, lengths / rate)
    assert done[-1] == pytest.approx(14.0)
    assert done[0] < 14.0
    assert all(piece.progress.stage is Stage.SEPARATING for piece in pieces)
    assert all(piece.progress.total == pytest.approx(14.0) for piece in pieces)


def test_a_separation_given_up_does_not_disturb_the_next(separator: Get, music: Callable) -> None:
    song = music(14.0)
    expected = separator().separate(song, 44100)
    running = separator().iter_separate(music(20.0, seed=5), 44100)
    for _ in range(12):
        next(running)
    running.close()
    again = separator().separate(song, 44100)
    for name, stem in expected.items():
        assert below(stem.samples, again[name].samples - stem.samples) < -100


def test_progress_rises_to_the_end(separator: Get, music: Callable) -> None:
    seen = []
    separator("fast").separate(music(14.0), 44100, progress=seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert seen[-1].realtime_factor > 1
    assert seen[-1].remaining == 0
    assert seen[0].elapsed <= seen[-1].elapsed


def test_chosen_stems_come_alone_and_in_the_models_order(separator: Get, music: Callable) -> None:
    song = music(1.0)
    both = separator().separate(song, 44100)
    for wanted in ("vocals", "accompaniment"):
        alone = separator().separate(song, 44100, stems=[wanted])
        assert list(alone) == [wanted]
        assert below(song, alone[wanted].samples - both[wanted].samples) < -100
    turned = separator().separate(song, 44100, stems=["accompaniment", "vocals", "vocals"])
    assert list(turned) == ["vocals", "accompaniment"]
    assert list(separator().separate(song, 44100, stems="vocals")) == ["vocals"]


@pytest.mark.parametrize("stems", [["drums"], ["vocals", "piano"], []])
def test_unknown_stems_are_refused(stems: list[str], separator: Get) -> None:
    with pytest.raises(UsageError, match="no stem") as caught:
        separator().separate(np.zeros((100, 2), np.float32), 44100, stems=stems)
    assert "vocals, accompaniment" in caught.value.detail


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        (np.zeros((0, 2), np.float32), 44100, "shape"),
        (np.zeros((100, 3), np.float32), 44100, "shape"),
        (np.zeros((2, 100, 2), np.float32), 44100, "shape"),
        (np.float32(1.0), 44100, "shape"),
        (np.zeros((100, 2), np.int16), 44100, "int16"),
        (np.full((100, 2), np.nan, np.float32), 44100, "NaN"),
        (np.full((100, 2), np.inf), 44100, "NaN"),
        (np.full((100, 2), 1e300), 44100, "NaN"),
        (np.zeros((100, 2), np.float32), 0, "rate"),
        (np.zeros((100, 2), np.float32), -8000, "rate"),
    ],
)
def test_what_is_no_song_is_refused(
    samples: np.ndarray, rate: int, said: str, separator: Get
) -> None:
    with pytest.raises(AudioError, match=said) as caught:
        separator().separate(samples, rate)
    assert caught.value.detail


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"preset": "perfect"}, "preset"),
        ({"backend": "tpu"}, "backend"),
        ({"bandwidth": "12k"}, "bandwidth"),
        ({"mask_extension": "mirror"}, "extension"),
        ({"overlap": -1}, "overlap"),
        ({"threads": 0}, "threads"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        Separator(**options)
    assert caught.value.detail


def test_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="spleeter-3stems"):
        Separator("spleeter-3stems")


def test_options_change_what_is_heard(separator: Get, music: Callable) -> None:
    song = music(1.0)
    song += 0.02 * np.random.default_rng(0).standard_normal(song.shape).astype(np.float32)
    plain = separator().separate(song, 44100)["vocals"].samples
    for options in ({"mwf": True}, {"bandwidth": "16k"}):
        other = separator(**options).separate(song, 44100)["vocals"].samples
        assert below(plain, other - plain) > -75
    zeros = separator(mask_extension="zeros").separate(song, 44100)["vocals"].samples
    window = np.hanning(len(song))
    spectrum = np.abs(np.fft.rfft(window * zeros[:, 0]))
    full = np.abs(np.fft.rfft(window * plain[:, 0]))
    high = round(12_000 * len(song) / 44100)
    assert spectrum[high:].max() < 1e-2 * full[high:].max()


def test_model_is_loaded_at_the_first_song_and_dropped_at_close(music: Callable) -> None:
    before = threading.active_count()
    with Separator(preset="fast", backend="cpu") as one:
        assert threading.active_count() == before
        assert one.stems == ("vocals", "accompaniment")
        assert (one.model, one.preset) == ("spleeter-2stems", "fast")
        loaded = one.load()
        one.separate(music(0.2), 44100)
        assert one.load() is loaded
    gc.collect()
    assert threading.active_count() == before
    one.close()  # A second time is no error.


def test_threads_are_those_asked_for(music: Callable, separator: Get) -> None:
    song = music(0.5)
    with Separator(backend="cpu", threads=1) as one:
        alone = one.separate(song, 44100)["vocals"].samples
    both = separator().separate(song, 44100)["vocals"].samples
    assert below(both, alone - both) < -30
