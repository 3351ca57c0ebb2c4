"""Everything that the daemon has to stand, in one table.

python -m benchmarks.soak            runs all of it; takes an hour
python -m benchmarks.soak --quick    a few minutes, for a first look
python -m benchmarks.soak --show     prints the table of what was measured last
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.bars import HEADS, Bar
from benchmarks.report import RESULTS
from core.evaluation.table import text_table

ROOT = Path(__file__).parents[1]
PARTS = ("crash", "storm", "fuzz", "latency", "throughput", "idle")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every part; the exit code is 1 if any of them failed or missed a bar."""
    chosen = _parse(arguments)
    if not chosen.show:
        for name in chosen.part:
            print(f"\n=== {name}", flush=True)
            options = ["--quick"] * chosen.quick + ["--results", str(chosen.results.absolute())]
            # What a part has missed is in its file; a part without a file is missed below.
            _result(chosen.results, name).unlink(missing_ok=True)
            command = [sys.executable, "-m", f"benchmarks.{name}", *options]
            subprocess.run(command, cwd=ROOT, check=False)
    bars = [bar for name in chosen.part for bar in _read(chosen.results, name)]
    print()
    print(text_table(HEADS, [bar.row() for bar in bars]))
    if not all(bar.kept for bar in bars):
        sys.exit(1)


def _read(folder: Path, name: str) -> Iterator[Bar]:
    path = _result(folder, name)
    if not path.exists():
        yield Bar(name, "runs to its end", "did not", kept=False)
        return
    record = json.loads(path.read_text(encoding="utf-8"))
    if "formats" in record:
        yield from _fuzz(record)
    for values in record.get("bars", ()):
        yield Bar(**values)


def _fuzz(record: dict[str, Any]) -> Iterator[Bar]:
    """Sum up what has become of damaged songs of every format."""
    total = sum((Counter(one) for one in record["formats"].values()), Counter[str]())
    ended = total["done"] + total["failed"]
    what = f"{total['mutants']} damaged songs of {len(record['formats'])} formats"
    measured = f"{ended} ({total['done']} tracks, {total['failed']} failed with a reason)"
    yield Bar(f"{what}: ended", str(total["mutants"]), measured, ended >= total["mutants"])
    for name in ("daemon_deaths", "bad_reasons"):
        kept = total[name] == 0
        yield Bar(f"{what}: {name.replace('_', ' ')}", "0", str(total[name]), kept)
    whole = record["database_whole"]
    yield Bar(f"{what}: PRAGMA integrity_check", "ok", "ok" if whole else "damaged", whole)


def _result(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS, help="only these")
    parser.add_argument("--show", action="store_true", help="run nothing, print the last table")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON files")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
