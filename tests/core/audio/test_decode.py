"""Decoding through libsndfile, and everything that is the same for all formats."""

import os
import struct
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.audio.decode import open_audio
from core.errors import AudioError, UsageError

RATES = (8000, 11025, 22050, 44100, 48000, 96000, 192000)
ONE_STEP = {"PCM_U8": 2**-7, "PCM_16": 2**-15, "PCM_24": 2**-23, "PCM_32": 2**-23}
LOSSY = (("mp3", "MP3", "MPEG_LAYER_III"), ("ogg", "OGG", "VORBIS"), ("opus", "OGG", "OPUS"))
SEEKABLE = (("wav", "WAV", "PCM_24"), ("aiff", "AIFF", "PCM_16"), ("flac", "FLAC", "PCM_16"))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
def test_every_rate_is_kept_and_mono_stays_mono(tmp_path, music, rate, channels):
    samples = music(3000, channels, rate)
    soundfile.write(tmp_path / "song.wav", samples, rate, "FLOAT")
    with open_audio(tmp_path / "song.wav") as reader:
        assert (reader.rate, reader.channels) == (rate, channels)
        assert (reader.info.rate, reader.info.channels, reader.info.frames) == (
            rate,
            channels,
            3000,
        )
        np.testing.assert_array_equal(reader.read(5000), samples)
        assert reader.warnings == []


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_wav_subtype_gives_its_samples(tmp_path, music, decode, subtype):
    samples = music(5000)
    soundfile.write(tmp_path / "song.wav", samples, 44100, subtype)
    read, warnings = decode(tmp_path / "song.wav")
    assert read.dtype == np.float32
    assert np.abs(read - samples).max() <= ONE_STEP.get(subtype, 0.0)
    assert warnings == []


def test_info_tells_how_the_file_is_coded(tmp_path, music):
    soundfile.write(tmp_path / "song.wav", music(100), 44100, "DOUBLE")
    soundfile.write(tmp_path / "song.ogg", music(100), 44100)
    with open_audio(tmp_path / "song.wav") as reader:
        assert (reader.info.codec, reader.info.bits, reader.info.is_float) == ("DOUBLE", 64, True)
    with open_audio(tmp_path / "song.ogg") as reader:
        assert (reader.info.codec, reader.info.bits, reader.info.is_float) == (
            "VORBIS",
            None,
            False,
        )


def test_blocks_are_full_until_the_end_and_belong_to_the_caller(tmp_path, music):
    samples = music(100_000)
    soundfile.write(tmp_path / "song.wav", samples, 44100, "FLOAT")
    with open_audio(tmp_path / "song.wav") as reader:
        blocks = [reader.read(40_000) for _ in range(4)]
    assert [block.shape for block in blocks] == [(40_000, 2), (40_000, 2), (20_000, 2), (0, 2)]
    for block in blocks:
        assert block.flags.c_contiguous
        assert block.flags.owndata
    blocks[0][:] = 7.0
    np.testing.assert_array_equal(np.concatenate(blocks[1:]), samples[40_000:])


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((4000, 2)),
        np.full((4000, 2), 0.25),
        np.array([[0.5, -0.5]]),
        np.clip(3 * np.sin(np.arange(8000.0))[:, None] * np.ones((1, 2)), -1, 1),
        np.full((4000, 1), 2.5),
    ],
    ids=["silence", "dc", "one sample", "clipped", "over full scale"],
)
def test_extreme_songs_come_through_unchanged(tmp_path, decode, samples):
    soundfile.write(tmp_path / "song.wav", samples, 44100, "FLOAT")
    np.testing.assert_array_equal(decode(tmp_path / "song.wav")[0], samples.astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_no_numbers_are_refused_with_their_position(
    tmp_path, music, decode, subtype, value
):
    samples = music(44100 * 3)
    samples[44100 * 2, 1] = value
    soundfile.write(tmp_path / "song.wav", samples, 44100, subtype)
    with pytest.raises(AudioError, match=r"song\.wav holds samples .* at 2\.000 s") as caught:
        decode(tmp_path / "song.wav")
    assert "export" in caught.value.detail


@pytest.mark.parametrize(("suffix", "kind", "subtype"), SEEKABLE + LOSSY)
def test_offset_and_duration_are_exact_to_the_sample(
    tmp_path, music, decode, suffix, kind, subtype
):
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, music(48000 * 4, 2, 48000), 48000, subtype, format=kind)
    whole, _ = decode(path)
    assert len(whole) == 48000 * 4
    for offset in (0.5, 1.23456, 3.999):
        start = round(offset * 48000)
        part, warnings = decode(path, offset=offset, duration=0.3)
        np.testing.assert_array_equal(part, whole[start : start + 14400])
        assert warnings == []


