"""Tempo, beats, bars, key and singing of songs that were made with known ones."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from benchmarks.made_songs import MadeSong, Recipe, make_song
from core.analysis.analyse import analyse
from core.analysis.keys import Key, Mode
from core.errors import AudioError, UsageError

RATE = 22050

ROCK = Recipe(bpm=118, key=Key(9, Mode.MAJOR), style="rock", seconds=24, seed=11)
SWING = Recipe(bpm=97, key=Key(4, Mode.MINOR), style="swing", swing=0.66, seconds=24, seed=12)
WALTZ = Recipe(bpm=142, key=Key(5, Mode.MAJOR), style="waltz", seconds=24, seed=13)
BREAKBEAT = Recipe(bpm=168, key=Key(8, Mode.MAJOR), style="breakbeat", seconds=24, seed=14)
PIANO = Recipe(bpm=104, key=Key(1, Mode.MAJOR), style="no drums", seconds=24, seed=15)


@pytest.mark.parametrize(
    "recipe",
    [ROCK, SWING, WALTZ, BREAKBEAT, PIANO, replace(ROCK, bpm=116, drift=0.03, noise=-30)],
    ids=["rock", "swing", "waltz", "breakbeat", "piano", "drifting"],
)
def test_tempo_beats_bars_and_key(
    recipe: Recipe, hear: Callable[..., Any], hits: Callable[..., float]
) -> None:
    heard = hear(recipe)
    song, found = heard.song, heard.found
    true = 60 * (len(song.beats) - 1) / (song.beats[-1] - song.beats[0])
    assert found.bpm == pytest.approx(true, rel=0.02)
    assert found.bpm_confidence > 0.3
    assert hits(found.beats, song.beats) > 0.9
    assert found.beats_per_bar == recipe.beats_per_bar
    assert hits(found.downbeats, song.downbeats) > 0.9
    assert set(found.downbeats) <= set(found.beats)
    assert found.key is not None
    assert found.key.distance(recipe.key) <= 1
    assert found.duration == pytest.approx(recipe.seconds, abs=1e-3)


def test_bass_drum_on_every_beat_is_not_taken_for_every_other(
    hear: Callable[..., Any], hits: Callable[..., float]
) -> None:
    heard = hear(replace(ROCK, style="house", bpm=126, seed=16))
    assert heard.found.bpm == pytest.approx(126, rel=0.01)
    assert hits(heard.found.beats, heard.song.beats) > 0.9


@pytest.mark.parametrize("cents", [-40, -25, 25, 40])
def test_key_and_tuning_of_a_detuned_song(cents: int, hear: Callable[..., Any]) -> None:
    found = hear(replace(ROCK, detune=cents)).found
    assert found.key is not None
    assert found.key.distance(ROCK.key) <= 1
    assert found.tuning == pytest.approx(cents, abs=4)


@pytest.mark.parametrize("semitones", [1, 5, 8])
def test_transposed_song_has_the_transposed_key(semitones: int, hear: Callable[..., Any]) -> None:
    plain = hear(PIANO).found.key
    moved = hear(replace(PIANO, key=PIANO.key.transposed(semitones), seed=PIANO.seed + 50)).found
    assert plain is not None
    assert moved.key is not None
    assert moved.key.distance(plain.transposed(semitones)) <= 1


def test_beats_of_clicks_are_where_the_clicks_are(tmp_path: Path) -> None:
    clicks = np.arange(0.3137, 19.5, 60 / 107)
    sound = np.zeros(20 * 44100)
    for click in clicks:
        start = round(click * 44100)
        sound[start : start + 900] = 0.5 * np.exp(-np.arange(900) / 200)
    soundfile.write(tmp_path / "clicks.wav", sound, 44100)
    found = analyse(tmp_path / "clicks.wav")
    assert found.bpm == pytest.approx(107, rel=1e-3)
    assert len(found.beats) == len(clicks)
    assert np.abs(np.array(found.beats) - clicks).max() < 0.008


def test_stems_and_their_mixture_agree(hear: Callable[..., Any]) -> None:
    heard = hear(ROCK, stems=True)
    whole = analyse(heard.files["mixture"])
    assert heard.found.bpm == pytest.approx(whole.bpm, rel=0.005)
    assert heard.found.key == whole.key
    assert whole.vocal_activity == ()


def test_vocals_beside_the_mixture_are_enough(hear: Callable[..., Any]) -> None:
    files = hear(ROCK).files
    found = analyse({"vocals": files["vocals"], "mixture": files["mixture"]})
    assert found.bpm == pytest.approx(ROCK.bpm, rel=0.01)
    assert found.key is not None
    assert found.key.distance(ROCK.key) <= 1
    assert found.vocal_activity


def test_singing_is_where_it_was_sung(hear: Callable[..., Any]) -> None:
    heard = hear(ROCK, stems=True)
    grid = np.arange(0, ROCK.seconds, 0.02)

    def covered(parts: tuple[tuple[float, float], ...]) -> np.ndarray:
        return np.any([(grid >= begin) & (grid < end) for begin, end in parts], axis=0)

    agreed = covered(heard.found.vocal_activity) == covered(heard.song.singing)
    assert agreed.mean() > 0.93
    assert len(heard.found.vocal_activity) == len(heard.song.singing)


def test_vocal_stem_with_leaks_only_is_not_singing(tmp_path: Path) -> None:
    song = make_song(ROCK)
    stems = {**song.stems, "vocals": 0.03 * song.stems["drums"]}
    files = MadeSong(ROCK, stems, song.rate, (), (), ()).write(tmp_path)
    assert analyse(files).vocal_activity == ()


def test_quiet_song_is_heard_as_the_loud_one(tmp_path: Path) -> None:
    song = make_song(ROCK)
    mixture = np.sum(list(song.stems.values()), axis=0)
    soundfile.write(tmp_path / "loud.wav", mixture, song.rate, "FLOAT")
    soundfile.write(tmp_path / "quiet.wav", 0.03 * mixture, song.rate, "FLOAT")
    loud, quiet = analyse(tmp_path / "loud.wav"), analyse(tmp_path / "quiet.wav")
    assert quiet.bpm == pytest.approx(loud.bpm, rel=0.002)
    assert quiet.key == loud.key


@pytest.mark.parametrize("rate", [8000, 48000])
def test_any_sampling_rate_gives_the_same_answers(rate: int, tmp_path: Path) -> None:
    song = make_song(replace(ROCK, seconds=15), rate)
    found = analyse(song.write(tmp_path))
    assert found.bpm == pytest.approx(ROCK.bpm, rel=0.01)
    assert found.key is not None
    assert found.key.distance(ROCK.key) <= 1


def test_same_song_twice_gives_the_same_analysis(hear: Callable[..., Any]) -> None:
    assert hear(SWING).found == hear(SWING).found


def test_silence_has_nothing(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "vocals.wav", np.zeros(10 * RATE), RATE)
    found = analyse({"vocals": tmp_path / "vocals.wav"})
    assert found.bpm is None
    assert found.bpm_confidence == 0
    assert found.beats == found.downbeats == found.vocal_activity == ()
    assert found.key is None
    assert found.duration == pytest.approx(10)


def test_steady_noise_has_no_key_and_little_pulse(tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(20 * RATE)
    soundfile.write(tmp_path / "noise.wav", noise, RATE)
    found = analyse(tmp_path / "noise.wav")
    assert found.key is None or found.key_confidence < 0.3
    assert found.bpm_confidence < 0.15
    assert found.downbeat_confidence < 0.5


@pytest.mark.parametrize("frames", [1, 100, 2000, RATE, 3 * RATE])
def test_shortest_songs_are_no_error(frames: int, tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(frames) / RATE)
    soundfile.write(tmp_path / "short.wav", tone, RATE)
    found = analyse(tmp_path / "short.wav")
    assert found.duration == pytest.approx(frames / RATE)
    assert all(0 <= beat <= found.duration for beat in found.beats)


def test_stems_of_different_lengths_are_filled_with_silence(tmp_path: Path) -> None:
    song = make_song(replace(ROCK, seconds=16))
    files = song.write(tmp_path)
    soundfile.write(files["vocals"], song.stems["vocals"][: 4 * RATE], RATE)
    found = analyse(files)
    assert found.duration == pytest.approx(16)
    assert found.bpm == pytest.approx(ROCK.bpm, rel=0.01)
    assert found.vocal_activity[-1][1] < 4.1


def test_tempo_that_changes_is_followed(tmp_path: Path, hits: Callable[..., float]) -> None:
    first = make_song(replace(ROCK, bpm=100, seconds=30))
    second = make_song(replace(ROCK, bpm=132, seconds=60))
    sound = np.concatenate([np.sum(list(song.stems.values()), axis=0) for song in (first, second)])
    soundfile.write(tmp_path / "two.wav", sound, RATE)
    found = analyse(tmp_path / "two.wav")
    assert found.bpm == pytest.approx(132, rel=0.02)
    assert hits(found.beats, (*first.beats, *(30 + beat for beat in second.beats))) > 0.9


def test_progress_rises_to_the_length(tmp_path: Path) -> None:
    files = make_song(replace(ROCK, seconds=20)).write(tmp_path)
    seen: list[tuple[float, float]] = []
    analyse(files, progress=lambda done, total: seen.append((done, total)))
    assert [total for _, total in seen] == [pytest.approx(20)] * len(seen)
    assert all(before < after for (before, _), (after, _) in pairwise(seen))
    assert seen[-1][0] == pytest.approx(20)


def test_nothing_to_analyse_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to analyse"):
        analyse({})


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav"):
        analyse({"vocals": tmp_path / "gone.wav"})


def test_memory_hardly_grows_with_length(tmp_path: Path) -> None:
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from core.analysis.analyse import analyse\n"
        "analyse(Path(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    bar = np.sum(list(make_song(replace(ROCK, seconds=8)).stems.values()), axis=0)
    peaks = []
    for name, turns in (("short", 8), ("long", 45)):
        path = tmp_path / f"{name}.flac"
        with soundfile.SoundFile(path, "w", RATE, 1) as file:
            for _ in range(turns):
                file.write(0.9 * bar)
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stdout) / 1024)
    # MiB for five minutes more.
    assert peaks[1] - peaks[0] < 10
