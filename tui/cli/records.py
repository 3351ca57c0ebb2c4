"""What `--json` prints: one object per song, one line each."""

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import MinusoneError

if TYPE_CHECKING:
    from core.separation.songfile import Separation


def separated(result: "Separation") -> dict[str, Any]:
    """Describe a finished song."""
    return {
        "input": str(result.input),
        "outputs": {stem: str(path) for stem, path in result.outputs.items()},
        "skipped": result.skipped,
        "duration": _number(result.duration),
        "seconds": _number(result.seconds),
        "realtime_factor": _number(result.realtime_factor),
        "stage_seconds": {name: _number(value) for name, value in result.stage_seconds.items()},
        "backend": result.backend,
        "backend_reason": result.backend_reason,
        "model": result.model,
        "preset": result.preset,
        "warnings": list(result.warnings),
    }


def failed(path: Path, error: MinusoneError) -> dict[str, Any]:
    """Describe a song that could not be separated."""
    return {"input": str(path), "error": {"title": error.title, "detail": error.detail}}


def write_line(record: dict[str, Any]) -> None:
    """Print a record at once, so that a program that reads along is never behind.

    Only ASCII is written: a file name that is no UTF-8 then survives as `\\udcff`, which Python's
    `json` reads back as the same name.
    """
    sys.stdout.write(json.dumps(record, allow_nan=False) + "\n")
    sys.stdout.flush()


def _number(value: float) -> float | None:
    # JSON has no infinity, which is the real-time factor of a song that took no time.
    return round(value, 6) if math.isfinite(value) else None