def test_duration_past_the_end_reads_to_the_end(tmp_path, music, decode):
    soundfile.write(tmp_path / "song.flac", music(10_000), 44100)
    assert len(decode(tmp_path / "song.flac", offset=0.1, duration=99.0)[0]) == 10_000 - 4410


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_offset_past_the_end_is_refused(tmp_path, music, suffix):
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, music(44100), 44100)
    for offset in (1.0, 5.0):
        with pytest.raises(AudioError, match=r"only 1\.000 s long"):
            open_audio(path, offset=offset)


@pytest.mark.parametrize(
    "window",
    [{"offset": -1.0}, {"offset": float("nan")}, {"duration": 0.0}, {"duration": -2.0}],
    ids=str,
)
def test_senseless_windows_are_refused(tmp_path, music, window):
    soundfile.write(tmp_path / "song.wav", music(100), 44100)
    with pytest.raises(UsageError):
        open_audio(tmp_path / "song.wav", **window)


def _cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.mark.parametrize(("suffix", "kind", "subtype"), SEEKABLE + LOSSY)
def test_cut_file_gives_what_is_there_and_a_warning(tmp_path, music, decode, suffix, kind, subtype):
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, music(48000 * 6, 2, 48000), 48000, subtype, format=kind)
    whole, warnings = decode(path)
    assert warnings == []
    _cut(path, 0.6)
    part, warnings = decode(path)
    # Ogg pages hold up to a second each.
    assert 48000 * 2.5 < len(part) < 48000 * 4.2
    # The last frame of a cut MP3 leans on bytes that are gone.
    sure = len(part) - 3000
    np.testing.assert_allclose(part[:sure], whole[:sure], atol=1e-5)
    assert len(warnings) == 1
    assert "cut off" in warnings[0]


