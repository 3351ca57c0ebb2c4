"""The bundled demo song is what its script makes, and its stems are the true ones."""

import struct
import zlib
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from demo_song.arrangement import ARTIST, BEAT, HARMONY, LENGTH, MELODY, TITLE, Syllable
from demo_song.cover import SIZE, picture, png
from demo_song.diction import gestures
from demo_song.effects import RATE
from demo_song.make_song import BALANCE, FOLDER, MIXTURE, STEMS, Song, render, sung
from demo_song.score import si_sdr
from demo_song.voice import sing
from mutagen.flac import FLAC

ROUNDING = 2.0**-14
"""Half a step of the mixture's 14 bits, full scale being 1."""


@pytest.fixture(scope="module")
def song() -> Song:
    return render()


@pytest.fixture(scope="module")
def stems() -> dict[str, np.ndarray]:
    return {name: soundfile.read(FOLDER / path)[0] for name, path in STEMS.items()}


def test_everything_bundled_is_under_two_megabytes():
    files = [path for path in FOLDER.rglob("*") if "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 2_000_000


@pytest.mark.parametrize("name", [MIXTURE, *STEMS.values()])
def test_bundled_file_is_stereo_of_20_to_30_seconds(name):
    info = soundfile.info(FOLDER / name)
    assert (info.samplerate, info.channels) == (44_100, 2)
    assert info.frames == round(LENGTH * RATE)
    assert 20.0 <= info.duration <= 30.0


def test_bundled_stems_add_up_to_the_mixture(stems):
    mixture = soundfile.read(FOLDER / MIXTURE)[0]
    error = np.abs(stems["vocals"] + stems["accompaniment"] - mixture).max()
    # 1e-6 besides: Vorbis decoders differ in the last digits.
    assert error <= ROUNDING + 1e-6


def test_mixture_does_not_clip():
    mixture = soundfile.read(FOLDER / MIXTURE)[0]
    assert 0.5 < np.abs(mixture).max() < 0.95


@pytest.mark.parametrize("name", list(STEMS))
def test_script_makes_the_bundled_stems(song, stems, name):
    made = getattr(song, name)
    assert made.shape == stems[name].shape
    # What is missing is what Vorbis takes away.
    assert si_sdr(stems[name], made) > 17.0
    assert np.sum(stems[name] * made) / np.sum(made * made) == pytest.approx(1.0, abs=0.03)


def test_voice_and_band_are_in_balance(stems):
    active = sung(stems["vocals"])
    voice, band = (np.sqrt(np.mean(stem[active] ** 2)) for stem in stems.values())
    assert 20.0 * np.log10(voice / band) == pytest.approx(BALANCE, abs=0.5)
    assert 0.6 < active.mean() < 0.95


def test_mixture_carries_tags_and_cover():
    tags = FLAC(FOLDER / MIXTURE)
    assert tags["title"] == [TITLE]
    assert tags["artist"] == [ARTIST]
    assert tags["license"] == ["CC0-1.0"]
    assert tags.pictures[0].data == png(picture())


def test_cover_is_a_png_that_decodes_to_its_pixels():
    data = png(picture())
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    place, body, names = 8, b"", []
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        chunk = data[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", data, place + 8 + length)[0] == zlib.crc32(name + chunk)
        body += chunk if name == b"IDAT" else b""
        names.append(name)
        place += 12 + length
    assert names == [b"IHDR", b"IDAT", b"IEND"]
    rows = np.frombuffer(zlib.decompress(body), dtype=np.uint8).reshape(SIZE, 1 + 3 * SIZE)
    assert (rows[:, 0] == 2).all()
    # Filter 2: every byte is the difference to the one above, modulo 256.
    pixels = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(SIZE, SIZE, 3)
    np.testing.assert_array_equal(pixels, picture())


@pytest.mark.parametrize("line", [MELODY, HARMONY], ids=["melody", "harmony"])
def test_sung_lines_have_one_syllable_at_a_time(line):
    for earlier, later in pairwise(line):
        assert earlier.beat + earlier.beats <= later.beat
    assert (line[-1].beat + line[-1].beats) * BEAT < LENGTH


def test_voice_sings_its_note_in_tune():
    line = (Syllable(0.5, 3.0, (57,), "AA"),)
    rng = np.random.default_rng(3)
    voice = sing(gestures(line, 2.0, 0.0, rng), 1.0, rng)
    steady = voice[round(0.6 * RATE) : round(1.6 * RATE)]
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady)), 8 * RATE))
    hertz = np.fft.rfftfreq(8 * RATE, 1.0 / RATE)
    near = (hertz > 200.0) & (hertz < 240.0)
    centre = np.sum(hertz[near] * spectrum[near] ** 2) / np.sum(spectrum[near] ** 2)
    # A3 is 220 Hz; a quarter of a semitone of tolerance for the singer's unsteadiness.
    assert centre == pytest.approx(220.0, rel=0.015)


def test_voice_is_silent_where_nothing_is_sung():
    line = (Syllable(2.0, 1.0, (57,), "AA"),)
    rng = np.random.default_rng(3)
    voice = sing(gestures(line, 2.0, 0.0, rng), 1.0, rng)
    # Breath is drawn before the note; before that there is nothing.
    assert np.abs(voice[: round(0.7 * RATE)]).max() < 1e-3 * np.abs(voice).max()
