"""A thousand files dropped at once while fifty others are still being written.

python -m benchmarks.storm                 1,000 files and 50 slow ones; the queue is paused
python -m benchmarks.storm --separate      lets everything be separated afterwards

The slow files are appended to with pauses longer than the quiet time while they stay open, as a
copy from a slow network does, or (one in five) are closed and opened again within the quiet time.
A file that was taken early would be in the queue with another checksum than the finished one has.
"""

import argparse
import io
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

from benchmarks.bars import Bar, publish_bars
from benchmarks.daemon_process import PATIENCE, DaemonProcess, Usage
from benchmarks.machine import describe_machine
from benchmarks.report import RESULTS
from benchmarks.songs import work_folder
from core.store.database import open_database
from core.store.switches import set_paused

_QUIET = 2.0
_RATE = 8000
_SLOW_PARTS = 5
# Every how-manieth of the slow files is closed between two parts.
_REOPENED = 5
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is complete.

    Attributes
    ----------
    path
        Where.
    checksum
        SHA-256 of the whole.
    at
        When its last byte was written and it was closed, Unix seconds.
    """

    path: Path
    checksum: str
    at: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes. The exit code is 1 if a bar is missed."""
    chosen = _parse(arguments)
    machine = describe_machine()
    with (
        work_folder() as folder,
        DaemonProcess(
            folder, inbox={"quiet": chosen.quiet}, separation={"threads": 1, "preset": '"fast"'}
        ) as daemon,
    ):
        with open_database(daemon.database) as db:
            set_paused(db, True)
        daemon.start()
        before = daemon.usage()
        first, slow = _storm(daemon, chosen.files, chosen.slow, chosen.quiet)
        _wait(daemon, len(first) + len(slow))
        after = daemon.usage()
        bars, figures = _compare(daemon, first, slow, chosen.quiet)
        bars += _costs(before, after, len(first) + len(slow))
        if chosen.separate:
            bars.append(_separate(daemon, len(first) + len(slow)))
        daemon.stop()
    publish_bars(
        "storm",
        machine,
        bars,
        {"quiet": chosen.quiet, **figures},
        notes=["CPU and memory are the daemon's own, without its worker processes."],
        folder=chosen.results,
    )


def _storm(
    daemon: DaemonProcess, files: int, slow: int, quiet: float
) -> tuple[list[Written], list[Written]]:
    """Write everything; the quick files are dropped when the slow ones have been begun."""
    late: list[Written] = []
    begun = threading.Barrier(slow + 1)
    threads = [
        threading.Thread(
            target=_write_slowly,
            args=(daemon.inbox / f"Slow - Song {number}.wav", files + number, quiet, begun, late),
        )
        for number in range(slow)
    ]
    contents = [_song(number) for number in range(files)]
    for thread in threads:
        thread.start()
    begun.wait()
    first = [
        _written(daemon.inbox / f"Quick - Song {number}.wav", content)
        for number, content in enumerate(contents)
    ]
    for thread in threads:
        thread.join()
    return first, late


def _song(seed: int, seconds: float = 0.25) -> bytes:
    samples = np.random.default_rng(seed).normal(0, 0.1, round(seconds * _RATE))
    file = io.BytesIO()
    soundfile.write(file, samples, _RATE, "PCM_16", format="WAV")
    return file.getvalue()


def _written(path: Path, content: bytes) -> Written:
    path.write_bytes(content)
    return Written(path, sha256(content).hexdigest(), time.time())


def _write_slowly(
    path: Path, seed: int, quiet: float, begun: threading.Barrier, done: list[Written]
) -> None:
    content = _song(seed, 2.0)
    size = -(-len(content) // _SLOW_PARTS)
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    reopened = seed % _REOPENED == 0
    file = path.open("wb", buffering=0)
    for number, part in enumerate(parts):
        file.write(part)
        if number == 0:
            begun.wait()
        if number == len(parts) - 1:
            break
        if reopened:
            file.close()
            _pause(0.6 * quiet)
            file = path.open("ab", buffering=0)
        else:
            _pause(1.5 * quiet)
    file.close()
    done.append(Written(path, sha256(content).hexdigest(), time.time()))


def _pause(seconds: float) -> None:
    # It is what is tried here: a writer that does nothing for a while.
    time.sleep(seconds)


def _wait(daemon: DaemonProcess, files: int) -> None:
    def known() -> bool:
        found = daemon.rows("SELECT count(*) AS n FROM sources")
        return bool(found) and found[0]["n"] >= files

    daemon.until(known, within=5 * PATIENCE)


def _compare(
    daemon: DaemonProcess, first: Sequence[Written], slow: Sequence[Written], quiet: float
) -> tuple[list[Bar], dict[str, object]]:
    jobs = daemon.rows("SELECT sha256, state, queued_at FROM jobs")
    times = {job["sha256"]: job["queued_at"] for job in jobs}
    expected = Counter(one.checksum for one in (*first, *slow))
    found = Counter(job["sha256"] for job in jobs if job["state"] == "queued")
    missing = sum((expected - found).values())
    early = sum((found - expected).values()) + sum(job["state"] != "queued" for job in jobs)
    early += sum(1 for one in slow if times.get(one.checksum, one.at) < one.at)
    begin = min(one.at for one in first)
    seconds = max(times[one.checksum] for one in first if one.checksum in times) - begin
    delays = [times[one.checksum] - one.at for one in slow if one.checksum in times]
    everything = len(first) + len(slow)
    bars = [
        Bar(f"{everything} files, {len(slow)} of them slow: queued once", str(everything),
            str(everything - missing), missing == 0),
        Bar("taken early, twice or wrongly", "0", str(early), early == 0),
        Bar(f"the {len(first)} quick files: from the first one until all are queued", "",
            f"{seconds:.1f} s (quiet time {quiet:g} s)"),
        Bar("a slow file: from its close until it is queued, median (longest)", "",
            f"{median(delays):.1f} s ({max(delays):.1f} s)"),
    ]  # fmt: skip
    return bars, {"seconds": seconds, "slow_delays": delays}


def _costs(before: Usage, after: Usage, files: int) -> list[Bar]:
    cpu = after.cpu - before.cpu
    return [
        Bar("the daemon meanwhile: CPU", "", f"{cpu:.2f} s ({1e3 * cpu / files:.1f} ms a file)"),
        Bar("the daemon meanwhile: peak RSS", "<= 60 MiB", f"{after.peak_mib:.1f} MiB",
            after.peak_mib <= 60),
        Bar("the daemon meanwhile: written", "", f"{(after.written - before.written) / _MIB:.1f} "
            "MiB"),
    ]  # fmt: skip


def _separate(daemon: DaemonProcess, files: int) -> Bar:
    begin = time.monotonic()
    with open_database(daemon.database) as db:
        set_paused(db, False)
    daemon.until(lambda: daemon.counts().get("done", 0) >= files, within=20 * PATIENCE)
    seconds = time.monotonic() - begin
    folders = len(daemon.folders())
    return Bar("then separated", str(files), f"{folders} folders in {seconds:.0f} s",
               folders == files)  # fmt: skip


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.storm", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--files", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--slow", type=int, default=50, help="default: %(default)s")
    parser.add_argument("--quiet", type=float, default=_QUIET, help="s; default: %(default)s")
    parser.add_argument("--separate", action="store_true", help="then separate everything")
    parser.add_argument("--quick", action="store_true", help="100 files and 10 slow ones")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.files, chosen.slow = min(chosen.files, 100), min(chosen.slow, 10)
        chosen.quiet = min(chosen.quiet, 1.0)
    return chosen


if __name__ == "__main__":
    main()
