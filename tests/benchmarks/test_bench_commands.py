"""Every benchmark runs from end to end, on as little as it takes."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from benchmarks import install_size, memory, patch_time, quality, stages, whole_program
from benchmarks.songs import write_song
from core.separation.backend import default_threads
from core.separation.litert import CpuNetwork
from core.separation.stft import Stft


@pytest.fixture
def results(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Give the function that reads what a benchmark has stored."""
    return lambda name: json.loads((tmp_path / f"{name}.json").read_text())


Results = Callable[[str], dict[str, Any]]


def test_patch_time(tmp_path: Path, results: Results) -> None:
    patch_time.main(["--quick", "--rounds", "1", "--results", str(tmp_path)])
    record = results("patch_time")
    threads = sorted({1, default_threads()})
    assert [patch["threads"] for patch in record["patches"] if patch["threads"]] == threads
    for patch in record["patches"]:
        assert patch["variant"] == "shipped"
        assert patch["to_plain"] is None
        assert patch["wall_ms"] > 1
        assert patch["rate"] == pytest.approx(12.197 / (patch["wall_ms"] / 1e3), rel=1e-3)
    assert "MINUSONE_CHECKPOINT" in record["notes"][0]


def test_whole_program(tmp_path: Path, results: Results) -> None:
    options = ["--seconds", "2", "--rounds", "1", "--batch", "2", "--preset", "fast"]
    whole_program.main([*options, "--results", str(tmp_path)])
    record = results("whole_program")
    one, batch = record["results"]
    assert (one["name"], one["songs"]) == ("minusone, fast", 1)
    assert batch["songs"] == 2
    assert 20 < one["run"]["peak_mib"] < 2000
    assert one["realtime_factor"] == pytest.approx(2 / one["run"]["wall"])
    assert one["wall_ratio"] is None
    assert any("--reference DIR" in note for note in record["notes"])


def test_whole_program_goes_on_without_a_broken_reference(tmp_path: Path, results: Results) -> None:
    options = ["--seconds", "1", "--rounds", "1", "--batch", "0", "--preset", "fast"]
    options += ["--reference-venv", str(tmp_path / "none"), "--results", str(tmp_path)]
    whole_program.main(options)
    record = results("whole_program")
    assert len(record["results"]) == 1
    assert any("bin/spleeter does not exist" in note for note in record["notes"])


def test_whole_program_compares_pair_by_pair(tmp_path: Path, results: Results) -> None:
    # A stand-in for the reference: it takes its arguments and does nothing for a tenth of a second.
    program = tmp_path / "venv" / "bin" / "spleeter"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!{sys.executable} -S\nimport time\nwhile time.process_time() < 0.1: pass\n"
    )
    program.chmod(0o755)
    checkpoint = tmp_path / "venv" / "models" / "2stems"
    checkpoint.mkdir(parents=True)
    for name in ("model.index", ".probe"):
        (checkpoint / name).touch()
    options = ["--seconds", "1", "--rounds", "2", "--batch", "0", "--preset", "fast"]
    options += ["--reference-venv", str(tmp_path / "venv"), "--results", str(tmp_path)]
    whole_program.main(options)
    own, reference = results("whole_program")["results"]
    assert reference["name"] == "Spleeter"
    assert reference["wall_ratio"] == reference["cpu_ratio"] == 1.0
    assert own["cpu_ratio"] > 1.0


def test_memory(tmp_path: Path, results: Results) -> None:
    options = ["--seconds", "1", "2", "--preset", "fast", "--results", str(tmp_path)]
    memory.main(options)
    peaks = results("memory")["peaks"]
    assert [peak["seconds"] for peak in peaks] == [1.0, 2.0]
    assert all(20 < peak["run"]["peak_mib"] < 2000 for peak in peaks)


def test_stages(tmp_path: Path, results: Results) -> None:
    options = ["--seconds", "2", "--preset", "balanced", "best", "--results", str(tmp_path)]
    stages.main(options)
    balanced, best = results("stages")["profiles"]
    assert set(stages.STAGES) - set(balanced["seconds"]) == {"Wiener filter"}
    assert set(best["seconds"]) == {*stages.STAGES, stages.OTHER}
    for profile in (balanced, best):
        assert sum(profile["seconds"].values()) == pytest.approx(profile["total"])
        assert max(profile["seconds"], key=profile["seconds"].get) == "network"
        # What the wrappers see is nearly everything, and nothing is counted twice.
        assert -0.1 < profile["seconds"][stages.OTHER] / profile["total"] < 0.3
    assert not hasattr(CpuNetwork.masks, "__wrapped__")
    assert not hasattr(Stft.__call__, "__wrapped__")


def test_install_size(tmp_path: Path, results: Results) -> None:
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    for name, octets in (("small", 10), ("large", 5000), ("pip", 9999)):
        metadata = site / f"{name}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
        (metadata / "RECORD").write_text(f"{name}.py,,\n")
        (site / f"{name}.py").write_bytes(b"#" * octets)
    install_size.main(["--venv", str(tmp_path / "venv"), "--results", str(tmp_path)])
    record = results("install_size")
    assert record["packages"]["minusone"] == [
        {"name": "large", "octets": 5000},
        {"name": "small", "octets": 10},
    ]
    assert record["totals"] == {"minusone": 5010}


def test_quality(tmp_path: Path, results: Results) -> None:
    song = tmp_path / "songs" / "A Song"
    samples, rate = soundfile.read(write_song(tmp_path / "demo.wav", 1.0), dtype="float32")
    song.mkdir(parents=True)
    for name, part in (("vocals", 0.4), ("accompaniment", 0.6)):
        soundfile.write(song / f"{name}.wav", part * samples, rate)
    quality.main([str(song.parent), "--quick", "--results", str(tmp_path)])
    assert results("quality")["presets"] == ["spleeter", "balanced"]
