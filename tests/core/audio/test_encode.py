"""Writing stems in every format."""

import os
import stat
import sys

import numpy as np
import pytest
import soundfile

from core.audio.encode import Codec, OutputFormat, open_writer
from core.errors import OutputError, UsageError

FORMATS = [
    OutputFormat(Codec.WAV, bits=16),
    OutputFormat(Codec.WAV, bits=24),
    OutputFormat(Codec.WAV, bits=32),
    OutputFormat(Codec.FLAC, bits=16),
    OutputFormat(Codec.FLAC, bits=24),
    OutputFormat(Codec.OGG),
    OutputFormat(Codec.OPUS),
    OutputFormat(Codec.MP3),
    OutputFormat(Codec.M4A),
]
LOSSLESS = FORMATS[:5]
LOSSY = FORMATS[5:]


def _name(fmt):
    return f"{fmt.codec}{'' if fmt.codec.is_lossy else fmt.bits}"


def _names(folder):
    return [path.name for path in folder.iterdir()]


def _write(path, fmt, samples, rate=44100, block=3001, **options):
    with open_writer(path, fmt, rate, samples.shape[1], **options) as writer:
        for start in range(0, len(samples), block):
            writer.write(samples[start : start + block])
    return writer


@pytest.mark.parametrize("fmt", FORMATS, ids=_name)
@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2])
def test_length_comes_back_at_every_rate(tmp_path, music, decode, fmt, rate, channels):
    path = tmp_path / f"stem{fmt.suffix}"
    # FFmpeg trims only the last frame of an MP3, whose padding is longer in a song this short.
    shortest = 600 if fmt.codec is Codec.MP3 else 1
    for frames in (shortest, 1000, 20_003):
        writer = _write(path, fmt, music(frames, channels, rate), rate)
        read, warnings = decode(path)
        assert read.shape == (max(round(frames * writer.rate / rate), 1), channels)
        assert warnings == []
        assert writer.clipped == 0


@pytest.mark.parametrize("fmt", LOSSLESS, ids=_name)
def test_lossless_formats_are_exact_to_half_a_step(tmp_path, music, decode, fmt):
    samples = music(20_000)
    path = tmp_path / f"stem{fmt.suffix}"
    _write(path, fmt, samples)
    bound = 0.0 if fmt.bits == 32 else 2.0**-fmt.bits
    assert np.abs(decode(path)[0] - samples).max() <= bound
    assert soundfile.info(path).subtype == {16: "PCM_16", 24: "PCM_24", 32: "FLOAT"}[fmt.bits]


@pytest.mark.parametrize("fmt", LOSSY, ids=_name)
def test_lossy_formats_stay_in_step_with_the_song(tmp_path, music, decode, fmt):
    samples = music(48_000 * 2, 2, 48000)
    path = tmp_path / f"stem{fmt.suffix}"
    _write(path, fmt, samples, 48000)
    read = decode(path)[0]
    inside = slice(5000, -5000)
    error = ((read - samples)[inside] ** 2).sum() / (samples[inside] ** 2).sum()
    assert 10 * np.log10(error) < -20


@pytest.mark.parametrize("fmt", LOSSLESS, ids=_name)
def test_stems_add_up_to_the_mix(tmp_path, music, decode, fmt):
    vocals, mix = 0.5 * music(30_000), music(30_000)[::-1].copy()
    _write(tmp_path / f"a{fmt.suffix}", fmt, vocals)
    _write(tmp_path / f"b{fmt.suffix}", fmt, mix - vocals)
    total = decode(tmp_path / f"a{fmt.suffix}")[0] + decode(tmp_path / f"b{fmt.suffix}")[0]
    error = 10 * np.log10(((total - mix) ** 2).sum() / (mix**2).sum())
    assert error < {16: -80, 24: -125, 32: -140}[fmt.bits]


