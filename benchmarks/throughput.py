"""A batch of songs through the daemon, against `minusone separate` in one process.

python -m benchmarks.throughput                8 songs of 4 minutes, 3 rounds
python -m benchmarks.throughput SONG ...       these songs

Both write FLAC with the same preset and number of threads, and take turns. The daemon's time is
that from the first job's start to the last job's end, its worker's start included, as the other
one's time is from typing the command to the prompt. Its CPU time is all that it and its workers
take from start to end, so what it does beside separating (hashing, probing, the database) counts.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.bars import Bar, publish_bars
from benchmarks.daemon_process import DaemonProcess
from benchmarks.machine import describe_machine
from benchmarks.measure import Run, RunFailed, minusone_command, run_measured
from benchmarks.report import RESULTS
from benchmarks.songs import work_folder
from benchmarks.tones import write_tones

_BAR = 1.05


@dataclass(frozen=True, slots=True)
class Round:
    """Both ways, one after the other.

    Attributes
    ----------
    command, daemon
        What each took; wall and CPU seconds.
    """

    command: Run
    daemon: Run


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes. The exit code is 1 if the bar is missed."""
    chosen = _parse(arguments)
    machine = describe_machine()
    with work_folder() as folder:
        songs = [song.absolute() for song in chosen.song]
        if not songs:
            (folder / "songs").mkdir()
            songs = [
                write_tones(folder / "songs" / f"Band - Song {n}.wav", chosen.seconds, n)
                for n in range(chosen.songs)
            ]
        # Once before anything is measured: programs come from the disk's cache afterwards.
        _command(folder, songs[:1], chosen)
        rounds = []
        for number in range(chosen.rounds):
            # Who goes first changes: what comes second finds warmer caches and a warmer machine.
            if number % 2:
                daemon = _daemon(folder, songs, chosen)
                rounds.append(Round(_command(folder, songs, chosen), daemon))
            else:
                command = _command(folder, songs, chosen)
                rounds.append(Round(command, _daemon(folder, songs, chosen)))
    what = f"{len(songs)} songs, {chosen.preset}, against 'minusone separate'"
    publish_bars(
        "throughput",
        machine,
        [
            _bar(f"{what}: wall time", [(one.command.wall, one.daemon.wall) for one in rounds]),
            _bar(f"{what}: CPU time", [(one.command.cpu, one.daemon.cpu) for one in rounds]),
        ],
        {"preset": chosen.preset, "rounds": [asdict(one) for one in rounds]},
        notes=[
            f"Median of {len(rounds)} rounds; all ratios: "
            + ", ".join(f"{one.daemon.wall / one.command.wall:.3f}" for one in rounds)
            + ". Workers run at normal priority here (jobs.nice = 0), as the command does."
        ],
        folder=chosen.results,
    )


def _bar(what: str, pairs: Sequence[tuple[float, float]]) -> Bar:
    ratio = median(daemon / command for command, daemon in pairs)
    command, daemon = (median(column) for column in zip(*pairs, strict=True))
    return Bar(
        what,
        f"<= {_BAR:.2f} x",
        f"{ratio:.3f} x ({daemon:.1f} s to {command:.1f} s)",
        ratio <= _BAR,
    )


def _command(folder: Path, songs: Sequence[Path], chosen: argparse.Namespace) -> Run:
    output = folder / "stems"
    options = ["--preset", chosen.preset, "--format", "flac", "--quiet", "-o", str(output)]
    if chosen.threads:
        options += ["--threads", str(chosen.threads)]
    try:
        return run_measured(minusone_command("separate", *songs, *options))
    finally:
        shutil.rmtree(output, ignore_errors=True)


def _daemon(folder: Path, songs: Sequence[Path], chosen: argparse.Namespace) -> Run:
    place = folder / "daemon"
    threads = {"threads": chosen.threads} if chosen.threads else {}
    with DaemonProcess(
        place,
        inbox={"quiet": 0.2},
        jobs={"nice": 0, "io_priority": '"normal"'},
        separation={"preset": f'"{chosen.preset}"', "format": '"flac"', **threads},
    ) as daemon:
        for number, song in enumerate(songs):
            # A song that is given twice is still two songs to the other program.
            (daemon.inbox / f"{number} {song.name}").hardlink_to(song)
        whole = run_measured(daemon.command("--once"))
        jobs = daemon.rows("SELECT state, started_at, finished_at FROM jobs")
    shutil.rmtree(place)
    if [job["state"] for job in jobs] != ["done"] * len(songs):
        raise RunFailed(f"not every song was separated: {[job['state'] for job in jobs]}")
    begin = min(job["started_at"] for job in jobs)
    wall = max(job["finished_at"] for job in jobs) - begin
    return Run(wall, whole.cpu, whole.peak_mib)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.throughput", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("song", type=Path, nargs="*", help="each of them another one")
    parser.add_argument("--songs", type=int, default=8, help="to make; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=240.0, help="default: %(default)s")
    parser.add_argument("--preset", default="balanced", help="default: %(default)s")
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="4 songs of half a minute, once")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.songs, chosen.rounds = min(chosen.songs, 4), 1
        chosen.seconds = min(chosen.seconds, 30.0)
    return chosen


if __name__ == "__main__":
    main()
