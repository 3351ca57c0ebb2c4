"""Music of any length."""

from pathlib import Path

import numpy as np
import soundfile

from benchmarks.songs import work_folder, write_song

RATE = 22050


def test_song_is_repeated_to_any_length_and_never_the_same(tmp_path: Path) -> None:
    source = tmp_path / "source.wav"
    random = np.random.default_rng(3)
    soundfile.write(source, random.uniform(-0.5, 0.5, (RATE, 2)), RATE)
    samples, rate = soundfile.read(write_song(tmp_path / "a/long.wav", 2.5, source))
    assert (len(samples), rate) == (round(2.5 * RATE), RATE)
    original, _ = soundfile.read(source)
    np.testing.assert_allclose(samples[:RATE], original, atol=1e-4)
    assert np.abs(samples[RATE : 2 * RATE] - original).max() > 0.1
    assert 0.3 < np.abs(samples[2 * RATE :]).max() <= 0.5
    again, _ = soundfile.read(write_song(tmp_path / "again.wav", 2.5, source))
    np.testing.assert_array_equal(again, samples)


def test_work_folder_is_removed() -> None:
    with work_folder() as folder:
        (folder / "song.wav").write_bytes(b"sound")
    assert not folder.exists()