@pytest.mark.parametrize("fmt", FORMATS, ids=_name)
def test_clipped_samples_are_counted_and_never_wrap(tmp_path, decode, fmt):
    samples = np.zeros((9600, 2), np.float32)
    samples[:, 0] = 1.5 * np.sin(2 * np.pi * 100 * np.arange(9600) / 48000)
    path = tmp_path / f"stem{fmt.suffix}"
    writer = _write(path, fmt, samples, 48000)
    read = decode(path)[0]
    loud = np.abs(samples) > 1.0
    if fmt == OutputFormat(Codec.WAV, bits=32):
        assert writer.clipped == 0
        np.testing.assert_array_equal(read, samples)
        return
    assert writer.clipped == loud.sum()
    # Lossy codecs need a moment to start and to stop.
    loud[:2400], loud[-2400:] = False, False
    assert (np.sign(read[loud]) == np.sign(samples[loud])).all()
    # FFmpeg's AAC encoder turns down what would clip.
    assert np.abs(read[loud]).min() > (0.5 if fmt.codec is Codec.M4A else 0.8)


@pytest.mark.parametrize(
    ("codec", "rate", "written"),
    [
        (Codec.OPUS, 44100, 48000),
        (Codec.OPUS, 96000, 48000),
        (Codec.OPUS, 16000, 16000),
        (Codec.MP3, 96000, 48000),
        (Codec.MP3, 44100, 44100),
        (Codec.M4A, 192000, 48000),
        (Codec.M4A, 96000, 96000),
        (Codec.OGG, 192000, 192000),
        (Codec.FLAC, 192000, 192000),
    ],
)
def test_rates_that_a_codec_cannot_carry_become_48000(
    tmp_path, music, decode, codec, rate, written
):
    path = tmp_path / f"stem.{codec}"
    writer = _write(path, OutputFormat(codec), music(rate // 4, 2, rate), rate)
    assert writer.rate == written
    assert [f"written at {written} Hz" in warning for warning in writer.warnings] == (
        [True] if written != rate else []
    )
    assert len(decode(path)[0]) == written // 4


def _kilobits(path, seconds):
    return path.stat().st_size * 8 / 1000 / seconds


@pytest.mark.parametrize("bitrate", [32, 64, 128, 192, 256, 320])
@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_bitrate_is_exact(tmp_path, music, bitrate, channels):
    path = tmp_path / "stem.mp3"
    _write(path, OutputFormat(Codec.MP3, bitrate=bitrate), music(44100 * 4, channels))
    assert _kilobits(path, 4) == pytest.approx(bitrate, rel=0.02)


def test_mp3_bitrate_too_high_for_the_rate_is_lowered_with_a_warning(tmp_path, music):
    path = tmp_path / "stem.mp3"
    fmt = OutputFormat(Codec.MP3, bitrate=192)
    writer = _write(path, fmt, music(8000 * 4, 2, 8000), 8000)
    assert _kilobits(path, 4) == pytest.approx(64, rel=0.08)
    assert any("at most 64 kbit/s" in warning for warning in writer.warnings)


@pytest.mark.parametrize("codec", [Codec.OPUS, Codec.M4A, Codec.OGG])
@pytest.mark.parametrize("channels", [1, 2])
def test_average_bitrates_follow_what_is_asked(tmp_path, codec, channels):
    noise = 0.1 * np.random.default_rng(0).standard_normal((48000 * 4, channels))
    sizes = []
    for bitrate in (64, 128, 192):
        path = tmp_path / f"stem.{codec}"
        fmt = OutputFormat(codec, bitrate=bitrate)
        _write(path, fmt, noise.astype(np.float32), 48000)
        sizes.append(_kilobits(path, 4))
        if codec is Codec.OPUS:
            assert sizes[-1] == pytest.approx(bitrate, rel=0.06)
    assert sizes == sorted(sizes)
    assert sizes[-1] > 1.5 * sizes[0]


@pytest.mark.parametrize(
    "options",
    [
        {"codec": Codec.WAV, "bits": 8},
        {"codec": Codec.FLAC, "bits": 32},
        {"codec": Codec.WAV, "bitrate": 128},
        {"codec": Codec.MP3, "bitrate": 1000},
        {"codec": Codec.OPUS, "bitrate": 1},
    ],
    ids=str,
)
def test_formats_that_do_not_exist_are_refused(options):
    with pytest.raises(UsageError):
        OutputFormat(**options)


@pytest.mark.parametrize("fmt", FORMATS, ids=_name)
def test_nothing_is_visible_before_the_end_or_after_a_failure(tmp_path, music, fmt):
    path = tmp_path / f"stem{fmt.suffix}"

    def interrupted():
        with open_writer(path, fmt, 48000, 2) as writer:
            writer.write(music(50_000))
            assert [name[:6] for name in _names(tmp_path)] == [".stem."]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert _names(tmp_path) == []


@pytest.mark.parametrize("fmt", FORMATS, ids=_name)
def test_an_existing_file_stays_until_the_new_one_is_whole(tmp_path, music, fmt):
    path = tmp_path / f"stem{fmt.suffix}"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="already exists"):
        open_writer(path, fmt, 48000, 2, overwrite=False)
    with open_writer(path, fmt, 48000, 2) as writer:
        writer.write(music(50_000))
        assert path.read_bytes() == b"old"
    assert path.stat().st_size > 1000
    assert _names(tmp_path) == [path.name]


def test_samples_that_are_no_numbers_are_refused(tmp_path):
    bad = np.array([[0.0], [np.nan]], np.float32)
    with (
        pytest.raises(OutputError, match="NaN"),
        open_writer(tmp_path / "a.wav", OutputFormat(Codec.WAV), 44100, 1) as writer,
    ):
        writer.write(bad)
    assert _names(tmp_path) == []


@pytest.mark.parametrize("fmt", FORMATS, ids=_name)
def test_full_disk_is_noticed_and_leaves_nothing_behind(tmp_path, music, file_size_limit, fmt):
    file_size_limit(60_000)
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (48000 * 8, 2)).astype(np.float32)
    with pytest.raises(OutputError, match=r"stem\.\w+ cannot be written: the file would be"):
        _write(tmp_path / f"stem{fmt.suffix}", fmt, samples, 48000)
    assert _names(tmp_path) == []


