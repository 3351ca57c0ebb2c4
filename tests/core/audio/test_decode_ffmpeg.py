"""Decoding through FFmpeg's libraries: everything that libsndfile does not know."""

import sys
from pathlib import Path

import numpy as np
import pytest

from core.audio.decode import open_audio
from core.audio.decode_ffmpeg import FfmpegSource
from core.errors import AudioError

FORMATS = [
    # name, container, codec, sample format, whether every FFmpeg since 7.0 keeps lengths exactly
    ("song.m4a", "ipod", "aac", None, True),
    ("alac.m4a", "ipod", "alac", "s16p", True),
    ("alac24.m4a", "ipod", "alac", "s32p", True),
    ("song.mp4", "mp4", "libopus", None, False),
    ("song.webm", "webm", "libopus", None, False),
    ("song.mka", "matroska", "flac", "s16", True),
    ("song.aac", "adts", "aac", None, False),
    ("song.wma", "asf", "wmav2", None, False),
    ("mp3.mkv", "matroska", "libmp3lame", None, False),
]


@pytest.mark.parametrize(("name", "container", "codec", "sample_format", "exact"), FORMATS)
def test_formats_of_other_players_are_read(
    tmp_path, music, decode, encode_av, name, container, codec, sample_format, exact
):
    path = tmp_path / name
    samples = music(100_003, 2, 48000)
    encode_av(path, samples, 48000, container, codec, sample_format=sample_format)
    read, warnings = decode(path)
    assert read.dtype == np.float32
    assert read.shape[1] == 2
    assert warnings == []
    if exact:
        assert len(read) == 100_003
        error = read - samples
        assert (error**2).sum() < 0.02 * (samples**2).sum()
    else:
        assert abs(len(read) - 100_003) < 5000


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
@pytest.mark.parametrize("frames", [1000, 1024, 1025, 50_000])
def test_m4a_has_neither_priming_nor_padding(tmp_path, music, decode, encode_av, rate, frames):
    encode_av(tmp_path / "song.m4a", music(frames, 1, rate), rate, "ipod", "aac")
    assert decode(tmp_path / "song.m4a")[0].shape == (frames, 1)


@pytest.mark.parametrize("bits", [("s16p", 16), ("s32p", 24)])
def test_lossless_audio_is_exact(tmp_path, music, decode, encode_av, bits):
    sample_format, depth = bits
    samples = np.round(music(9000) * 2.0**15) / 2.0**15
    samples = samples.astype(np.float32)
    encode_av(tmp_path / "a.m4a", samples, 44100, "ipod", "alac", sample_format=sample_format)
    assert np.abs(decode(tmp_path / "a.m4a")[0] - samples).max() <= 2.0 ** (1 - depth)


def test_window_is_exact_to_the_sample(tmp_path, music, decode, encode_av):
    path = tmp_path / "song.m4a"
    encode_av(path, music(44100 * 3), 44100, "ipod", "aac")
    whole, _ = decode(path)
    part, _ = decode(path, offset=1.2345, duration=0.5)
    np.testing.assert_array_equal(part, whole[54441 : 54441 + 22050])
    with pytest.raises(AudioError, match=r"only 3\.000 s long"):
        open_audio(path, offset=3.0)


@pytest.mark.parametrize(("name", "container"), [("film.mp4", "mp4"), ("film.mkv", "matroska")])
def test_sound_of_a_film_is_read(tmp_path, music, decode, encode_av, name, container):
    encode_av(tmp_path / name, music(88200), 44100, container, "aac", picture=True)
    read, warnings = decode(tmp_path / name)
    assert abs(len(read) - 88200) <= 2048
    assert warnings == []


def test_film_without_sound_is_refused(tmp_path):
    import av

    with av.open(str(tmp_path / "silent.mp4"), "w") as output:
        video = output.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            output.mux(video.encode(av.VideoFrame(64, 48, "yuv420p")))
        output.mux(video.encode(None))
    with pytest.raises(AudioError, match="video without sound"):
        open_audio(tmp_path / "silent.mp4")


def test_surround_layout_comes_from_the_file(tmp_path, decode, encode_av):
    samples = np.zeros((48000, 6), np.float32)
    # FFmpeg's 5.1: FL FR FC LFE BL BR. Only the low-frequency channel sounds, then only FL.
    samples[:24000, 3] = 0.5 * np.sin(np.arange(24000) * 0.01)
    samples[24000:, 0] = 0.5 * np.sin(np.arange(24000) * 0.05)
    encode_av(
        tmp_path / "s.mka", samples, 48000, "matroska", "flac", layout="5.1", sample_format="s16"
    )
    read, warnings = decode(tmp_path / "s.mka")
    assert "6 channels" in warnings[0]
    assert np.abs(read[:24000]).max() == 0.0
    assert np.abs(read[24000:, 0]).max() > 0.1
    assert np.abs(read[24000:, 1]).max() == 0.0


def test_cut_file_gives_what_is_there_and_a_warning(tmp_path, music, decode, encode_av):
    path = tmp_path / "song.mka"
    encode_av(path, music(44100 * 8), 44100, "matroska", "aac")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    read, warnings = decode(path)
    assert 44100 * 2 < len(read) < 44100 * 6
    assert any("cut off" in warning for warning in warnings)


def test_damaged_packets_are_left_out_with_one_warning(tmp_path, music, decode, encode_av):
    path = tmp_path / "song.m4a"
    encode_av(path, music(44100 * 8), 44100, "ipod", "aac")
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 30_000
    data[start : start + 3000] = np.random.default_rng(3).bytes(3000)
    path.write_bytes(data)
    read, warnings = decode(path)
    assert 44100 * 6 < len(read) <= 44100 * 8
    assert sum("left out" in warning for warning in warnings) == 1


def test_m4a_whose_index_is_cut_off_is_refused(tmp_path, music, encode_av):
    path = tmp_path / "song.m4a"
    encode_av(path, music(44100), 44100, "ipod", "aac")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(AudioError, match=r"song\.m4a is not audio"):
        open_audio(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [("list.m3u8", "#EXTM3U\n#EXTINF:9,\n{}\n"), ("list.txt", "ffconcat version 1.0\nfile {}\n")],
)
def test_playlists_open_no_other_files(tmp_path, music, encode_av, name, text):
    target = tmp_path / "song.m4a"
    encode_av(target, music(44100), 44100, "ipod", "aac")
    (tmp_path / name).write_text(text.format(target))
    with pytest.raises(AudioError):
        open_audio(tmp_path / name)


def test_without_pyav_the_error_names_format_and_fix(tmp_path, music, encode_av, monkeypatch):
    encode_av(tmp_path / "song.m4a", music(1000), 44100, "ipod", "aac")
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "core.audio.decode_ffmpeg")
    # A package remembers its modules as attributes.
    monkeypatch.delattr("core.audio.decode_ffmpeg")
    with pytest.raises(AudioError, match=r"\.m4a needs PyAV") as caught:
        open_audio(tmp_path / "song.m4a")
    assert "pip install av" in caught.value.detail


def test_both_decoders_agree_on_where_an_mp3_starts_and_ends(tmp_path, music, decode):
    import soundfile

    path: Path = tmp_path / "song.mp3"
    soundfile.write(path, music(44100), 44100)
    source = FfmpegSource(path)
    blocks = []
    while len(block := source.read(10_000)):
        blocks.append(block)
    source.close()
    np.testing.assert_allclose(np.concatenate(blocks), decode(path)[0], atol=1e-4)
