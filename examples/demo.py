"""Separates the bundled song and scores the stems against the true ones: `make demo`."""

import sys
from pathlib import Path

import soundfile
from demo_song.score import si_sdr
from rich.console import Console
from rich.table import Table

import minusone

SONG_FOLDER = Path(__file__).parent / "demo_song"
SONG = SONG_FOLDER / "minusone - Paper Lanterns.flac"


def main(output: Path, picture: Path | None = None) -> None:
    """Separate the demo song into `output` and print scores and paths.

    `picture` receives what was printed as an SVG (`make screenshot`).
    """
    console = Console(record=True, width=100 if picture else None, highlight=False)
    console.print(f"Separating {SONG.name} ...")
    with minusone.Separator() as separator:
        result = separator.separate_file(SONG, output, existing=minusone.Existing.OVERWRITE)
    console.print(
        f"{result.duration:.1f} s of music in {result.seconds:.1f} s "
        f"({result.realtime_factor:.0f} times real time, on the {result.backend.upper()}; "
        f"{result.backend_reason})\n"
    )
    mix, _ = soundfile.read(SONG, dtype="float32", always_2d=True)
    table = Table(title="SI-SDR against the true stems, dB (higher is better)")
    for column in ("stem", "unprocessed mix", "separated", "gain"):
        table.add_column(column, justify="left" if column == "stem" else "right")
    for stem, path in result.outputs.items():
        truth, _ = soundfile.read(
            SONG_FOLDER / "true_stems" / f"{stem}.ogg", dtype="float32", always_2d=True
        )
        estimate, _ = soundfile.read(path, dtype="float32", always_2d=True)
        before, after = si_sdr(mix, truth), si_sdr(estimate, truth)
        table.add_row(stem, f"{before:.1f}", f"{after:.1f}", f"{after - before:+.1f}")
    console.print(table)
    for stem, path in result.outputs.items():
        console.print(f"{stem:>14}  {path}", soft_wrap=True)
    console.print(
        f"{'karaoke':>14}  {result.outputs['accompaniment']} (the song without its voice)",
        soft_wrap=True,
    )
    if picture:
        console.save_svg(str(picture), title="make demo")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:] or ["demo-output"]))