@pytest.mark.parametrize("suffix", ["flac", "mp3"])
def test_song_goes_on_behind_a_damaged_place(tmp_path, music, decode, suffix, capfd):
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, music(44100 * 10), 44100)
    whole, _ = decode(path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(data)
    read, warnings = decode(path)
    assert 44100 * 9 < len(read) < 44100 * 10
    np.testing.assert_allclose(read[:200_000], whole[:200_000], atol=1e-5)
    # An MP3 decoder may not trim the end after a gap, so the place is searched for.
    late = whole[-60_000:-58_000]
    starts = range(len(read) - 60_000 - 3000, len(read) - 60_000 + 1)
    assert any(np.allclose(read[at : at + 2000], late, atol=1e-4) for at in starts)
    assert any("is damaged at" in warning for warning in warnings)
    # Decoders written in C like to talk.
    assert capfd.readouterr().err == ""


def test_mp3_without_a_length_header_is_not_called_damaged(tmp_path, music, decode):
    path = tmp_path / "song.mp3"
    quiet_then_loud = np.concatenate([music(44100 * 8) * 1e-4, music(44100 * 8)])
    soundfile.write(path, quiet_then_loud, 44100, bitrate_mode="VARIABLE", compression_level=0.2)
    data = path.read_bytes()
    mark = data.index(b"Xing")
    # Without the first frame, which holds only the header, decoders guess the length.
    second = data.index(data[:2], mark)
    path.write_bytes(data[second:])
    read, warnings = decode(path)
    assert abs(len(read) - 44100 * 16) < 3000
    assert warnings == []


def test_mp3_longer_than_its_header_says_is_read_to_the_end(tmp_path, music, decode):
    path = tmp_path / "song.mp3"
    soundfile.write(path, music(44100 * 4), 44100)
    path.write_bytes(path.read_bytes() * 2)
    assert len(decode(path)[0]) > 44100 * 7.9


def test_wav_from_a_pipe_is_not_called_cut(tmp_path, music, decode):
    path = tmp_path / "song.wav"
    soundfile.write(path, music(44100), 44100)
    data = bytearray(path.read_bytes())
    size = data.index(b"data") + 4
    data[size : size + 4] = struct.pack("<I", 0xFFFFFFFF)
    data[4:8] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(data)
    read, warnings = decode(path)
    assert len(read) == 44100
    assert warnings == []


def test_what_is_no_song_is_refused_by_name(tmp_path):
    cases = {
        "notes.txt": b"just some words\n" * 500,
        "notes.mp3": b"just some words\n" * 500,
        "notes.m4a": b"just some words\n" * 500,
        "noise.wav": np.random.default_rng(1).bytes(100_000),
        "zeros.flac": bytes(100_000),
        "nothing.mp3": b"",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(AudioError) as caught:
            open_audio(tmp_path / name)
        assert caught.value.title.startswith(name)
        assert caught.value.detail


def test_song_without_samples_is_refused(tmp_path):
    soundfile.write(tmp_path / "song.wav", np.zeros((0, 2)), 44100)
    with pytest.raises(AudioError, match="no sound"):
        open_audio(tmp_path / "song.wav")


def test_missing_file_folder_and_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match=r"song\.wav does not exist"):
        open_audio(tmp_path / "song.wav")
    with pytest.raises(AudioError, match="is a folder"):
        open_audio(tmp_path)
    with pytest.raises(AudioError, match="not a regular file"):
        open_audio(tmp_path / "pipe.wav")


def test_file_without_read_permission_is_refused(tmp_path, music, unprivileged_file):
    with pytest.raises(AudioError, match="permission denied"):
        open_audio(unprivileged_file)


@pytest.fixture
def unprivileged_file(tmp_path, music, request):
    path = tmp_path / "song.wav"
    soundfile.write(path, music(100), 44100)
    path.chmod(0)
    request.getfixturevalue("unprivileged")
    return path


@pytest.mark.parametrize(
    "name",
    [
        unicodedata.normalize("NFC", "Séculaire"),
        unicodedata.normalize("NFD", "Séculaire"),
        "🎤 カラオケ",
        "http:song",
        "-i",
        "100% [x] 'y' \"z\"",
        "new\nline",
        os.fsdecode(b"caf\xe9 latin-1"),
        "n" * 251,
    ],
)
@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_odd_file_names_work(tmp_path, music, decode, encode_av, name, suffix):
    path = tmp_path / f"{name}.{suffix}"
    if suffix == "wav":
        plain = tmp_path / "plain.wav"
        soundfile.write(plain, music(2000), 44100)
        plain.rename(path)
    else:
        encode_av(path, music(2000), 44100, "ipod", "aac")
    assert len(decode(path)[0]) == 2000


def test_errors_about_odd_names_can_be_printed(tmp_path):
    with pytest.raises(AudioError) as caught:
        open_audio(tmp_path / os.fsdecode(b"caf\xe9.wav"))
    assert str(caught.value).encode("utf-8")


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 7, 8, 12])
def test_many_channels_become_stereo_with_a_warning(tmp_path, music, decode, channels):
    samples = music(4000, channels)
    soundfile.write(tmp_path / "song.wav", samples, 44100, "FLOAT")
    read, warnings = decode(tmp_path / "song.wav")
    assert read.shape == (4000, 2)
    assert len(warnings) == 1
    assert f"{channels} channels" in warnings[0]
    assert np.abs(read).max() <= np.abs(samples).max()


def test_wav_needs_neither_pyav_nor_mutagen(tmp_path, music):
    soundfile.write(tmp_path / "song.wav", music(100), 44100)
    code = (
        "import sys, pathlib; from core.audio.decode import open_audio\n"
        f"assert len(open_audio(pathlib.Path({str(tmp_path / 'song.wav')!r})).read(200)) == 100\n"
        "assert not {'av', 'mutagen'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | _python_path())


def _python_path() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(sys.path)}
