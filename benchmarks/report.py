"""Where results go: a table for people, a JSON file for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.machine import Machine
from core.evaluation.table import text_table

RESULTS = Path(__file__).parent / "results"


def publish(
    name: str,
    machine: Machine,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    figures: Mapping[str, Any],
    *,
    notes: Sequence[str] = (),
    folder: Path = RESULTS,
) -> Path:
    """Print a table and write the figures behind it.

    Parameters
    ----------
    name
        Of the benchmark: the JSON file is called after it.
    machine
        What it ran on.
    heads, rows
        The table.
    figures
        Unrounded numbers, anything that JSON can hold.
    notes
        Sentences under the table: what was left out, and why.
    folder
        Where the file goes; made if it is not there.

    Returns
    -------
    pathlib.Path
        The JSON file.
    """
    print(f"\n{name}: {machine.sentence()}\n")
    print(text_table(heads, rows))
    for note in notes:
        print(f"\n{note}")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    document = {"machine": asdict(machine), "notes": list(notes), **figures}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"\n-> {path}")
    return path
