"""Peak memory of the whole program for a short song and a very long one.

Memory must not grow with the length of a song: python -m benchmarks.memory
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.measure import Run, minusone_command, run_measured
from benchmarks.report import RESULTS, publish
from benchmarks.songs import DEMO_SONG, work_folder, write_song


@dataclass(frozen=True, slots=True)
class Peak:
    """One song: its length in seconds, the preset, and what the program took."""

    seconds: float
    preset: str
    run: Run


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes."""
    parser = argparse.ArgumentParser(prog="benchmarks.memory", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, nargs="+", default=[180.0, 10800.0])
    parser.add_argument("--preset", nargs="+", default=["balanced"])
    parser.add_argument("--song", type=Path, default=DEMO_SONG, help="music to repeat")
    parser.add_argument("--quick", action="store_true", help="30 s and 5 min")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    lengths = [30.0, 300.0] if chosen.quick else chosen.seconds

    machine = describe_machine()
    peaks: list[Peak] = []
    with work_folder() as folder:
        for seconds in lengths:
            song = write_song(folder / "song.wav", seconds, chosen.song)
            for preset in chosen.preset:
                stems = folder / "stems"
                command = minusone_command("separate", song, "-p", preset, "-q", "-o", stems)
                peaks.append(Peak(seconds, preset, run_measured(command)))
                shutil.rmtree(stems)
    first = {peak.preset: peak.run.peak_mib for peak in reversed(peaks)}
    publish(
        "memory",
        machine,
        ["music", "preset", "peak MiB", "above the first", "wall s", "real time"],
        [
            [
                f"{peak.seconds / 60:g} min",
                peak.preset,
                f"{peak.run.peak_mib:.0f}",
                f"{peak.run.peak_mib - first[peak.preset]:+.0f}",
                f"{peak.run.wall:.1f}",
                f"{peak.seconds / peak.run.wall:.1f}x",
            ]
            for peak in peaks
        ],
        {"peaks": [asdict(peak) for peak in peaks]},
        folder=chosen.results,
    )


if __name__ == "__main__":
    main()
