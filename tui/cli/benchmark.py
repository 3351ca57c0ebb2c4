"""`minusone benchmark`: how good the separation is on songs whose stems are known."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli.separate import BACKENDS, DEFAULT_MODEL, PRESETS
from tui.cli.values import path
from tui.cli.wording import clock, count, safe

if TYPE_CHECKING:
    from core.evaluation.quality import QualityReport, SongScore
    from core.evaluation.summary import PresetSummary


@click.group("benchmark")
def command() -> None:
    """Measure the separation on your own songs."""


@command.command("quality")
@click.argument("folder", metavar="DIR", type=path)
@click.option(
    "--preset",
    "-p",
    "presets",
    type=click.Choice(PRESETS),
    multiple=True,
    help="Measure this one; may be given again. All unless given.",
)
@click.option(
    "--reference",
    type=click.Choice(PRESETS),
    default="spleeter",
    show_default=True,
    help="The preset that differences and times refer to.",
)
@click.option("--model", "-m", metavar="NAME", default=DEFAULT_MODEL, show_default=True)
@click.option("--backend", type=click.Choice(BACKENDS), default="auto", show_default=True)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; all cores unless given.")
@click.option(
    "--gain",
    type=float,
    metavar="DB",
    default=0.0,
    help="Make the songs louder or softer first, for example -18.",
)
@click.option("--songs", is_flag=True, help="Print a line for every song as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.option(
    "--output", "-o", metavar="FILE", type=path, help="Write the JSON object to this file too."
)
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
def quality_command(
    folder: Path,
    presets: tuple[str, ...],
    reference: str,
    model: str,
    backend: str,
    threads: int | None,
    gain: float,
    songs: bool,
    as_json: bool,
    output: Path | None,
    quiet: bool,
) -> None:
    """Separate songs with known stems by every preset, and score the stems.

    DIR holds one folder per song: mixture.flac, vocals.flac, accompaniment.flac (or drums, bass
    and other), in any usual format. SDR says how close a stem comes to the true one, SIR how
    little is heard in it of the others; both in dB, means over the songs, higher is better.
    """
    # Deferred: the model runtime and the audio libraries, which --help does not need.
    from core.evaluation.quality import measure_quality
    from core.evaluation.summary import summarize

    report = measure_quality(
        folder,
        presets or PRESETS,
        model=model,
        reference=reference,
        backend=backend,
        threads=threads,
        gain=gain,
        progress=None if quiet else _show,
    )
    summaries = summarize(report)
    document = json_document(report, summaries)
    if output is not None:
        write_document(output, document)
    if as_json:
        click.echo(document)
        return
    click.echo(_heading(report))
    click.echo(preset_table(report, summaries))
    if songs:
        click.echo(f"\n{song_table(report)}")
    for song, notes in report.notes.items():
        for note in notes:
            click.echo(f"{safe(song)}: {note}")


def preset_table(report: "QualityReport", summaries: tuple["PresetSummary", ...]) -> str:
    """Lay out one line per preset and stem."""
    from core.evaluation.table import decibels, text_table

    heads = ["preset", "stem", "SDR", f"to {report.reference}", "worst song", "SIR"]
    heads += [f"to {report.reference}", "SI-SDR", "time", "CPU", "real time"]
    rows = [
        [
            summary.preset,
            stem.stem,
            decibels(stem.sdr),
            decibels(stem.sdr_gain, signed=True),
            decibels(stem.worst_gain, signed=True),
            decibels(stem.sir),
            decibels(stem.sir_gain, signed=True),
            decibels(stem.si_sdr),
            f"x{summary.time_ratio:.2f}",
            f"x{summary.cpu_ratio:.2f}",
            f"{summary.realtime_factor:.0f}x",
        ]
        for summary in summaries
        for stem in summary.stems
    ]
    return text_table(heads, rows)


def song_table(report: "QualityReport") -> str:
    """Lay out one line per song and preset."""
    from core.evaluation.table import decibels, text_table

    heads = ["song", "preset"]
    heads += [f"{stem} {figure}" for stem in report.stems for figure in ("SDR", "SIR")]
    rows = []
    for score in report.scores:
        cells = [safe(score.song), score.preset]
        for stem in report.stems:
            found = score.stems.get(stem)
            cells += [
                decibels(figure) for figure in ((found.sdr, found.sir) if found else (None, None))
            ]
        rows.append([*cells, f"{score.seconds:.1f} s"])
    return text_table([*heads, "time"], rows)


def _heading(report: "QualityReport") -> str:
    songs = {score.song: score.duration for score in report.scores}
    level = f", {report.gain:+g} dB" if report.gain else ""
    return f"{count(len(songs), 'song')}, {clock(sum(songs.values()))}, {report.model}{level}\n"


def _show(score: "SongScore") -> None:
    from core.evaluation.table import decibels

    figures = ", ".join(f"{name} {decibels(stem.sdr)} dB" for name, stem in score.stems.items())
    line = f"{safe(score.song)}, {score.preset}: {figures} ({score.seconds:.1f} s)"
    click.echo(line, err=True)


def json_document(report: "QualityReport", summaries: tuple["PresetSummary", ...]) -> str:
    """Return report and summaries as one JSON object; infinities as "inf" and "-inf"."""
    record = {**asdict(report), "summary": [asdict(summary) for summary in summaries]}
    return json.dumps(_finite(record), indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    # JSON knows no infinity: a stem that is exactly right, or holds nothing of the truth.
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return value


def write_document(file: Path, document: str) -> None:
    """Write text to a file; its folder is made.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    from core.errors import OutputError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{document}\n", encoding="utf-8")
    except OSError as exc:
        raise OutputError(
            f"The file {safe(file)} cannot be written ({exc.strerror}).",
            "Choose another place with --output.",
        ) from exc
