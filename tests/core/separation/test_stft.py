"""The transform and its inverse."""

import numpy as np
import pytest

from core.separation.stft import Stft, frame_count, periodic_hann


def noise(channels: int, samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (channels, samples)).astype(np.float32)


def framed(song: np.ndarray, stft: Stft) -> np.ndarray:
    """Put a song into the framing: a frame of zeros before it, zeros up to the last frame."""
    frames = frame_count(song.shape[1], stft.frame, stft.hop)
    padded = np.zeros((song.shape[0], stft.samples_for(frames)), np.float32)
    padded[:, stft.frame : stft.frame + song.shape[1]] = song
    return padded


@pytest.mark.parametrize("samples", [1, 1000, 4096, 4097, 44100 * 15])
@pytest.mark.parametrize("channels", [1, 2])
def test_song_is_rebuilt(samples: int, channels: int) -> None:
    stft = Stft(4096, 1024)
    song = noise(channels, samples)
    rebuilt = stft.inverse(stft(framed(song, stft)))
    assert rebuilt.dtype == np.float32
    error = rebuilt[:, stft.frame : stft.frame + samples] - song
    assert np.abs(error).max() < 1e-6


@pytest.mark.parametrize(("frame", "hop"), [(256, 64), (512, 128), (96, 24), (64, 8), (60, 20)])
def test_other_framings_rebuild_too(frame: int, hop: int) -> None:
    stft = Stft(frame, hop)
    song = noise(1, 5000)
    rebuilt = stft.inverse(stft(framed(song, stft)))[:, frame : frame + 5000]
    np.testing.assert_allclose(rebuilt, song, atol=2e-6)


def test_every_sample_has_all_its_frames() -> None:
    # The frames that cover the last sample: none may lie behind the last frame counted.
    for samples in (1, 1023, 1024, 1025, 4096, 100_000):
        frames = frame_count(samples, 4096, 1024)
        last = 4096 + samples - 1
        assert (frames - 1) * 1024 <= last < frames * 1024
    assert frame_count(0, 4096, 1024) == 0


def test_stretches_add_up_to_the_whole() -> None:
    stft = Stft(512, 128)
    spectrum = stft(noise(2, stft.samples_for(100)))
    whole = stft.inverse(spectrum)
    added = np.zeros_like(whole)
    for start, stop in ((0, 1), (1, 33), (33, 70), (70, 100)):
        part = stft.inverse(spectrum[:, start:stop])
        added[:, start * 128 : start * 128 + part.shape[1]] += part
    np.testing.assert_allclose(added, whole, atol=1e-6)


def test_one_frame_agrees_with_the_definition_of_the_dft() -> None:
    stft = Stft(4096, 1024)
    song = noise(1, stft.samples_for(40))
    spectrum = stft(song)
    assert spectrum.shape == (1, 40, 2049)
    assert spectrum.dtype == np.complex64
    frame = 33  # Beyond the first block.
    piece = song[0, frame * 1024 : frame * 1024 + 4096].astype(np.float64)
    time = np.arange(4096)
    window = np.sin(np.pi * time / 4096) ** 2
    for bin_ in (0, 1, 17, 1024, 2047, 2048):
        expected = np.sum(piece * window * np.exp(-2j * np.pi * bin_ * time / 4096))
        assert abs(spectrum[0, frame, bin_] - expected) < 1e-4 * np.sqrt(np.sum(piece**2) * 1536)


def test_full_scale_sine_has_the_magnitude_of_its_window() -> None:
    # Networks are trained on unscaled magnitudes: half the sum of the window, 1024 here.
    stft = Stft(4096, 1024)
    tone = np.sin(2 * np.pi * 100 * np.arange(4096) / 4096).astype(np.float32)
    assert abs(stft(tone[np.newaxis]))[0, 0, 100] == pytest.approx(1024, rel=1e-5)


def test_input_and_spectrum_are_not_changed() -> None:
    stft = Stft(256, 64)
    song = noise(2, stft.samples_for(70))
    kept = song.copy()
    spectrum = stft(song)
    np.testing.assert_array_equal(song, kept)
    before = spectrum.copy()
    stft.inverse(spectrum)
    np.testing.assert_array_equal(spectrum, before)


def test_input_need_not_be_contiguous() -> None:
    stft = Stft(256, 64)
    song = noise(stft.samples_for(10), 2)
    np.testing.assert_array_equal(stft(song.T), stft(np.ascontiguousarray(song.T)))


def test_window_is_periodic() -> None:
    window = periodic_hann(8)
    np.testing.assert_allclose(window + np.roll(window, 4), 1.0)
    assert window[0] == 0.0
    np.testing.assert_allclose(window[1:], window[:0:-1])


def test_frame_that_is_no_multiple_of_the_hop_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        Stft(100, 30)
