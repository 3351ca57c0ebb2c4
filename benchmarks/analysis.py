"""Tempo, beats, bars and key against songs with known ones: python -m benchmarks.analysis

The songs are made by rule (`benchmarks/made_songs.py`): seven styles, tempi from 60 to 200, all
keys, straight and swung, in tune and up to 40 cents off, steady and drifting. A tempo counts as
right within 2 % of the mean tempo; half and twice of it are counted apart. Beats and downbeats:
F-measure within 70 ms, of the songs with the right tempo for downbeats.

--librosa PYTHON   the same files through librosa, in a Python that has it (beat_track; chroma_cqt
                   of the harmonic part with the profiles of Krumhansl and Kessler).
--ultrastar DIR    songs with UltraStar notes. #BPM there is a grid for notes, and who wrote it
                   may have taken any multiple of the tempo, or none: tempi agree when one is the
                   other times 1, 2, 3, 4, 6 or 8, or divided by it, within 2 %.
--stems DIR        folders of stems: nobody has written down what is right; the figures are shown.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bars import Bar, publish_bars
from benchmarks.machine import describe_machine
from benchmarks.made_songs import STYLES, MadeSong, make_song, recipes
from benchmarks.measure import run_measured
from benchmarks.report import RESULTS
from benchmarks.songs import work_folder, write_song
from core.analysis.analyse import analyse
from core.analysis.keys import Key, Mode
from core.evaluation.table import text_table

SHARE = 0.8
"""Of the made songs, whose tempo and key have to be right."""

_SPEED = 5.0
_MEMORY = 300.0
_LONG = 3 * 3600.0
_NEAR = 0.07
_AUDIO = {".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav"}

_LIBROSA = """
import json, sys, warnings
warnings.simplefilter("ignore")
import librosa, numpy as np
profiles = {
    "major": [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
    "minor": [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
}
for path in sys.stdin.read().splitlines():
    sound, rate = librosa.load(path, sr=22050)
    tempo, beats = librosa.beat.beat_track(y=sound, sr=rate, units="time")
    chroma = librosa.feature.chroma_cqt(y=librosa.effects.harmonic(sound), sr=rate).sum(axis=1)
    fits = [(np.corrcoef(np.roll(profiles[mode], tonic), chroma)[0, 1], tonic, mode)
            for mode in profiles for tonic in range(12)]
    _, tonic, mode = max(fits)
    print(json.dumps([float(np.atleast_1d(tempo)[0]), beats.tolist(), tonic, mode]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a program made of a song: tempo, key, and times of beats and downbeats."""

    bpm: float
    key: Key | None
    beats: Sequence[float]
    downbeats: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """How right that was; figures from 0 to 1, but `steps`, which are on the Camelot wheel."""

    style: str
    exact: bool
    octave: bool
    beats: float
    downbeats: float | None
    steps: int


def score(song: MadeSong, heard: Heard) -> Score:
    """Compare with the truth."""
    true = 60 * (len(song.beats) - 1) / (song.beats[-1] - song.beats[0])
    exact = abs(heard.bpm / true - 1) < 0.02
    octave = any(abs(heard.bpm / true / factor - 1) < 0.02 for factor in (0.5, 2))
    downbeats = None
    if exact and heard.downbeats is not None:
        downbeats = f_measure(heard.downbeats, song.downbeats)
    steps = 9 if heard.key is None else heard.key.distance(song.recipe.key)
    beats = f_measure(heard.beats, song.beats)
    return Score(song.recipe.style, exact, octave, beats, downbeats, steps)


def f_measure(found: Sequence[float], true: Sequence[float]) -> float:
    """Return the share of times that are both found and true, within 70 ms."""
    if not found or not true:
        return 0.0
    near = np.abs(np.subtract.outer(np.array(true), np.array(found))).min(axis=1) < _NEAR
    return float(2 * near.sum() / (len(found) + len(true)))


def agrees(bpm: float, grid: float) -> float | None:
    """Return the simple ratio of an UltraStar #BPM to a tempo, None where there is none."""
    ratios = [ratio for n in (1, 2, 3, 4, 6, 8) for ratio in (n, 1 / n)]
    best = min(ratios, key=lambda ratio: abs(np.log(grid / bpm / ratio)))
    return best if abs(grid / bpm / best - 1) < 0.02 else None


def made_songs(count: int, librosa: str | None) -> dict[str, list[Score]]:
    """Make songs, let the programs hear them, score what they say."""
    with work_folder() as folder:
        songs = [make_song(recipe) for recipe in recipes(count)]
        files = [song.write(folder / str(number)) for number, song in enumerate(songs)]
        scores: dict[str, list[Score]] = {}
        for name, wanted in (("mixture", True), ("stems", False)):
            scores[name] = [
                score(song, _hear(paths["mixture"] if wanted else paths))
                for song, paths in zip(songs, files, strict=True)
            ]
        if librosa:
            paths = "\n".join(str(one["mixture"]) for one in files)
            done = subprocess.run(
                [librosa, "-c", _LIBROSA], input=paths, capture_output=True, text=True, check=True
            )
            said = [json.loads(line) for line in done.stdout.splitlines()]
            scores["librosa"] = [
                score(song, Heard(bpm, Key(tonic, Mode(mode)), beats))
                for song, (bpm, beats, tonic, mode) in zip(songs, said, strict=True)
            ]
    return scores


def _hear(paths: Mapping[str, Path] | Path) -> Heard:
    found = analyse(paths)
    return Heard(found.bpm or 0.0, found.key, found.beats, found.downbeats)


def _summary(name: str, scores: Sequence[Score]) -> list[str]:
    downbeats = [one.downbeats for one in scores if one.downbeats is not None]
    return [
        name,
        str(len(scores)),
        _share(one.exact for one in scores),
        _share(one.octave for one in scores),
        f"{np.mean([one.beats for one in scores]):.3f}",
        f"{np.mean(downbeats):.3f}" if downbeats else "-",
        _share(one.steps == 0 for one in scores),
        _share(one.steps == 1 for one in scores),
    ]


def _share(flags: Any) -> str:
    return f"{np.mean(list(flags)):.0%}"


_HEADS = ["songs", "n", "tempo", "octave", "beats F", "bars F", "key", "fifth, relative"]


def _ultrastar(folder: Path) -> list[list[str]]:
    rows = []
    for notes in sorted(folder.glob("*/song.txt")):
        song = next(path for path in sorted(notes.parent.iterdir()) if path.suffix in _AUDIO)
        told = re.search(r"#BPM:\s*([\d.,]+)", notes.read_text("utf-8", "replace"))
        if told is None:
            continue
        grid = float(told[1].replace(",", "."))
        found = analyse(song)
        ratio = agrees(found.bpm, grid) if found.bpm else None
        said = "no simple ratio" if ratio is None else f"#BPM is {ratio:g} times the tempo"
        rows.append([notes.parent.name, f"{grid:g}", *_figures(found), said])
    return rows


def _stems(folder: Path) -> list[list[str]]:
    rows = []
    for one in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = {path.stem: path for path in sorted(one.iterdir()) if path.suffix in _AUDIO}
        if "drums" in files:
            # The sum of stems that are there themselves.
            files.pop("accompaniment", None)
        found = analyse(files)
        sung = sum(end - begin for begin, end in found.vocal_activity)
        rows.append([one.name, *_figures(found), f"{sung:.1f} of {found.duration:.1f} s"])
    return rows


def _figures(found: Any) -> list[str]:
    tempo = "-" if found.bpm is None else f"{found.bpm:.2f}"
    key = "-" if found.key is None else f"{found.key.name}, {found.key.camelot}"
    return [
        tempo,
        f"{found.bpm_confidence:.2f}",
        f"{found.beats_per_bar}",
        f"{found.downbeat_confidence:.2f}",
        key,
        f"{found.key_confidence:.2f}",
        f"{found.tuning:+.0f}",
    ]


_FIGURE_HEADS = ["BPM", "sure", "beats in a bar", "sure", "key", "sure", "cents"]


def _cost(quick: bool) -> list[Bar]:
    program = "import sys, pathlib; from core.analysis.analyse import analyse; "
    program += "analyse(pathlib.Path(sys.argv[1]))"
    bars = []
    with work_folder() as folder:
        lengths = [("4 minutes", 240.0), ("10 minutes" if quick else "3 hours", _LONG)]
        for name, seconds in lengths:
            length = 600.0 if quick and seconds == _LONG else seconds
            song = write_song(folder / "song.wav", length)
            took = run_measured(
                [sys.executable, "-c", program, str(song)],
                {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
            if seconds == _LONG:
                kept = took.peak_mib <= _MEMORY
                bar = f"at most {_MEMORY:.0f} MiB"
            else:
                kept = took.cpu <= _SPEED
                bar = f"at most {_SPEED:.0f} s on one core"
            measured = f"{took.cpu:.1f} s of processor time, {took.peak_mib:.0f} MiB"
            bars.append(Bar(f"analysing {name}", bar, measured, kept))
    return bars


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes."""
    parser = argparse.ArgumentParser(prog="benchmarks.analysis", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--songs", type=int, default=84, help="how many; default: %(default)s")
    parser.add_argument("--librosa", metavar="PYTHON", help="compare with librosa")
    parser.add_argument("--ultrastar", type=Path, metavar="DIR", help="songs with #BPM")
    parser.add_argument("--stems", type=Path, metavar="DIR", help="folders of stems")
    parser.add_argument("--quick", action="store_true", help="14 songs, 10 minutes for 3 hours")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)

    machine = describe_machine()
    begin = time.perf_counter()
    scores = made_songs(14 if chosen.quick else chosen.songs, chosen.librosa)
    rows = [_summary(f"all, {name}", found) for name, found in scores.items()]
    rows += [
        _summary(style, [one for one in scores["mixture"] if one.style == style])
        for style in STYLES
    ]
    print(text_table(_HEADS, rows))
    figures: dict[str, Any] = {"heads": _HEADS, "made": rows}
    if chosen.ultrastar:
        figures["ultrastar"] = _ultrastar(chosen.ultrastar)
        heads = ["UltraStar song", "#BPM", *_FIGURE_HEADS, "compared"]
        print("\n" + text_table(heads, figures["ultrastar"]))
    if chosen.stems:
        figures["stems"] = _stems(chosen.stems)
        print("\n" + text_table(["stems", *_FIGURE_HEADS, "singing"], figures["stems"]))
    bars = []
    for name in ("mixture", "stems"):
        tempo = float(np.mean([one.exact or one.octave for one in scores[name]]))
        key = float(np.mean([one.steps <= 1 for one in scores[name]]))
        bar = f"at least {SHARE:.0%}"
        what = f"made songs, {name}"
        bars.append(Bar(f"{what}: tempo or its octave", bar, f"{tempo:.0%}", tempo >= SHARE))
        bars.append(Bar(f"{what}: key, fifth or relative", bar, f"{key:.0%}", key >= SHARE))
    bars += _cost(chosen.quick)
    publish_bars(
        "analysis",
        machine,
        bars,
        {**figures, "seconds": time.perf_counter() - begin},
        notes=[],
        folder=chosen.results,
    )


if __name__ == "__main__":
    main()
