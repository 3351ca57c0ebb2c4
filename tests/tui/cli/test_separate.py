"""`minusone separate` on real songs with the built-in model."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile
from click.testing import Result

from core.audio.formats import Codec
from core.separation.backend import Backend
from core.separation.masks import MaskExtension
from core.separation.outputs import DEFAULT_PATTERN
from core.separation.presets import DEFAULT_PRESET, PRESETS, Bandwidth
from core.separation.separator import DEFAULT_MODEL
from tui.cli import separate

Invoke = Callable[..., Result]
MakeSong = Callable[..., Path]


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def files_under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_choices_are_those_of_the_engine() -> None:
    assert list(separate.PRESETS) == list(PRESETS)
    assert list(separate.BACKENDS) == list(Backend)
    assert list(separate.CODECS) == list(Codec)
    assert list(separate.BANDWIDTHS) == list(Bandwidth)
    assert list(separate.MASK_EXTENSIONS) == list(MaskExtension)
    assert separate.DEFAULT_PRESET == DEFAULT_PRESET
    assert separate.DEFAULT_MODEL == DEFAULT_MODEL
    assert separate.DEFAULT_NAMES == DEFAULT_PATTERN


def test_song_becomes_stems_of_its_length_named_as_spleeter_does(
    invoke: Invoke, song: Path, tmp_path: Path
) -> None:
    result = invoke("separate", song, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert files_under(tmp_path / "out") == ["Song/accompaniment.wav", "Song/vocals.wav"]
    for stem in ("vocals", "accompaniment"):
        info = soundfile.info(tmp_path / "out" / "Song" / f"{stem}.wav")
        assert (info.frames, info.samplerate, info.channels) == (44100, 44100, 2)
        assert info.subtype == "PCM_16"


def test_plain_output_is_a_line_per_start_and_end(invoke: Invoke, song: Path) -> None:
    result = invoke("separate", song, "-o", song.parent / "out")
    start, backend, end = result.stdout.splitlines()
    assert start == "Song.wav: separating"
    assert backend.startswith("Running on the CPU (")
    assert end.startswith("Song.wav: 0:01 in ")
    assert end.endswith("out/Song/ (vocals.wav, accompaniment.wav)")
    assert result.stderr == ""
    assert all(char == "\n" or char.isprintable() for char in result.stdout)


def test_without_output_the_stems_go_to_a_folder_here(
    invoke: Invoke, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke("separate", song).exit_code == 0
    assert files_under(tmp_path / "separated") == ["Song/accompaniment.wav", "Song/vocals.wav"]


def test_json_is_one_object_and_talk_goes_to_standard_error(
    invoke: Invoke, song: Path, tmp_path: Path
) -> None:
    result = invoke("separate", song, "-o", tmp_path / "out", "--json", "--preset", "spleeter")
    (record,) = records(result.stdout)
    assert record["input"] == str(song)
    assert record["outputs"] == {
        stem: str(tmp_path / "out" / "Song" / f"{stem}.wav") for stem in ("vocals", "accompaniment")
    }
    assert record["duration"] == 1.0
    assert record["realtime_factor"] == pytest.approx(1.0 / record["seconds"], rel=1e-3)
    assert (record["backend"], record["model"]) == ("cpu", "spleeter-2stems")
    assert (record["preset"], record["skipped"], record["warnings"]) == ("spleeter", False, [])
    assert "Song.wav: separating" in result.stderr


def test_quiet_says_nothing_but_errors(invoke: Invoke, song: Path, tmp_path: Path) -> None:
    result = invoke("separate", song, tmp_path / "gone.mp3", "-o", tmp_path / "out", "--quiet")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "gone.mp3" in result.stderr
    assert "Song" not in result.stderr


def test_one_bad_file_does_not_stop_the_others(
    invoke: Invoke, make_song: MakeSong, tmp_path: Path
) -> None:
    make_song(tmp_path / "music" / "1.wav")
    (tmp_path / "music" / "2.mp3").write_bytes(b"no music at all" * 100)
    make_song(tmp_path / "music" / "3.wav")
    result = invoke("separate", tmp_path / "music", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 1
    first, second, third = records(result.stdout)
    assert list(first["outputs"]) == list(third["outputs"]) == ["vocals", "accompaniment"]
    assert second["input"].endswith("2.mp3")
    assert "2.mp3" in second["error"]["title"]
    assert "[2/3] 2.mp3: failed" in result.stderr
    assert "3 songs: 2 separated, 1 failed." in result.stderr
    assert result.stderr.count("Running on") == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"1", "3"}


def test_folder_is_looked_into_deeply_only_when_asked(
    invoke: Invoke, make_song: MakeSong, tmp_path: Path
) -> None:
    make_song(tmp_path / "music" / "disc 1" / "a.wav", 0.2)
    shallow = invoke("separate", tmp_path / "music", "-o", tmp_path / "out")
    assert shallow.exit_code == 1
    assert "holds no songs" in shallow.stderr
    assert "--recursive" in shallow.stderr
    assert invoke("separate", tmp_path / "music", "-r", "-o", tmp_path / "out").exit_code == 0
    assert files_under(tmp_path / "out") == ["a/accompaniment.wav", "a/vocals.wav"]


def test_stems_inside_the_music_folder_are_not_separated_again(
    invoke: Invoke, make_song: MakeSong, tmp_path: Path
) -> None:
    make_song(tmp_path / "music" / "a.wav", 0.2)
    arguments = ("separate", tmp_path / "music", "-r", "-o", tmp_path / "music", "--json")
    for extra in ([], ["--overwrite"]):
        result = invoke(*arguments, *extra)
        assert [record["input"] for record in records(result.stdout)] == [
            str(tmp_path / "music" / "a.wav")
        ]


def test_songs_with_the_same_outputs_are_told_apart_before_the_work(
    invoke: Invoke, make_song: MakeSong, tmp_path: Path
) -> None:
    one = make_song(tmp_path / "one" / "a.wav", 0.2)
    two = make_song(tmp_path / "two" / "a.wav", 0.2)
    result = invoke("separate", one, two, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 1
    done, refused = records(result.stdout)
    assert done["input"] == str(one)
    assert refused["input"] == str(two)
    assert "--filename-format" in refused["error"]["detail"]
    both = invoke(
        *("separate", one, two, "-o", tmp_path / "both"),
        *("--filename-format", "{foldername}/{filename}-{instrument}.{codec}"),
    )
    assert both.exit_code == 0
    assert files_under(tmp_path / "both") == [
        "one/a-accompaniment.wav",
        "one/a-vocals.wav",
        "two/a-accompaniment.wav",
        "two/a-vocals.wav",
    ]


def test_existing_stems_are_an_error_kept_or_replaced_as_asked(
    invoke: Invoke, song: Path, tmp_path: Path
) -> None:
    arguments = ("separate", song, "-o", tmp_path / "out")
    vocals = tmp_path / "out" / "Song" / "vocals.wav"
    assert invoke(*arguments).exit_code == 0
    vocals.write_bytes(b"mine")
    refused = invoke(*arguments)
    assert refused.exit_code == 1
    assert "--overwrite" in refused.stderr
    assert "--skip-existing" in refused.stderr
    skipped = invoke(*arguments, "--skip-existing")
    assert skipped.exit_code == 0
    assert "skipped" in skipped.stdout
    assert vocals.read_bytes() == b"mine"
    assert invoke(*arguments, "--overwrite").exit_code == 0
    assert soundfile.info(vocals).frames == 44100


def test_part_of_a_song_some_stems_another_format(
    invoke: Invoke, song: Path, tmp_path: Path
) -> None:
    result = invoke(
        *("separate", song, "-o", tmp_path / "out", "--offset", "0:00.25", "--duration", "0.5"),
        *("--stems", "vocals", "--format", "flac", "--bits", "24"),
    )
    assert result.exit_code == 0
    assert files_under(tmp_path / "out") == ["Song/vocals.flac"]
    info = soundfile.info(tmp_path / "out" / "Song" / "vocals.flac")
    assert (info.frames, info.subtype) == (22050, "PCM_24")


def test_names_that_are_no_utf8_are_separated_printed_and_recorded(
    invoke: Invoke, make_song: MakeSong, tmp_path: Path
) -> None:
    name = os.fsdecode(b"caf\xe9 \xf0\x9f\x8e\xa4\n.wav")
    song = make_song(tmp_path / "plain.wav", 0.2).rename(tmp_path / name)
    result = invoke("separate", song, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0
    (record,) = records(result.stdout)
    assert record["input"] == str(song)
    assert Path(record["outputs"]["vocals"]).is_file()
    assert r"caf\xe9 🎤\n.wav: separating" in result.stderr


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--preset", "fastest"], "'spleeter', 'fast', 'balanced', 'best'"),
        (["--backend", "tpu"], "'auto', 'cpu', 'gpu'"),
        (["--format", "aiff"], "'wav', 'flac', 'ogg', 'opus', 'mp3', 'm4a'"),
        (["--bits", "8"], "'16', '24', '32', 'float'"),
        (["--bandwidth", "12k"], "'11k', '16k', 'full'"),
        (["--mask-extension", "mean"], "'zeros', 'average', 'edge'"),
        (["--threads", "0"], "x>=1"),
        (["--overlap", "-1"], "x>=0"),
        (["--offset", "soon"], "--offset"),
        (["--duration", "0"], "more than 0"),
        (["--bitrate", "much"], "--bitrate"),
        (["--bitrate", "192"], "takes no bit rate"),
        (["--format", "mp3", "--bitrate", "9"], "from 32 to 320"),
        (["--format", "mp3", "--bits", "16"], "takes no number of bits"),
        (["--format", "flac", "--bits", "float"], "16, 24"),
        (["--stems", "vocals,kazoo"], "no stem kazoo"),
        (["--filename-format", "{title}.{codec}"], "{instrument}"),
        (["--filename-format", "{filename}.{codec}"], "same name"),
        (["--output", ""], "is empty"),
    ],
)
def test_bad_values_are_usage_errors_that_name_the_choices(
    invoke: Invoke, song: Path, tmp_path: Path, options: list[str], expected: str
) -> None:
    result = invoke("separate", song, "-o", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("inputs", [[], [""]])
def test_no_song_is_a_usage_error(invoke: Invoke, inputs: list[str]) -> None:
    assert invoke("separate", *inputs).exit_code == 2


def test_unknown_model_is_told_before_the_work(invoke: Invoke, song: Path) -> None:
    result = invoke("separate", song, "--model", "spleeter-4stems")
    assert result.exit_code == 1
    assert "minusone models install spleeter-4stems" in result.stderr
