"""SDR and SIR of every preset on songs with known stems: python -m benchmarks.quality DIR

The same as `minusone benchmark quality`, with the JSON file where the other benchmarks put theirs.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import RESULTS
from benchmarks.songs import DEMO_SONG
from tui.cli.benchmark import command


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="default: the demo song alone")
    parser.add_argument("--quick", action="store_true", help="the presets spleeter and balanced")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    presets = ["--preset", "balanced"] if chosen.quick else []
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or _demo_folder(Path(scratch))
        output = str(chosen.results / "quality.json")
        options = [*presets, "--songs", "--output", output]
        command.main(["quality", str(folder), *options], standalone_mode=False)


def _demo_folder(folder: Path) -> Path:
    """Lay the demo song out as `minusone benchmark quality` expects it."""
    song = folder / "demo song"
    song.mkdir()
    (song / "mixture.flac").symlink_to(DEMO_SONG)
    for stem in (DEMO_SONG.parent / "true_stems").iterdir():
        (song / stem.name).symlink_to(stem)
    return folder


if __name__ == "__main__":
    main()
