"""Runs every benchmark, one after the other: `make bench`, or python -m benchmarks.all.

Spleeter is installed into a virtual environment of its own first, unless --quick or
--no-reference says otherwise. That takes 2.4 GB and a Python 3.11; where it cannot be had, the
benchmarks say so and go on without it.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / ".reference"
CHECKPOINT_VARIABLE = "MINUSONE_CHECKPOINT"
PARTS = (
    *("whole_program", "patch_time", "stages", "memory", "install_size", "quality"),
    *("library_queries", "soak", "mix", "analysis"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run them; the exit code is 1 when one of them failed."""
    chosen = argument_parser().parse_args(arguments)
    # In this order: whole_program installs what others then compare with.
    failed = [name for name in PARTS if not _run(name, options(name, chosen))]
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}.")


def argument_parser() -> argparse.ArgumentParser:
    """Return what reads the command's arguments."""
    parser = argparse.ArgumentParser(prog="benchmarks.all", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--songs", type=Path, metavar="DIR", help="songs with true stems")
    parser.add_argument("--reference", type=Path, default=REFERENCE, metavar="DIR")
    parser.add_argument("--no-reference", action="store_true", help="without Spleeter")
    parser.add_argument("--reference-venv", type=Path, metavar="VENV", help="it is there already")
    parser.add_argument("--reference-models", type=Path, metavar="DIR", help="and its checkpoint")
    parser.add_argument("--quick", action="store_true", help="a minute, for a first look")
    parser.add_argument("--results", type=Path, metavar="DIR", help="folder for the JSON files")
    return parser


def options(name: str, chosen: argparse.Namespace) -> list[str]:
    """Return the options that a benchmark gets."""
    common = ["--quick"] * chosen.quick
    if chosen.results is not None:
        common += ["--results", str(chosen.results.absolute())]
    if name == "quality" and chosen.songs is not None:
        return [*common, str(chosen.songs.absolute())]
    if chosen.no_reference:
        return common
    venv, models = chosen.reference_venv, chosen.reference_models
    if venv is None and name == "whole_program" and not chosen.quick:
        return [*common, "--reference", str(chosen.reference.absolute())]
    venv = venv or chosen.reference / "venv"
    models = models or venv.parent / "models"
    there = (venv / "bin" / "spleeter").exists()
    if name in ("whole_program", "install_size") and there:
        found = ["--reference-venv", venv.absolute(), "--reference-models", models.absolute()]
        return [*common, *map(str, found)]
    known = CHECKPOINT_VARIABLE in os.environ
    if name == "patch_time" and not known and (models / "2stems").exists():
        return [*common, "--checkpoint", str((models / "2stems").absolute())]
    return common


def _run(name: str, arguments: list[str]) -> bool:
    print(f"\n=== {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    main()
