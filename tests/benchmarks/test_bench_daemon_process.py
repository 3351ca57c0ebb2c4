"""The harness around a real daemon, and the benchmarks that use it, on as little as it takes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import crash, idle, latency, soak, storm, throughput
from benchmarks.bars import Bar, publish_bars
from benchmarks.daemon_process import DaemonProcess, usage
from benchmarks.library_count import count_damage
from benchmarks.machine import describe_machine
from benchmarks.measure import RunFailed
from benchmarks.tones import write_tones

SECONDS = 1.0


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon that has not been started yet."""
    with DaemonProcess(
        tmp_path / "daemon",
        inbox={"quiet": 0.2},
        separation={"threads": 1, "preset": '"fast"'},
    ) as made:
        yield made


@pytest.fixture
def record(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Give the function that reads what a benchmark has stored."""
    return lambda name: json.loads((tmp_path / f"{name}.json").read_text())


Record = Callable[[str], dict[str, Any]]


def _drop(daemon: DaemonProcess, seed: int) -> Path:
    return write_tones(daemon.inbox / f"Band - Song {seed}.wav", SECONDS, seed, rate=22050)


def test_daemon_is_started_looked_at_and_stopped(daemon: DaemonProcess) -> None:
    assert daemon.rows("SELECT 1 FROM jobs") == []
    daemon.start()
    assert daemon.up
    song = _drop(daemon, 1)
    daemon.until(lambda: daemon.counts() == {"done": 1})
    assert [folder.name for folder in daemon.folders()] == ["Band - Song 1"]
    used = daemon.usage()
    assert 5 < used.rss_mib <= used.peak_mib < 200
    # The song was separated in a child.
    assert 0 < used.cpu < daemon.cpu_with_children()
    assert daemon.stop() == 0
    assert not daemon.up
    assert count_damage(daemon, [song], SECONDS).none


def test_killed_daemon_is_gone_and_starts_again(daemon: DaemonProcess) -> None:
    daemon.start()
    daemon.kill()
    assert not daemon.running
    daemon.start()
    assert daemon.up


def test_daemon_that_ends_instead_of_starting_is_a_failure(
    daemon: DaemonProcess, tmp_path: Path
) -> None:
    (tmp_path / "daemon" / "config.toml").write_text("nonsense = [")
    with pytest.raises(RunFailed, match=r"config\.toml"):
        daemon.start()


def test_usage_is_that_of_one_process() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        used = usage(child.pid)
        child.communicate(b"\n")
    assert 0.25 <= used.cpu < 5
    assert used.rss_mib < usage(os.getpid()).rss_mib


def test_damage_of_every_kind_is_counted(daemon: DaemonProcess) -> None:
    songs = [_drop(daemon, seed) for seed in range(4)]
    daemon.start("--once", ready=False)
    assert daemon.ended() == 0
    whole, short, missing, _ = daemon.folders()
    (short / "vocals.flac").write_bytes((short / "vocals.flac").read_bytes()[:-500])
    (missing / "accompaniment.flac").unlink()
    (daemon.library / ".incoming" / "1-a").mkdir(parents=True)
    songs.append(write_tones(daemon.inbox.parent / "never seen.wav", SECONDS, 9))
    # A second folder of a song that has one.
    copy = daemon.library / "copy"
    copy.mkdir()
    for path in whole.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    damage = count_damage(daemon, songs, SECONDS)
    assert (damage.lost, damage.twice, damage.leftovers) == (1, 1, 1)
    assert damage.incomplete == 3
    assert damage.wrong_rows == 2
    assert (damage.unfinished, damage.dangling, damage.integrity) == (0, 0, "ok")
    assert not damage.none


def test_bar_that_is_missed_ends_the_benchmark_after_its_file_is_written(
    tmp_path: Path, record: Record
) -> None:
    bars = [Bar("good", "1", "1"), Bar("bad", "1", "2", kept=False)]
    with pytest.raises(SystemExit) as ended:
        publish_bars("some", describe_machine(), bars, {"n": 3}, notes=[], folder=tmp_path)
    assert ended.value.code == 1
    assert record("some")["n"] == 3
    assert [bar["kept"] for bar in record("some")["bars"]] == [True, False]


def test_crash(tmp_path: Path, record: Record) -> None:
    crash.main(["--kills", "4", "--songs", "3", "--results", str(tmp_path)])
    found = record("crash")
    assert sum(found["victims"].values()) == sum(found["states"].values()) == 4
    assert found["songs"] % 3 == 0
    assert all(bar["kept"] for bar in found["bars"])


def test_storm(tmp_path: Path, record: Record) -> None:
    options = ["--files", "8", "--slow", "5", "--quiet", "0.4", "--separate"]
    storm.main([*options, "--results", str(tmp_path)])
    bars = record("storm")["bars"]
    assert bars[0]["measured"] == "13"
    assert bars[-1]["measured"].startswith("13 folders")


def test_latency(tmp_path: Path, record: Record) -> None:
    options = ["--songs", "1", "--longest", "30", "--quiet", "0.3", "--results", str(tmp_path)]
    # The bar is for a machine that does nothing else.
    try:
        latency.main(options)
    except SystemExit:
        assert not all(bar["kept"] for bar in record("latency")["bars"])
    cold, warm = record("latency")["latencies"]
    assert (cold["warm"], warm["warm"]) == (False, True)
    assert cold["octets"] > 1_000_000
    # Never before the quiet time is over; what is looked at is a clock of its own, hence the slack.
    assert -0.05 < warm["beyond"] < 60


def test_throughput(tmp_path: Path, record: Record) -> None:
    song = write_tones(tmp_path / "song.wav", 2.0, 1)
    options = [str(song), "--preset", "fast", "--rounds", "2", "--threads", "1"]
    try:
        throughput.main([*options, "--results", str(tmp_path)])
    except SystemExit:
        assert not all(bar["kept"] for bar in record("throughput")["bars"])
    rounds = record("throughput")["rounds"]
    assert len(rounds) == 2
    assert all(one["command"]["wall"] > 0.1 and one["daemon"]["wall"] > 0.05 for one in rounds)


def test_idle(tmp_path: Path, record: Record) -> None:
    options = ["--tracks", "20", "--files", "150", "--seconds", "1"]
    try:
        idle.main([*options, "--results", str(tmp_path)])
    except SystemExit:
        assert not all(bar["kept"] for bar in record("idle")["bars"])
    for case in record("idle")["cases"]:
        assert 5 < case["rss_mib"] <= 60


def test_soak_shows_what_was_measured_and_what_was_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_bars(
        "idle",
        describe_machine(),
        [Bar("RSS", "<= 60 MiB", "27.0 MiB")],
        {},
        notes=[],
        folder=tmp_path,
    )
    capsys.readouterr()
    soak.main(["--show", "--part", "idle", "--results", str(tmp_path)])
    assert "27.0 MiB" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        soak.main(["--show", "--part", "idle", "storm", "--results", str(tmp_path)])
    assert "did not" in capsys.readouterr().out
