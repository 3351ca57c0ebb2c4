"""Names of the stems' files, and writing several at once."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.audio.encode import Codec, OutputFormat
from core.audio.tags import Tags
from core.errors import OutputError, UsageError
from core.separation.outputs import DEFAULT_PATTERN, StemWriters, stem_paths

STEMS = ("vocals", "accompaniment")
WAV = OutputFormat(Codec.WAV, bits=32)


def paths_for(pattern: str, song: str = "/music/Album/01 Song.mp3", stems=STEMS) -> dict[str, Path]:
    return stem_paths(Path(song), Path("/out"), stems, WAV, pattern)


def test_default_pattern_is_spleeters() -> None:
    assert paths_for(DEFAULT_PATTERN) == {
        "vocals": Path("/out/01 Song/vocals.wav"),
        "accompaniment": Path("/out/01 Song/accompaniment.wav"),
    }


def test_every_field_can_be_used() -> None:
    paths = paths_for("{foldername}-{filename}/{instrument}.{codec}")
    assert paths["vocals"] == Path("/out/Album-01 Song/vocals.wav")


def test_folder_of_a_relative_song_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = paths_for("{foldername}-{instrument}", "song.wav")
    assert paths["vocals"] == Path(f"/out/{tmp_path.name}-vocals")


@pytest.mark.parametrize(
    "pattern",
    [
        "{filename}.{codec}",  # All stems in one file.
        "{artist}/{instrument}",
        "{}/{instrument}",
        "{instrument",
        "{instrument:d}",
        "{instrument.size}",
        "../{instrument}",
        "a/../../{instrument}",
        "/tmp/{instrument}",
    ],
)
def test_impossible_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="pattern") as caught:
        paths_for(pattern)
    assert "{instrument}" in caught.value.detail


@pytest.mark.parametrize("pattern", ["", ".", "/", "./"])
def test_pattern_that_names_no_file_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="pattern"):
        paths_for(pattern, stems=("vocals",))


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    return {stem: tmp_path / "new" / "folder" / f"{stem}.wav" for stem in STEMS}


def open_writers(paths: dict[str, Path], fmt: OutputFormat = WAV) -> StemWriters:
    return StemWriters(paths, fmt, 8000, 1, Tags(), "Song")


def test_all_stems_appear_when_all_are_written(paths: dict[str, Path], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    songs = {stem: random.uniform(-1, 1, (200_000, 1)).astype(np.float32) for stem in STEMS}
    before = threading.active_count()
    with open_writers(paths) as writers:
        for at in range(0, 200_000, 70_000):
            for stem, samples in songs.items():
                writers.write(stem, samples[at : at + 70_000])
        assert not any(path.exists() for path in paths.values())
    assert files_in(tmp_path) == sorted(paths.values())
    assert threading.active_count() == before
    for stem, path in paths.items():
        np.testing.assert_array_equal(
            soundfile.read(path, dtype="float32", always_2d=True)[0], songs[stem]
        )
    assert writers.warnings() == []


def test_exception_leaves_no_file_and_no_thread(paths: dict[str, Path], tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop() -> None:
        with open_writers(paths) as writers:
            writers.write("vocals", np.zeros((100_000, 1), np.float32))
            raise StoppedError

    before = threading.active_count()
    with pytest.raises(StoppedError):
        stop()
    assert files_in(tmp_path) == []
    assert threading.active_count() == before


def test_error_of_a_writing_thread_reaches_the_caller(
    paths: dict[str, Path], tmp_path: Path
) -> None:
    def write() -> None:
        with open_writers(paths) as writers:
            writers.write("vocals", np.full((10, 1), np.nan, np.float32))
            for _ in range(100):  # Long enough to fill every queue, had the thread died.
                writers.write("vocals", np.zeros((100_000, 1), np.float32))
                writers.write("accompaniment", np.zeros((100_000, 1), np.float32))

    before = threading.active_count()
    with pytest.raises(OutputError, match="NaN"):
        write()
    assert files_in(tmp_path) == []
    assert threading.active_count() == before


def test_error_in_the_last_block_is_not_lost(paths: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="NaN"), open_writers(paths) as writers:
        writers.write("accompaniment", np.full((10, 1), np.nan, np.float32))
    assert files_in(tmp_path) == []


def test_second_file_that_cannot_be_made_takes_the_first_along(
    paths: dict[str, Path], tmp_path: Path
) -> None:
    paths["accompaniment"].mkdir(parents=True)
    with pytest.raises(OutputError, match="accompaniment"):
        open_writers(paths)
    assert files_in(tmp_path) == []


def test_clipped_samples_are_counted_for_each_stem(paths: dict[str, Path]) -> None:
    with open_writers(paths, OutputFormat(Codec.WAV, bits=16)) as writers:
        writers.write("vocals", np.array([[0.5], [1.5], [-2.0]], np.float32))
        writers.write("accompaniment", np.zeros((3, 1), np.float32))
    (said,) = writers.warnings()
    assert said.startswith("2 samples of vocals")


def test_one_warning_is_said_once(paths: dict[str, Path]) -> None:
    fmt = OutputFormat(Codec.OPUS)
    opus = {stem: path.with_suffix(".opus") for stem, path in paths.items()}
    with StemWriters(opus, fmt, 44100, 1, Tags(), "Song") as writers:
        for stem in STEMS:
            writers.write(stem, np.zeros((4410, 1), np.float32))
    said = writers.warnings()
    assert len(said) == len(set(said)) > 0


def test_stems_of_unequal_blocks_do_not_wait_for_each_other(
    paths: dict[str, Path], music: Callable
) -> None:
    song = music(5.0, 8000, 1)
    with open_writers(paths) as writers:
        writers.write("vocals", song)
        for at in range(0, len(song), 999):
            writers.write("accompaniment", song[at : at + 999])
    assert {soundfile.info(path).frames for path in paths.values()} == {len(song)}
