"""`minusone models`: what there is, whether it is whole, and how to get more."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from core.catalog.registry import (
    BrokenModel,
    bundled_manifest,
    find_model,
    read_catalog,
    user_models_dir,
)
from core.errors import MinusoneError, ModelError
from core.separation.manifest import ModelEntry
from tui.cli.complaint import complain
from tui.cli.values import folder
from tui.cli.wording import safe, size


@click.group("models")
def command() -> None:
    """List, check, install and build separation models."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_command(as_json: bool) -> None:
    """Show every model with its stems, size, licence and measured figures."""
    catalog = read_catalog()
    if as_json:
        records = [_describe(entry) for entry in catalog.entries]
        records += [_describe_broken(problem) for problem in catalog.problems]
        click.echo(json.dumps(records, indent=2))
    else:
        click.echo("\n\n".join(_paragraph(entry) for entry in catalog.entries))
        for problem in catalog.problems:
            complain(problem.error)
    if catalog.problems:
        sys.exit(1)


@command.command("verify")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def verify_command(names: tuple[str, ...], as_json: bool) -> None:
    """Compare model files with their checksums: those named, or all."""
    verdicts: list[tuple[str, ModelError | None]] = []
    if names:
        verdicts += [(name, _verify_named(name)) for name in names]
    else:
        catalog = read_catalog()
        verdicts += [(entry.name, _verify(entry)) for entry in catalog.entries]
        verdicts += [(problem.name, problem.error) for problem in catalog.problems]
    if as_json:
        click.echo(json.dumps([_verdict_record(*verdict) for verdict in verdicts], indent=2))
    else:
        for name, error in verdicts:
            if error is None:
                click.echo(f"{name}: whole")
            else:
                complain(error)
    if any(error is not None for _, error in verdicts):
        sys.exit(1)


@command.command("install")
@click.argument("name")
@click.option(
    "--from",
    "archive",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Use an archive that is here already, instead of downloading it.",
)
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
def install_command(name: str, archive: Path | None, quiet: bool) -> None:
    """Download a published Spleeter model and convert it: spleeter-4stems, spleeter-5stems.

    A download that was cut off goes on where it stopped.
    """
    from core.catalog.install import install_model
    from tui.cli.installing import show_install

    with show_install(quiet=quiet) as progress:
        entry = install_model(name, archive=archive, progress=progress)
    if not quiet:
        click.echo(f"Installed.\n{_paragraph(entry)}")


@command.command("build")
@click.argument(
    "checkpoint", metavar="CHECKPOINT_DIR", type=click.Path(file_okay=False, path_type=Path)
)
@click.option(
    "--output",
    "-o",
    metavar="DIR",
    type=folder,
    help="Folder for the model file and its manifest; one called like the model if not given.",
)
@click.option("--name", help="Which published network it is; recognized if not given.")
@click.option("--overwrite", is_flag=True, help="Replace a model that is there already.")
def build_command(checkpoint: Path, output: Path | None, name: str | None, overwrite: bool) -> None:
    """Convert and quantize a Spleeter checkpoint; needs no TensorFlow.

    The same checkpoint always gives the same model file, byte for byte.
    """
    # Deferred: the converter is not needed to list models.
    from tui.cli.building import build

    file = build(checkpoint, name, output, overwrite=overwrite)
    click.echo(f"{safe(file)}: {size(file.stat().st_size)}")
    place = user_models_dir() / file.stem
    if file.stem not in {entry.name for entry in read_catalog().entries}:
        click.echo(f"To use it as --model {file.stem}, build it with --output {safe(place)}")


def _verify_named(name: str) -> ModelError | None:
    try:
        return _verify(find_model(name))
    except ModelError as error:
        return error


def _verify(entry: ModelEntry) -> ModelError | None:
    try:
        entry.verify()
    except ModelError as error:
        return error
    return None


def _paragraph(entry: ModelEntry) -> str:
    octets = _octets(entry)
    figures = ", ".join(
        f"{name.replace('_', ' ')} {value:g}" for name, value in entry.measured.items()
    )
    rows = [
        ("stems", ", ".join(entry.spec.stems)),
        ("size", "the file is missing" if octets is None else size(octets)),
        ("licence", entry.licence),
        ("credit", entry.attribution),
        ("source", f"{_origin(entry)}, {safe(entry.path)}"),
        ("measured", figures or "nothing yet"),
    ]
    lines = [f"  {key:<10}{value}" for key, value in rows if value]
    return "\n".join([f"{entry.name}: {entry.description}", *lines])


def _describe(entry: ModelEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "description": entry.description,
        "stems": list(entry.spec.stems),
        "bytes": _octets(entry),
        "licence": entry.licence,
        "attribution": entry.attribution,
        "source": _origin(entry),
        "path": str(entry.path),
        "sha256": entry.sha256,
        "rate": entry.spec.rate,
        "measured": dict(entry.measured),
    }


def _describe_broken(problem: BrokenModel) -> dict[str, Any]:
    return {"name": problem.name, "error": _error_record(problem.error)}


def _verdict_record(name: str, error: ModelError | None) -> dict[str, Any]:
    record: dict[str, Any] = {"name": name, "whole": error is None}
    if error is not None:
        record["error"] = _error_record(error)
    return record


def _error_record(error: MinusoneError) -> dict[str, str]:
    return {"title": error.title, "detail": error.detail}


def _origin(entry: ModelEntry) -> str:
    return "built-in" if entry.path.parent == bundled_manifest().parent else "installed"


def _octets(entry: ModelEntry) -> int | None:
    try:
        return entry.path.stat().st_size
    except OSError:
        return None
