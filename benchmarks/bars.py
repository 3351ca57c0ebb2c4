"""What was promised, and whether it was kept: one line of the table of a benchmark with bars."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import Machine
from benchmarks.report import publish


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise.

    Attributes
    ----------
    what
        What was tried.
    bar
        What was promised; empty for a figure that nothing was promised of.
    measured
        What came out.
    kept
        Whether that is within the bar.
    """

    what: str
    bar: str
    measured: str
    kept: bool = True

    def row(self) -> list[str]:
        """Return the line for a table."""
        verdict = ("yes" if self.kept else "NO") if self.bar else "-"
        return [self.what, self.bar or "-", self.measured, verdict]


HEADS = ["what was tried", "bar", "measured", "kept"]


def publish_bars(
    name: str,
    machine: Machine,
    bars: Sequence[Bar],
    figures: dict[str, Any],
    *,
    notes: Sequence[str],
    folder: Path,
) -> None:
    """Print the bars as a table and write them, with the figures behind them, as JSON.

    Raises
    ------
    SystemExit
        With code 1: one of them was not kept.
    """
    publish(
        name,
        machine,
        HEADS,
        [bar.row() for bar in bars],
        {"bars": [asdict(bar) for bar in bars], **figures},
        notes=notes,
        folder=folder,
    )
    if not all(bar.kept for bar in bars):
        sys.exit(1)