@pytest.mark.parametrize("fmt", FORMATS, ids=_name)
def test_full_disk_at_the_very_end_is_noticed(tmp_path, music, file_size_limit, fmt):
    path = tmp_path / f"stem{fmt.suffix}"
    samples = music(48000, 2, 48000)
    _write(path, fmt, samples, 48000)
    size = path.stat().st_size
    path.unlink()
    file_size_limit(size - 1)
    with pytest.raises(OutputError):
        _write(path, fmt, samples, 48000)
    assert _names(tmp_path) == []


@pytest.fixture
def file_size_limit():
    """Let writes fail beyond a size, as on a full disk; works without root and on any system."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_folders_that_cannot_be_written_are_refused(tmp_path, request):
    fmt = OutputFormat(Codec.WAV)
    (tmp_path / "a.wav").mkdir()
    (tmp_path / "file").write_bytes(b"")
    for path, reason in (
        (tmp_path / "missing" / "a.wav", "folder does not exist"),
        (tmp_path / "a.wav", "a folder has that name"),
        (tmp_path / "file" / "a.wav", "is not a folder"),
        (tmp_path / f"{'n' * 300}.wav", "too long"),
    ):
        with pytest.raises(OutputError, match=reason):
            open_writer(path, fmt, 44100, 2)
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o500)
    request.getfixturevalue("unprivileged")
    with pytest.raises(OutputError, match="permission denied"):
        open_writer(locked / "a.wav", fmt, 44100, 2)


@pytest.mark.parametrize(
    "name", ["é" * 125 + ".wav", "🎤" * 60 + ".wav", os.fsdecode(b"caf\xe9.wav"), "a b\n'c.wav"]
)
def test_odd_and_longest_names_work(tmp_path, music, decode, name):
    _write(tmp_path / name, OutputFormat(Codec.WAV), music(100))
    assert _names(tmp_path) == [name]
    assert len(decode(tmp_path / name)[0]) == 100


def test_the_umask_decides_who_may_read(tmp_path, music):
    before = os.umask(0o027)
    try:
        _write(tmp_path / "a.wav", OutputFormat(Codec.WAV), music(100))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.wav").stat().st_mode) == 0o640


def test_without_pyav_m4a_is_refused_with_the_fix(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "core.audio.encode_aac", raising=False)
    monkeypatch.delattr("core.audio.encode_aac", raising=False)
    with pytest.raises(OutputError, match="m4a needs PyAV") as caught:
        open_writer(tmp_path / "a.m4a", OutputFormat(Codec.M4A), 44100, 2)
    assert "pip install av" in caught.value.detail
    assert _names(tmp_path) == []
