"""How fast mixes are rendered, and in how much memory.

python -m benchmarks.mix                    a song of 4 minutes, memory with 3 hours
python -m benchmarks.mix --stems DIR        stems of your own: DIR/vocals.flac, DIR/other.flac ...

The stems are FLAC files; what is timed is everything from opening them to the last byte of a
24-bit FLAC file (drafts: to the last block). Every figure is the best of several runs.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.bars import Bar, publish_bars
from benchmarks.machine import describe_machine
from benchmarks.measure import run_measured
from benchmarks.report import RESULTS
from benchmarks.songs import DEMO_SONG, work_folder
from core.audio.encode import Codec, OutputFormat, open_writer
from core.mix.presets import PRESETS
from core.mix.render import Quality, render_blocks
from core.mix.settings import Mix

_TRUE_STEMS = DEMO_SONG.parent / "true_stems"
_KARAOKE = PRESETS["karaoke"].mix
_MOST_MIB = 300.0


@dataclass(frozen=True, slots=True)
class Case:
    """One mix that is timed.

    Attributes
    ----------
    what
        For the table.
    mix, quality
        What is rendered.
    longest
        Seconds that it may take for four minutes of music; None: nothing is promised.
    """

    what: str
    mix: Mix
    quality: Quality
    longest: float | None


_CASES = (
    Case("karaoke", _KARAOKE, Quality.BEST, 4.0),
    Case("guide vocals", PRESETS["guide"].mix, Quality.BEST, 4.0),
    Case("karaoke, key +2", replace(_KARAOKE, key=2), Quality.BEST, 15.0),
    Case("karaoke, key -3", replace(_KARAOKE, key=-3), Quality.BEST, 15.0),
    Case("karaoke, tempo 90 %", replace(_KARAOKE, tempo=90.0), Quality.BEST, 15.0),
    Case("slowed, reverb", PRESETS["slowed"].mix, Quality.BEST, None),
    Case("draft of karaoke, key +2", replace(_KARAOKE, key=2), Quality.DRAFT, 6.0),
    Case("draft of karaoke, tempo 90 %", replace(_KARAOKE, tempo=90.0), Quality.DRAFT, 6.0),
)

_MEMORY_PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from core.mix.presets import PRESETS
from core.mix.render import render_blocks
stems = {path.stem: path for path in Path(sys.argv[1]).glob("*.flac")}
mix = replace(PRESETS["karaoke"].mix, key=int(sys.argv[2]))
with render_blocks(stems, mix) as rendering:
    assert sum(map(len, rendering)) == rendering.frames
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes. The exit code is 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.mix", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--stems", type=Path, help="folder of FLAC stems; default: made")
    parser.add_argument("--seconds", type=float, default=240.0, help="default: %(default)s")
    parser.add_argument("--long", type=float, default=10800.0, help="s; 0 leaves memory out")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="30 s, one round, memory with 5 min")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.seconds, chosen.long, chosen.rounds = 30.0, 300.0, 1

    machine = describe_machine()
    bars: list[Bar] = []
    figures: dict[str, dict[str, float]] = {}
    with work_folder() as folder:
        stems = _given(chosen.stems) or write_stems(folder / "stems", chosen.seconds)
        for case in _CASES:
            wall, music = _best(case, stems, folder / "mix.flac", chosen.rounds)
            figures[case.what] = {"wall": wall, "music": music}
            bars.append(_speed_bar(case, wall, music))
        if chosen.long:
            write_stems(folder / "long", chosen.long)
            for key in (0, 2):
                program = ("-c", _MEMORY_PROGRAM, str(folder / "long"), str(key))
                peak = run_measured([sys.executable, *program]).peak_mib
                what = f"karaoke of {chosen.long / 3600:g} h" + (f", key +{key}" if key else "")
                figures[what] = {"peak_mib": peak}
                bars.append(_memory_bar(what, peak))
    publish_bars("mix", machine, bars, figures, notes=[], folder=chosen.results)


def write_stems(folder: Path, seconds: float) -> dict[str, Path]:
    """Write vocals and accompaniment of any length by repeating the bundled song's."""
    folder.mkdir(parents=True)
    paths = {}
    for name in ("vocals", "accompaniment"):
        sound, rate = soundfile.read(_TRUE_STEMS / f"{name}.ogg", dtype="float32", always_2d=True)
        paths[name] = folder / f"{name}.flac"
        left = round(seconds * rate)
        with soundfile.SoundFile(paths[name], "w", rate, sound.shape[1], "PCM_16") as file:
            while left > 0:
                file.write(np.clip(sound[:left], -1, 1))
                left -= len(sound)
    return paths


def _given(folder: Path | None) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.flac"))} if folder else {}


def _best(case: Case, stems: Mapping[str, Path], target: Path, rounds: int) -> tuple[float, float]:
    """Return the shortest time of several, and the length of the music, seconds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        with render_blocks(stems, case.mix, quality=case.quality) as rendering:
            if case.quality is Quality.DRAFT:
                for _ in rendering:
                    pass
            else:
                fmt = OutputFormat(Codec.FLAC)
                with open_writer(target, fmt, rendering.rate, rendering.channels) as writer:
                    for block in rendering:
                        writer.write(block)
        times.append(time.perf_counter() - begun)
    return min(times), rendering.duration


def _speed_bar(case: Case, wall: float, music: float) -> Bar:
    measured = f"{wall:.1f} s for {music:.0f} s, {music / wall:.0f}x real time"
    if case.longest is None:
        return Bar(case.what, "", measured)
    # The promise is for four minutes of the original.
    longest = case.longest * music * case.mix.pace / 240
    if case.quality is Quality.DRAFT:
        return Bar(case.what, "40x real time", measured, music / wall >= 40)
    return Bar(case.what, f"{longest:.1f} s", measured, wall <= longest)


def _memory_bar(what: str, peak: float) -> Bar:
    return Bar(what, f"{_MOST_MIB:g} MiB", f"{peak:.0f} MiB", peak <= _MOST_MIB)


if __name__ == "__main__":
    main()
