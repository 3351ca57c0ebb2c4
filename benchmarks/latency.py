"""From the last write to a song until its job starts, beyond the quiet time.

python -m benchmarks.latency               16 songs of 30 s to 4 min, quiet times of 5 s and 1 s

Cold: no worker process is there when the song comes. Warm: one is. Each song is copied into the
inbox in pieces; the clock starts when the copy is closed and stops with the row's `started_at`.
What would follow is not waited for: the job is cancelled.
"""

import argparse
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bars import Bar, publish_bars
from benchmarks.daemon_process import DaemonProcess
from benchmarks.machine import describe_machine
from benchmarks.report import RESULTS
from benchmarks.songs import work_folder
from benchmarks.tones import write_tones
from core.store.database import open_database
from core.store.orders import cancel

_BAR = 1.0
_SHORTEST, _LONGEST = 30.0, 240.0
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Latency:
    """One song.

    Attributes
    ----------
    quiet
        The quiet time, seconds.
    warm
        Whether a worker was there already.
    octets
        Size of the file.
    beyond
        From the close to the job's start, less the quiet time, seconds.
    """

    quiet: float
    warm: bool
    octets: int
    beyond: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes. The exit code is 1 if a bar is missed."""
    chosen = _parse(arguments)
    machine = describe_machine()
    found: list[Latency] = []
    for quiet, warm in itertools.product(chosen.quiet, (False, True)):
        with work_folder() as folder:
            songs = list(_songs(folder / "songs", chosen.songs, chosen.longest))
            found += _measure(folder / "daemon", songs, quiet, warm)
    publish_bars(
        "latency",
        machine,
        [
            _bar([one for one in found if (one.quiet, one.warm) == case])
            for case in itertools.product(chosen.quiet, (False, True))
        ],
        {"latencies": [asdict(one) for one in found]},
        notes=[
            "Beyond the quiet time, shortest / median / longest. The songs are WAV and FLAC files "
            f"of {_SHORTEST:g} to {chosen.longest:g} s; the largest has "
            f"{max(one.octets for one in found) / 1e6:.0f} MB."
        ],
        folder=chosen.results,
    )


def _songs(folder: Path, count: int, longest: float) -> Iterator[Path]:
    folder.mkdir()
    for number in range(count):
        seconds = _SHORTEST + (longest - _SHORTEST) * number / max(count - 1, 1)
        kind = "wav" if number % 2 else "flac"
        yield write_tones(folder / f"Band - Song {number}.{kind}", seconds, number)


def _measure(folder: Path, songs: Sequence[Path], quiet: float, warm: bool) -> list[Latency]:
    with DaemonProcess(
        folder,
        inbox={"quiet": quiet},
        jobs={"worker_idle": 600 if warm else max(quiet, 1.0)},
        separation={"preset": '"fast"'},
    ) as daemon:
        daemon.start()
        if warm:
            # Wakes the prober and the worker; not counted.
            _drop(daemon, write_tones(folder / "First - Song.wav", 5.0, len(songs)))
        found = []
        for song in songs:
            if not warm:
                daemon.until(lambda: not daemon.children())
            closed, started = _drop(daemon, song)
            found.append(Latency(quiet, warm, song.stat().st_size, started - closed - quiet))
        daemon.stop()
    return found


def _drop(daemon: DaemonProcess, song: Path) -> tuple[float, Any]:
    """Copy a song into the inbox; return when that was done, and when its job started."""
    target = daemon.inbox / song.name
    with song.open("rb") as source, target.open("wb") as file:
        while piece := source.read(_PIECE):
            file.write(piece)
    closed = time.time()
    statement = "SELECT id, state, started_at FROM jobs WHERE source = ?"

    def job() -> dict[str, Any]:
        return next(iter(daemon.rows(statement, str(target))), {})

    daemon.until(lambda: job().get("started_at"))
    with open_database(daemon.database) as db:
        if job()["state"] == "running":
            cancel(db, int(job()["id"]))
    daemon.until(lambda: job()["state"] not in ("queued", "running"))
    return closed, job()["started_at"]


def _bar(found: Sequence[Latency]) -> Bar:
    beyond = [one.beyond for one in found]
    kind = "a worker there" if found[0].warm else "no worker there"
    return Bar(
        f"close of a song to start of its job, quiet time {found[0].quiet:g} s, {kind}",
        f"quiet time + {_BAR:g} s",
        f"+ {min(beyond):.2f} / {median(beyond):.2f} / {max(beyond):.2f} s ({len(found)} songs)",
        max(beyond) <= _BAR,
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.latency", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--songs", type=int, default=16, help="default: %(default)s")
    parser.add_argument("--longest", type=float, default=_LONGEST, help="s; default: %(default)s")
    parser.add_argument("--quiet", type=float, nargs="+", default=[5.0, 1.0], help="seconds")
    parser.add_argument("--quick", action="store_true", help="3 songs, a quiet time of 1 s")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.songs, chosen.quiet = min(chosen.songs, 3), [min(chosen.quiet)]
        chosen.longest = min(chosen.longest, 60.0)
    return chosen


if __name__ == "__main__":
    main()
