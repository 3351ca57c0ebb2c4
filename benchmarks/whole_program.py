"""The whole program, from typing the command to the prompt: time, processor time, peak memory.

python -m benchmarks.whole_program                       minusone alone
python -m benchmarks.whole_program --reference DIR       installs Spleeter into DIR and runs both
python -m benchmarks.whole_program --reference-venv VENV --reference-models MODELS   if it is there

Programs take turns, so that a machine that gets slower is slower for all; ratios are taken
between neighbouring runs, and their medians are shown.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.machine import describe_machine
from benchmarks.measure import Run, RunFailed, middle, minusone_command, run_measured
from benchmarks.reference import NoReference, Reference, install_reference, use_reference
from benchmarks.report import RESULTS, publish
from benchmarks.songs import DEMO_SONG, work_folder, write_song

REFERENCE = "Spleeter"
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Contender:
    """One program and the way it is called.

    Attributes
    ----------
    name
        For the table.
    preset
        Of minusone; None stands for the reference implementation.
    songs
        How many songs it gets in one call.
    """

    name: str
    preset: str | None
    songs: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """One contender on music of one length, medians.

    Attributes
    ----------
    seconds
        Length of a song.
    name, songs
        Of the contender.
    run
        Wall seconds, CPU seconds, peak MiB of one call.
    realtime_factor
        Seconds of music per second of wall time, start-up included.
    wall_ratio, cpu_ratio
        To the reference on the same music; None where that did not run.
    """

    seconds: float
    name: str
    songs: int
    run: Run
    realtime_factor: float
    wall_ratio: float | None
    cpu_ratio: float | None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes."""
    chosen = _parse(arguments)
    machine = describe_machine()
    notes: list[str] = []
    reference = _find_reference(chosen, notes)
    results: list[Result] = []
    with work_folder() as folder:
        # Once before anything is measured: libraries come from the disk's cache afterwards.
        _separate(Contender("", chosen.preset[0]), write_song(folder / "try.wav", 3.0), None)
        for seconds in chosen.seconds:
            song = write_song(folder / f"{seconds:g}.wav", seconds, chosen.song)
            contenders = _contenders(chosen, seconds, reference, notes)
            rounds = 1 if seconds >= HOUR else chosen.rounds
            results += measure(contenders, song, seconds, rounds, reference)
    publish(
        "whole_program",
        machine,
        ["music", "program", "wall s", "CPU s", "peak MiB", "real time", "wall", "CPU"],
        [_row(result) for result in results],
        {"results": [asdict(result) for result in results]},
        notes=["The last two columns are multiples of Spleeter's.", *notes],
        folder=chosen.results,
    )


def measure(
    contenders: Sequence[Contender],
    song: Path,
    seconds: float,
    rounds: int,
    reference: Reference | None,
) -> list[Result]:
    """Run all contenders in turn, `rounds` times."""
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            runs[contender.name].append(_separate(contender, song, reference))
    base = runs.get(REFERENCE)
    results = []
    for contender in contenders:
        own = runs[contender.name]
        # A batch is another job than the reference's one song.
        pairs = [] if base is None or contender.songs > 1 else list(zip(own, base, strict=True))
        run = middle(own)
        results.append(
            Result(
                seconds=seconds,
                name=contender.name,
                songs=contender.songs,
                run=run,
                realtime_factor=seconds * contender.songs / run.wall,
                wall_ratio=median(a.wall / b.wall for a, b in pairs) if pairs else None,
                cpu_ratio=median(a.cpu / b.cpu for a, b in pairs) if pairs else None,
            )
        )
    return results


def _separate(contender: Contender, song: Path, reference: Reference | None) -> Run:
    output = song.parent / "stems"
    songs = [song]
    for number in range(1, contender.songs):
        copy = song.with_name(f"{song.stem}-{number}{song.suffix}")
        if not copy.exists():
            copy.hardlink_to(song)
        songs.append(copy)
    try:
        if contender.preset is None and reference is not None:
            return run_measured(reference.command(song, output), reference.variables)
        options = ["--preset", str(contender.preset), "--quiet", "-o", str(output)]
        return run_measured(minusone_command("separate", *songs, *options))
    finally:
        shutil.rmtree(output, ignore_errors=True)


def _contenders(
    chosen: argparse.Namespace, seconds: float, reference: Reference | None, notes: list[str]
) -> list[Contender]:
    hour = seconds >= HOUR
    presets = chosen.preset[:1] if hour else chosen.preset
    found = [Contender(f"minusone, {preset}", preset) for preset in presets]
    if chosen.batch > 1 and not hour and seconds == max(s for s in chosen.seconds if s < HOUR):
        name = f"minusone, {presets[0]}, {chosen.batch} songs"
        found.append(Contender(name, presets[0], chosen.batch))
    if reference is not None and hour and not chosen.reference_hour:
        notes.append(
            "Spleeter did not get the long song: it keeps whole songs in memory, some 25 MB for "
            "each second. --reference-hour runs it all the same."
        )
    elif reference is not None:
        found.append(Contender(REFERENCE, None))
    return found


def _find_reference(chosen: argparse.Namespace, notes: list[str]) -> Reference | None:
    try:
        if chosen.reference_venv is not None:
            models = chosen.reference_models or chosen.reference_venv / "models"
            reference = use_reference(chosen.reference_venv, models)
        elif chosen.reference is not None:
            reference = install_reference(chosen.reference)
        else:
            notes.append("Spleeter was not measured: --reference DIR installs it there (2.4 GB).")
            return None
        with work_folder() as folder:  # whether it runs at all, before anything is measured
            _separate(Contender(REFERENCE, None), write_song(folder / "try.wav", 3.0), reference)
    except (NoReference, RunFailed) as problem:
        notes.append(f"Spleeter was not measured: {problem}.")
        return None
    return reference


def _row(result: Result) -> list[str]:
    length = f"{result.seconds:g} s" if result.seconds < 60 else f"{result.seconds / 60:g} min"
    return [
        length if result.songs == 1 else f"{result.songs} x {length}",
        result.name,
        f"{result.run.wall:.2f}",
        f"{result.run.cpu:.2f}",
        f"{result.run.peak_mib:.0f}",
        f"{result.realtime_factor:.1f}x",
        "-" if result.wall_ratio is None else f"{result.wall_ratio:.3f}",
        "-" if result.cpu_ratio is None else f"{result.cpu_ratio:.3f}",
    ]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.whole_program", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, nargs="+", default=[30.0, 240.0, HOUR])
    parser.add_argument("--preset", nargs="+", default=["balanced", "best"])
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--batch", type=int, default=5, help="songs in a batch; 0: none")
    parser.add_argument("--song", type=Path, default=DEMO_SONG, help="music to repeat")
    parser.add_argument("--reference", type=Path, metavar="DIR", help="install Spleeter here")
    parser.add_argument("--reference-venv", type=Path, metavar="VENV")
    parser.add_argument("--reference-models", type=Path, metavar="DIR")
    parser.add_argument("--reference-hour", action="store_true")
    parser.add_argument("--quick", action="store_true", help="30 s of music, once")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.seconds, chosen.rounds, chosen.batch = [min(chosen.seconds)], 1, 2
    return chosen


if __name__ == "__main__":
    main()
