"""Finding songs with true stems, and completing what a folder leaves out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.errors import AudioError, UsageError
from core.evaluation.songs import TrueSong, find_songs, load_song

Sounds = dict[str, np.ndarray]
WriteStems = Callable[..., Path]

TWO = ("vocals", "accompaniment")
FOUR = ("vocals", "drums", "bass", "other")


def _load(folder: Path, stems: tuple[str, ...] = TWO) -> TrueSong:
    (song,) = find_songs(folder)
    return load_song(song, stems, stems[-1])


def test_songs_are_found_by_name_and_what_is_no_song_is_left_out(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    for name in ("b", "a"):
        write_stems(tmp_path / name, {"mixture": sounds["other"], "vocals": sounds["vocals"]})
    write_stems(tmp_path / "only a mixture", {"mixture": sounds["other"]})
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no folder")
    songs = find_songs(tmp_path)
    assert [song.name for song in songs] == ["a", "b"]
    assert set(songs[0].files) == {"mixture", "vocals"}


def test_folder_without_songs_shows_the_layout(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no songs with true stems") as caught:
        find_songs(tmp_path)
    assert "Some Song/vocals.flac" in caught.value.detail


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        find_songs(tmp_path / "nowhere")


def test_complete_song_is_taken_as_it_is(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    stems = {"vocals": sounds["vocals"], "accompaniment": sounds["other"]}
    write_stems(tmp_path / "s", {"mixture": stems["vocals"] + stems["accompaniment"], **stems})
    song = _load(tmp_path)
    assert song.notes == ()
    assert song.rate == 44100
    for stem in TWO:
        np.testing.assert_array_equal(song.stems[stem], stems[stem])


def test_accompaniment_is_the_mixture_less_the_vocals(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    mixture = sounds["vocals"] + sounds["other"]
    write_stems(tmp_path / "s", {"mixture": mixture, "vocals": sounds["vocals"]})
    song = _load(tmp_path)
    np.testing.assert_allclose(song.stems["accompaniment"], sounds["other"], atol=1e-6)
    assert song.notes == ("accompaniment is the mixture less vocals",)


def test_mixture_and_accompaniment_are_summed_from_the_parts(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    write_stems(tmp_path / "s", sounds)
    song = _load(tmp_path)
    band = sounds["drums"] + sounds["bass"] + sounds["other"]
    np.testing.assert_allclose(song.stems["accompaniment"], band, atol=1e-6)
    np.testing.assert_allclose(song.mixture, band + sounds["vocals"], atol=1e-6)
    assert song.notes == (
        "accompaniment is the sum of bass, drums, other",
        "mixture is the sum of the stems",
    )


def test_parts_beside_their_accompaniment_are_not_summed_twice(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    band = sounds["drums"] + sounds["bass"] + sounds["other"]
    write_stems(tmp_path / "s", {**sounds, "accompaniment": band})
    np.testing.assert_allclose(_load(tmp_path).mixture, band + sounds["vocals"], atol=1e-6)


def test_song_without_vocals_is_instrumental(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    mixture = sounds["drums"] + sounds["bass"]
    write_stems(tmp_path / "s", {"mixture": mixture, "drums": sounds["drums"]})
    song = _load(tmp_path)
    assert not song.stems["vocals"].any()
    np.testing.assert_array_equal(song.stems["accompaniment"], mixture)
    assert "counted as instrumental" in song.notes[0]


def test_stems_that_nobody_knows_are_missing(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    mixture = np.add.reduce(list(sounds.values()))
    write_stems(tmp_path / "s", {"mixture": mixture, "drums": sounds["drums"]})
    assert set(_load(tmp_path, FOUR).stems) == {"vocals", "drums"}


def test_last_of_four_stems_is_what_the_others_leave(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    known = {name: sounds[name] for name in FOUR[:3]}
    write_stems(tmp_path / "s", {"mixture": np.add.reduce(list(sounds.values())), **known})
    song = _load(tmp_path, FOUR)
    np.testing.assert_allclose(song.stems["other"], sounds["other"], atol=1e-6)


def test_hiss_counts_as_silence(tmp_path: Path, write_stems: WriteStems, sounds: Sounds) -> None:
    hiss = sounds["vocals"] * np.float32(1e-4)
    write_stems(tmp_path / "s", {"vocals": hiss, "accompaniment": sounds["other"]})
    song = _load(tmp_path)
    assert not song.stems["vocals"].any()
    assert "vocals is all but silent: not scored" in song.notes


def test_stems_that_do_not_add_up_are_noted(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    stems = {"vocals": sounds["vocals"], "accompaniment": sounds["other"]}
    write_stems(tmp_path / "s", {"mixture": 0.8 * (sounds["vocals"] + sounds["other"]), **stems})
    (note,) = _load(tmp_path).notes
    assert note.startswith("the stems miss the mixture by -12 dB")


def test_files_of_different_length_and_width_are_brought_together(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    stems = {"vocals": sounds["vocals"][:22050, :1], "accompaniment": sounds["other"]}
    write_stems(tmp_path / "s", stems)
    song = _load(tmp_path)
    assert song.mixture.shape == song.stems["vocals"].shape == (22050, 2)
    assert "only the first 0.5 s" in song.notes[0]


def test_files_of_different_rates_are_refused(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    folder = write_stems(tmp_path / "s", {"vocals": sounds["vocals"]})
    soundfile.write(folder / "accompaniment.wav", sounds["other"], 48000)
    with pytest.raises(AudioError, match="different sampling rates") as caught:
        _load(tmp_path)
    assert "accompaniment 48000 Hz" in caught.value.detail


def test_song_without_a_mixture_or_its_parts_is_refused(
    tmp_path: Path, write_stems: WriteStems, sounds: Sounds
) -> None:
    write_stems(tmp_path / "s", {name: sounds[name] for name in ("vocals", "drums")})
    with pytest.raises(AudioError, match="not complete"):
        _load(tmp_path, FOUR)
