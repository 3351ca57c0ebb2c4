"""Damaged songs of every format through one real daemon: python -m benchmarks.fuzz.

Every mutant must end as a track or as a failed job that says why and what to do; the daemon must
not end at all, and its database must be whole afterwards. The exit code says so.
"""

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.mutants import Mutant, complaint_about, mutants, originals
from benchmarks.report import RESULTS, publish

ROOT = Path(__file__).parents[1]

_PATIENCE = 300.0
"""Seconds without any end of a job after which the daemon counts as hanging."""

_HEADS = ("format", "mutants", "done", "failed", "worker deaths", "daemon deaths", "bad reasons")
_COUNTED = ("mutants", "done", "failed", "worker_deaths", "daemon_deaths", "bad_reasons")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it; the exit code is 1 when something came out that must not."""
    parser = argparse.ArgumentParser(prog="benchmarks.fuzz", description=__doc__)
    parser.add_argument("--mutants", type=int, default=600, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--quick", action="store_true", help="a minute, for a first look")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR")
    chosen = parser.parse_args(arguments)
    machine = describe_machine()
    count = 60 if chosen.quick else chosen.mutants
    files = {
        f"{number:05}.{mutant.codec}": mutant
        for number, mutant in enumerate(mutants(originals(), count, chosen.seed))
    }
    with TemporaryDirectory() as folder:
        begin = time.perf_counter()
        found = _through_a_daemon(files, Path(folder))
        seconds = time.perf_counter() - begin
    counts, reasons, whole = found["counts"], found["reasons"], found["whole"]
    total: Counter[str] = Counter()
    for count_of_format in counts.values():
        total += count_of_format
    rows = [
        [name, *(str(one[key]) for key in _COUNTED)]
        for name, one in [*counts.items(), ("all", total)]
    ]
    publish(
        "fuzz",
        machine,
        _HEADS,
        rows,
        {
            "seed": chosen.seed,
            "seconds": seconds,
            "formats": {name: dict(one) for name, one in counts.items()},
            "database_whole": whole,
            "reasons": dict(reasons.most_common()),
        },
        notes=[
            f"{len(reasons)} different reasons. The database is {'whole' if whole else 'DAMAGED'}."
        ],
        folder=chosen.results,
    )
    ended = total["done"] + total["failed"]
    if ended < len(files) or total["daemon_deaths"] or total["bad_reasons"] or not whole:
        sys.exit("Something came out that must not.")


def _through_a_daemon(files: dict[str, Mutant], folder: Path) -> dict[str, Any]:
    inbox, library, database = folder / "inbox", folder / "library", folder / "minusone.db"
    inbox.mkdir()
    for name, mutant in files.items():
        (inbox / name).write_bytes(mutant.data)
    config = folder / "config.toml"
    config.write_text(
        f'library = "{library}"\ndatabase = "{database}"\n'
        f'[inbox]\nfolders = ["{inbox}"]\nquiet = 0.3\n'
        '[jobs]\nreserve = "1 MB"\nnice = 0\nbackoff = 0.1\n'
        '[separation]\npreset = "fast"\nthreads = 1\n',
        encoding="utf-8",
    )
    counts = {mutant.codec: Counter[str]() for mutant in files.values()}
    for mutant in files.values():
        counts[mutant.codec]["mutants"] += 1
    log = folder / "log.txt"
    with log.open("wb") as output:
        daemon = _start(config, output)
        try:
            ended, moved_at = 0, time.monotonic()
            while ended < len(files):
                time.sleep(0.5)
                if daemon.poll() is not None:
                    running = _ask(database, "SELECT source FROM jobs WHERE state = 'running'")
                    blamed = Path(running[0]["source"]).suffix[1:] if running else "wav"
                    counts[blamed]["daemon_deaths"] += 1
                    daemon = _start(config, output)
                now_ended = len(_ask(database, "SELECT 1 FROM jobs WHERE finished_at IS NOT NULL"))
                if now_ended > ended:
                    ended, moved_at = now_ended, time.monotonic()
                elif time.monotonic() - moved_at > _PATIENCE:
                    break
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(60)
    reasons: Counter[str] = Counter()
    for job in _ask(database, "SELECT * FROM jobs"):
        name = Path(job["source"]).name
        of_format = counts[files[name].codec]
        of_format[job["state"]] += 1
        of_format["worker_deaths"] += job["deaths"]
        if job["state"] == "failed":
            title, detail = job["error_title"], job["error_detail"]
            if title and "brought the reader down" in title:
                of_format["worker_deaths"] += 1
            # Without the file's name, equal reasons are equal.
            reasons[f"{title} {detail}".replace(name, "FILE")] += 1
            complaint = complaint_about(title, detail)
            if complaint:
                of_format["bad_reasons"] += 1
                print(f"{name} ({files[name].damage}): {complaint}: {title} | {detail}")
    whole = [list(row) for row in _ask(database, "PRAGMA integrity_check")] == [["ok"]]
    if any(one["daemon_deaths"] for one in counts.values()):
        print(log.read_text(encoding="utf-8", errors="replace")[-5000:])
    return {"counts": counts, "reasons": reasons, "whole": whole}


def _start(config: Path, output: Any) -> "subprocess.Popen[bytes]":
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "daemon", "--config", str(config)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=config.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )


def _ask(database: Path, statement: str) -> list[sqlite3.Row]:
    if not database.exists():
        return []
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=30)
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute(statement).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):  # It is being made at this moment.
            return []
        raise
    finally:
        connection.close()


if __name__ == "__main__":
    main()
