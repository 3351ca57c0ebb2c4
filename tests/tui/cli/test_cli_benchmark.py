"""`minusone benchmark quality`: tables for people, an object for programs, clear errors."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from click.testing import Result

from core.errors import OutputError
from core.evaluation.quality import QualityReport, SongScore, StemScore
from core.evaluation.summary import summarize
from core.separation.presets import PRESETS
from tui.cli import benchmark

Invoke = Callable[..., Result]


@pytest.fixture
def stems(tmp_path: Path, make_song: Callable[..., Path]) -> Path:
    """A folder with one song: half a second, its channels taken as two stems."""
    folder = tmp_path / "stems" / "A Song"
    samples, rate = soundfile.read(make_song(tmp_path / "song.wav", 0.5), dtype="float32")
    folder.mkdir(parents=True)
    for channel, stem in enumerate(("vocals", "accompaniment")):
        soundfile.write(folder / f"{stem}.wav", samples[:, channel], rate, subtype="FLOAT")
    return folder.parent


def _quality(invoke: Invoke, *arguments: str | Path) -> Result:
    return invoke("benchmark", "quality", "--backend", "cpu", "-p", "fast", *arguments)


def test_table_has_a_line_for_every_preset_and_stem(invoke: Invoke, stems: Path) -> None:
    result = _quality(invoke, stems)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "1 song, 0:00, spleeter-2stems"
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in lines[4:8]]
    assert cells == [
        ["spleeter", "vocals"],
        ["spleeter", "accompaniment"],
        ["fast", "vocals"],
        ["fast", "accompaniment"],
    ]
    assert "A Song: mixture is the sum of the stems" in lines
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "A Song, spleeter",
        "A Song, fast",
    ]


def test_songs_are_listed_on_request(invoke: Invoke, stems: Path) -> None:
    assert "| A Song |" not in _quality(invoke, stems).stdout
    assert _quality(invoke, stems, "--songs").stdout.count("| A Song |") == 2


def test_json_holds_scores_and_summary(invoke: Invoke, stems: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "scores.json"
    result = _quality(invoke, stems, "--json", "--quiet", "-o", file)
    assert result.stderr == ""
    record = json.loads(result.stdout)
    assert json.loads(file.read_text()) == record
    assert record["presets"] == ["spleeter", "fast"]
    score = record["scores"][1]["stems"]["vocals"]["sdr"]
    assert record["summary"][1]["stems"][0]["sdr"] == score


def test_folder_without_songs_is_a_usage_error(invoke: Invoke, tmp_path: Path) -> None:
    result = _quality(invoke, tmp_path)
    assert result.exit_code == 2
    assert "no songs with true stems" in result.stderr
    assert "Some Song/vocals.flac" in result.stderr


def test_unwritable_file_is_an_error(invoke: Invoke, stems: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = _quality(invoke, stems, "-q", "-o", tmp_path / "file" / "scores.json")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_presets_are_the_engines(invoke: Invoke) -> None:
    shown = invoke("benchmark", "quality", "--help").stdout
    assert f"[{'|'.join(PRESETS)}]" in shown


def test_infinite_and_missing_scores_are_shown_and_stored() -> None:
    stems = {"vocals": StemScore(None, None, None), "other": StemScore(5.0, 5.0, float("inf"))}
    scores = tuple(
        SongScore("Song\n", name, 10.0, 2.0, 3.0, stems) for name in ("spleeter", "best")
    )
    presets, names = ("spleeter", "best"), ("vocals", "other")
    report = QualityReport("model", "spleeter", presets, names, 0.0, scores, {})
    table = benchmark.preset_table(report, summarize(report)).splitlines()
    assert [cell.strip() for cell in table[4].split("|")[1:7]] == ["best", "vocals", *["-"] * 4]
    assert "inf" in benchmark.song_table(report)
    assert "Song\\n" in benchmark.song_table(report)
    document = benchmark.json_document(report, summarize(report))
    assert json.loads(document)["scores"][0]["stems"]["other"]["sir"] == "inf"


def test_output_error_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="scores"):
        benchmark.write_document(tmp_path / "a" / ("scores" * 60), "{}")
