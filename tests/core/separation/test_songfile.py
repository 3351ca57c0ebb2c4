"""A song file into stem files, with the real network."""

import os
import resource
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC, Picture

from core.audio.encode import Codec, OutputFormat
from core.audio.tags import read_tags
from core.errors import AudioError, MinusoneError, OutputError, UsageError
from core.separation.outputs import Existing
from core.separation.progress import Progress, Stage
from core.separation.separator import Separator

FLOAT = OutputFormat(Codec.WAV, bits=32)
Get = Callable[..., Separator]


def below(reference: np.ndarray, error: np.ndarray) -> float:
    """Level of an error in dB relative to the song."""
    power = np.sum(error.astype(np.float64) ** 2)
    return float(10 * np.log10(power / np.sum(reference.astype(np.float64) ** 2) + 1e-30))


def load(path: Path) -> np.ndarray:
    samples, _ = soundfile.read(path, dtype="float64", always_2d=True)
    return samples


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def one(separator: Get) -> Separator:
    return separator("fast")


@pytest.mark.parametrize(
    ("preset", "codec", "rate", "channels"),
    [
        ("fast", Codec.WAV, 8000, 2),
        ("fast", Codec.FLAC, 11025, 1),
        ("balanced", Codec.FLAC, 22050, 2),
        ("best", Codec.WAV, 32000, 2),
        ("balanced", Codec.WAV, 44100, 1),
        ("best", Codec.FLAC, 48000, 1),
        ("fast", Codec.WAV, 96000, 2),
        ("fast", Codec.FLAC, 192000, 2),
    ],
)
def test_24_bit_stems_add_up_to_the_song(
    preset: str,
    codec: Codec,
    rate: int,
    channels: int,
    separator: Get,
    music: Callable,
    write_song: Callable,
    tmp_path: Path,
) -> None:
    path = write_song(music(1.0, rate, channels), rate, subtype="PCM_24")
    result = separator(preset).separate_file(
        path, tmp_path / "out", output_format=OutputFormat(codec, bits=24)
    )
    song = load(path)
    stems = [load(file) for file in result.outputs.values()]
    for file, stem in zip(result.outputs.values(), stems, strict=True):
        info = soundfile.info(file)
        assert (info.samplerate, info.channels, info.subtype) == (rate, channels, "PCM_24")
        assert stem.shape == song.shape
        assert -40 < below(song, stem) < -0.1
    assert below(song, sum(stems) - song) <= -80


@pytest.mark.parametrize("preset", ["spleeter", "balanced"])
def test_file_is_separated_as_its_samples_are(
    preset: str, separator: Get, music: Callable, write_song: Callable, tmp_path: Path
) -> None:
    song = music(12.7, 48000)
    result = separator(preset).separate_file(
        write_song(song, 48000), tmp_path / "out", output_format=FLOAT
    )
    whole = separator(preset).separate(song, 48000)
    for stem, path in result.outputs.items():
        assert below(song, load(path) - whole[stem].samples) < -100


def test_result_tells_what_was_done(
    one: Separator, music: Callable, write_song: Callable, tmp_path: Path
) -> None:
    path = write_song(music(2.5))
    result = one.separate_file(path, tmp_path / "out")
    assert result.input == path
    assert result.outputs == {
        "vocals": tmp_path / "out" / "Song" / "vocals.wav",
        "accompaniment": tmp_path / "out" / "Song" / "accompaniment.wav",
    }
    assert soundfile.info(result.outputs["vocals"]).subtype == "PCM_16"
    assert not result.skipped
    assert result.duration == pytest.approx(2.5)
    assert result.realtime_factor == pytest.approx(2.5 / result.seconds)
    assert set(result.stage_seconds) == {"reading", "separating", "writing"}
    assert sum(result.stage_seconds.values()) == pytest.approx(result.seconds, abs=1e-6)
    assert min(result.stage_seconds.values()) >= 0
    assert (result.backend, result.backend_reason) == ("cpu", "asked for")
    assert (result.model, result.preset) == ("spleeter-2stems", "fast")
    assert result.warnings == ()


def test_progress_goes_through_the_stages(
    one: Separator, music: Callable, write_song: Callable, tmp_path: Path
) -> None:
    seen: list[Progress] = []
    one.separate_file(write_song(music(14.0)), tmp_path / "out", progress=seen.append)
    stages = [progress.stage for progress in seen]
    assert list(dict.fromkeys(stages)) == [Stage.READING, Stage.SEPARATING, Stage.WRITING]
    assert stages == sorted(stages, key=list(Stage).index)
    assert all(progress.fraction == 0 for progress in seen if progress.stage is Stage.READING)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(progress.total == pytest.approx(14.0) for progress in seen)


class TestNames:
    def test_pattern_names_the_files(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        path = write_song(music(0.3), name="Of {braces} & dots.v2.wav")
        result = one.separate_file(
            path,
            tmp_path / "out",
            output_format=OutputFormat(Codec.FLAC),
            filename_format="{foldername}/{instrument}/{filename}.{codec}",
        )
        expected = tmp_path / "out" / tmp_path.name / "vocals" / "Of {braces} & dots.v2.flac"
        assert result.outputs["vocals"] == expected
        assert files_in(tmp_path / "out") == sorted(result.outputs.values())

    def test_only_the_wanted_stems_are_written(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        result = one.separate_file(write_song(music(0.3)), tmp_path / "out", stems=["vocals"])
        assert files_in(tmp_path / "out") == [result.outputs["vocals"]]

    @pytest.mark.parametrize("pattern", ["{filename}.{codec}", "{song}", "../{instrument}", "{"])
    def test_impossible_pattern_is_refused_before_anything_is_done(
        self, pattern: str, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        path = write_song(music(0.3))
        with pytest.raises(UsageError, match="pattern"):
            one.separate_file(path, tmp_path / "out", filename_format=pattern)
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("link", [None, os.link, os.symlink])
    @pytest.mark.parametrize("existing", list(Existing))
    def test_song_is_never_overwritten(
        self,
        link: Callable | None,
        existing: Existing,
        one: Separator,
        music: Callable,
        write_song: Callable,
        tmp_path: Path,
    ) -> None:
        path = write_song(music(0.3), name="vocals.wav")
        output = tmp_path
        if link is not None:
            output = tmp_path / "elsewhere"
            output.mkdir()
            link(path, output / "vocals.wav")
        before = path.read_bytes()
        with pytest.raises(OutputError, match="the song itself"):
            one.separate_file(
                path, output, filename_format="{instrument}.{codec}", existing=existing
            )
        assert path.read_bytes() == before
        assert not (output / "accompaniment.wav").exists()


class TestExisting:
    @pytest.fixture
    def done(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> tuple[Path, dict[str, Path]]:
        path = write_song(music(0.3))
        result = one.separate_file(path, tmp_path / "out")
        for file in result.outputs.values():
            file.write_bytes(b"kept")
        return path, result.outputs

    def test_error_is_the_default_and_touches_nothing(
        self, one: Separator, done: tuple[Path, dict[str, Path]], tmp_path: Path
    ) -> None:
        path, outputs = done
        outputs["vocals"].unlink()
        with pytest.raises(OutputError, match=r"accompaniment\.wav is there already") as caught:
            one.separate_file(path, tmp_path / "out")
        assert "--overwrite" in caught.value.detail
        assert files_in(tmp_path / "out") == [outputs["accompaniment"]]
        assert outputs["accompaniment"].read_bytes() == b"kept"

    def test_skip_leaves_a_complete_set_alone(
        self, one: Separator, done: tuple[Path, dict[str, Path]], tmp_path: Path
    ) -> None:
        path, outputs = done
        seen: list[Progress] = []
        result = one.separate_file(
            path, tmp_path / "out", existing=Existing.SKIP, progress=seen.append
        )
        assert result.skipped
        assert result.outputs == outputs
        assert (result.duration, result.realtime_factor) == (0.0, 0.0)
        assert seen == []
        assert all(file.read_bytes() == b"kept" for file in outputs.values())

    def test_skip_completes_an_incomplete_set(
        self, one: Separator, done: tuple[Path, dict[str, Path]], tmp_path: Path
    ) -> None:
        path, outputs = done
        outputs["vocals"].unlink()
        result = one.separate_file(path, tmp_path / "out", existing=Existing.SKIP)
        assert not result.skipped
        assert soundfile.info(outputs["vocals"]).frames == soundfile.info(path).frames

    def test_overwrite_replaces(
        self, one: Separator, done: tuple[Path, dict[str, Path]], tmp_path: Path
    ) -> None:
        path, outputs = done
        one.separate_file(path, tmp_path / "out", existing=Existing.OVERWRITE)
        for file in outputs.values():
            assert soundfile.info(file).frames == soundfile.info(path).frames
        assert files_in(tmp_path / "out") == sorted(outputs.values())


class TestParts:
    def test_offset_and_duration_cut_a_part(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        song = music(3.0)
        result = one.separate_file(
            write_song(song), tmp_path / "out", output_format=FLOAT, offset=1.0, duration=0.5
        )
        part = song[44100:66150]
        stems = [load(file) for file in result.outputs.values()]
        assert result.duration == pytest.approx(0.5)
        assert stems[0].shape == part.shape
        assert below(part, sum(stems) - part) <= -120

    def test_part_is_cut_off_at_the_end(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        path = write_song(music(1.0))
        result = one.separate_file(path, tmp_path / "out", offset=0.75, duration=60.0)
        assert result.duration == pytest.approx(0.25)

    def test_offset_behind_the_end_is_refused(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        with pytest.raises(AudioError, match="offset"):
            one.separate_file(write_song(music(1.0)), tmp_path / "out", offset=2.0)
        assert files_in(tmp_path / "out") == []


class TestOddSongs:
    @pytest.mark.parametrize("rate", [8000, 44100, 192000])
    def test_one_sample(
        self, rate: int, one: Separator, write_song: Callable, tmp_path: Path
    ) -> None:
        path = write_song(np.full((1, 2), 0.5, np.float32), rate)
        result = one.separate_file(path, tmp_path / "out", output_format=FLOAT)
        stems = [load(file) for file in result.outputs.values()]
        np.testing.assert_allclose(sum(stems), [[0.5, 0.5]], atol=1e-6)

    @pytest.mark.parametrize("preset", ["fast", "best"])
    def test_silence(
        self, preset: str, separator: Get, write_song: Callable, tmp_path: Path
    ) -> None:
        path = write_song(np.zeros((20_000, 2), np.float32))
        result = separator(preset).separate_file(path, tmp_path / "out")
        assert not any(load(file).any() for file in result.outputs.values())
        assert result.warnings == ()

    def test_file_with_samples_that_are_no_numbers_is_refused(
        self, one: Separator, write_song: Callable, tmp_path: Path
    ) -> None:
        song = np.zeros((60_000, 2), np.float32)
        song[50_000, 1] = np.nan
        with pytest.raises(AudioError, match=r"Song\.wav.*not numbers"):
            one.separate_file(write_song(song), tmp_path / "out")
        assert files_in(tmp_path / "out") == []

    @pytest.mark.parametrize("name", ["Song.wav", "Song.flac"])
    def test_truncated_file_is_separated_as_far_as_it_goes(
        self, name: str, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        path = write_song(music(4.0), name=name, subtype="PCM_16")
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
        result = one.separate_file(path, tmp_path / "out")
        assert 1.5 < result.duration < 3.0
        assert any("cut off or damaged" in warning for warning in result.warnings)
        frames = round(result.duration * 44100)
        assert {soundfile.info(file).frames for file in result.outputs.values()} == {frames}

    def test_header_that_promises_too_little_or_too_much_is_not_believed(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        # As a program leaves it that wrote to a pipe: both lengths unknown.
        path = write_song(music(1.0), subtype="PCM_16")
        data = bytearray(path.read_bytes())
        at = data.index(b"data") + 4
        data[4:8] = data[at : at + 4] = struct.pack("<I", 0xFFFFFFFF)
        path.write_bytes(data)
        assert one.separate_file(path, tmp_path / "out").duration == pytest.approx(1.0)

    def test_surround_song_becomes_stereo_with_a_warning(
        self, one: Separator, write_song: Callable, tmp_path: Path
    ) -> None:
        noise = np.random.default_rng(0).uniform(-0.1, 0.1, (30_000, 6)).astype(np.float32)
        result = one.separate_file(write_song(noise, 48000), tmp_path / "out")
        assert soundfile.info(result.outputs["vocals"]).channels == 2
        assert any("6 channels" in warning for warning in result.warnings)

    def test_stems_beyond_full_scale_are_told_of(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        song = music(1.0)
        path = write_song((song / np.abs(song).max() * 1.6).astype(np.float32))
        result = one.separate_file(path, tmp_path / "out")
        assert any("exceed full scale" in warning for warning in result.warnings)
        kept = one.separate_file(path, tmp_path / "float", output_format=FLOAT)
        assert kept.warnings == ()
        assert np.abs(sum(load(file) for file in kept.outputs.values())).max() == pytest.approx(
            1.6, rel=1e-5
        )

    def test_what_is_no_song_is_refused(self, one: Separator, tmp_path: Path) -> None:
        (tmp_path / "notes.mp3").write_text("words " * 1000)
        (tmp_path / "empty.wav").touch()
        for song in ("missing.wav", "notes.mp3", "empty.wav", "."):
            with pytest.raises(AudioError) as caught:
                one.separate_file(tmp_path / song, tmp_path / "out")
            assert caught.value.title
        assert files_in(tmp_path / "out") == []


class TestSongThatChangesMeanwhile:
    """The song is read twice; between the passes it may become another one."""

    @staticmethod
    def between_the_passes(change: Callable[[], object]) -> Callable[[Progress], None]:
        def watch(progress: Progress) -> None:
            nonlocal changed
            if not changed:
                changed = True
                change()

        changed = False
        return watch

    @pytest.mark.parametrize(
        ("frames", "channels", "rate"), [(15_000, 2, 44100), (30_000, 1, 44100), (30_000, 2, 8000)]
    )
    def test_another_song_under_the_same_name_is_noticed(
        self,
        frames: int,
        channels: int,
        rate: int,
        one: Separator,
        music: Callable,
        write_song: Callable,
        tmp_path: Path,
    ) -> None:
        path = write_song(music(1.0)[:30_000])
        other = tmp_path / "other.wav"
        soundfile.write(other, music(1.0)[:frames, :channels], rate, subtype="FLOAT")
        watch = self.between_the_passes(lambda: other.replace(path))
        with pytest.raises(MinusoneError, match=r"Song\.wav"):
            one.separate_file(path, tmp_path / "out", progress=watch)
        assert files_in(tmp_path / "out") == []

    def test_song_that_vanishes_is_noticed(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        path = write_song(music(0.5))
        with pytest.raises(AudioError, match="does not exist"):
            one.separate_file(path, tmp_path / "out", progress=self.between_the_passes(path.unlink))
        assert files_in(tmp_path / "out") == []

    def test_song_that_grows_is_separated_as_long_as_it_was(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        song = music(1.0)
        path = write_song(song[:30_000])
        longer = tmp_path / "longer.wav"
        soundfile.write(longer, song, 44100, subtype="FLOAT")
        result = one.separate_file(
            path,
            tmp_path / "out",
            progress=self.between_the_passes(lambda: longer.replace(path)),
        )
        assert soundfile.info(result.outputs["vocals"]).frames == 30_000


@pytest.mark.parametrize("codec", [Codec.FLAC, Codec.MP3, Codec.M4A])
def test_tags_and_cover_are_carried_into_the_stems(
    codec: Codec, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
) -> None:
    path = write_song(music(0.5), name="Song.flac", subtype="PCM_16")
    png = (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0"
        b"\2\0\1H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82"
    )
    tagged = FLAC(path)
    tagged["title"] = "Paper Lanterns"
    tagged["artist"] = "The Testers"
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", png
    tagged.add_picture(picture)
    tagged.save()
    result = one.separate_file(path, tmp_path / "out", output_format=OutputFormat(codec))
    for stem, said in (("vocals", "Vocals"), ("accompaniment", "Instrumental")):
        tags = read_tags(result.outputs[stem])
        assert tags.title == f"Paper Lanterns ({said})"
        assert tags.artist == "The Testers"
        assert tags.cover is not None
        assert tags.cover.data == png


def test_song_without_a_title_lends_its_file_name(
    one: Separator, music: Callable, write_song: Callable, tmp_path: Path
) -> None:
    path = write_song(music(0.3), name="Lanterns.wav")
    result = one.separate_file(path, tmp_path / "out", output_format=OutputFormat(Codec.FLAC))
    assert read_tags(result.outputs["vocals"]).title == "Lanterns (Vocals)"


@contextmanager
def limited_file_size(limit: int) -> Iterator[None]:
    """Let no file grow beyond this many bytes: what a full disk looks like to a program."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class TestNothingIsLeftBehind:
    @pytest.mark.parametrize("stage", list(Stage))
    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_after_an_exception_in_the_progress_callback(
        self,
        stage: Stage,
        error: type[BaseException],
        one: Separator,
        music: Callable,
        write_song: Callable,
        tmp_path: Path,
    ) -> None:
        parts: list[list[Path]] = []

        def stop(progress: Progress) -> None:
            if progress.stage is stage and progress.fraction in (0.0, 1.0):
                parts.append(files_in(tmp_path / "out"))
                raise error

        path = write_song(music(0.5))
        with pytest.raises(error):
            one.separate_file(path, tmp_path / "out", progress=stop)
        if stage is not Stage.READING:
            assert len(parts[0]) == 2  # There was something to be left behind.
            assert all(part.name.startswith(".") for part in parts[0])
        assert files_in(tmp_path / "out") == []
        # And the separator works on.
        assert not one.separate_file(path, tmp_path / "out").skipped

    def test_what_was_there_before_survives_a_failure(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        path = write_song(music(0.5))
        outputs = one.separate_file(path, tmp_path / "out").outputs
        before = {file: file.read_bytes() for file in outputs.values()}

        def stop(progress: Progress) -> None:
            if progress.stage is Stage.WRITING:
                raise RuntimeError

        with pytest.raises(RuntimeError):
            one.separate_file(path, tmp_path / "out", existing=Existing.OVERWRITE, progress=stop)
        assert {file: file.read_bytes() for file in files_in(tmp_path / "out")} == before

    @pytest.mark.parametrize("codec", [Codec.WAV, Codec.FLAC])
    def test_when_the_disk_is_full(
        self, codec: Codec, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        one.load()
        path = write_song(music(3.0))
        with (
            limited_file_size(100_000),
            pytest.raises(OutputError, match=r"(vocals|accompaniment)\.") as caught,
        ):
            one.separate_file(path, tmp_path / "out", output_format=OutputFormat(codec))
        assert isinstance(caught.value, OutputError)
        assert files_in(tmp_path / "out") == []

    def test_when_a_stem_cannot_be_given_its_name(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        def block(progress: Progress) -> None:
            if progress.stage is Stage.WRITING:
                (tmp_path / "out" / "Song" / "vocals.wav").mkdir(exist_ok=True)

        with pytest.raises(OutputError, match=r"vocals\.wav"):
            one.separate_file(write_song(music(0.5)), tmp_path / "out", progress=block)
        assert files_in(tmp_path / "out") == []

    def test_when_the_folder_cannot_be_made(
        self, one: Separator, music: Callable, write_song: Callable, tmp_path: Path
    ) -> None:
        (tmp_path / "out").write_text("a file where the folder should be")
        with pytest.raises(OutputError, match="cannot be made") as caught:
            one.separate_file(write_song(music(0.3)), tmp_path / "out")
        assert caught.value.detail
        assert (tmp_path / "out").read_text() == "a file where the folder should be"
