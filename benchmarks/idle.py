"""What the daemon takes while nothing happens, with a large library and a full inbox.

python -m benchmarks.idle                  10,000 tracks, 10,000 files in the inbox, 60 s each

The inbox's files are ones that have been dealt with, as most files in an inbox are. By default the
inbox is gone through every five minutes, which a minute rarely meets; the last case has it done
once in its time, so that its share can be told.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from benchmarks.bars import Bar, publish_bars
from benchmarks.daemon_process import DaemonProcess
from benchmarks.machine import describe_machine
from benchmarks.report import RESULTS
from benchmarks.songs import work_folder
from core.fingerprint import file_state
from core.library.root import create_library
from core.store.database import Database, open_database
from core.store.libraryid import set_library_id
from core.store.records import NewTrack, Outcome, Source, Stem
from core.store.sources import remember
from core.store.trackrows import put_track

_SECONDS = 60.0
_RSS_BAR = 60.0
_CPU_BAR = 0.2
_RESCAN = 300.0  # the default
_FILES_IN_A_FOLDER = 100


@dataclass(frozen=True, slots=True)
class Idle:
    """One case.

    Attributes
    ----------
    what
        What lay around.
    rss_mib, peak_mib
        Memory at the end, and at most since the start, MiB.
    percent
        CPU time, percent of one core.
    written
        Bytes that went to the disk in that time.
    ready_seconds
        From the start until it watched and had looked through everything.
    """

    what: str
    rss_mib: float
    peak_mib: float
    percent: float
    written: int
    ready_seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes. The exit code is 1 if a bar is missed."""
    chosen = _parse(arguments)
    machine = describe_machine()
    n, files = chosen.tracks, chosen.files
    cases = [
        (f"{n:,} tracks in the library, inbox empty", n, 0, _RESCAN),
        (f"{files:,} known files in the inbox", 0, files, _RESCAN),
        (f"{n:,} tracks and {files:,} files", n, files, _RESCAN),
        (f"{n:,} tracks and {files:,} files, one scan meanwhile", n, files, chosen.seconds),
    ]
    found = [_measure(*case, chosen.seconds) for case in cases]
    publish_bars(
        "idle",
        machine,
        [
            *(bar for one in found[:-1] for bar in _bars(one, chosen.seconds)),
            _scan_bar(found[-2], found[-1], chosen.seconds),
        ],
        {"seconds": chosen.seconds, "cases": [asdict(one) for one in found]},
        notes=["CPU is percent of one core. Watched with inotify."],
        folder=chosen.results,
    )


def _measure(what: str, tracks: int, files: int, rescan: float, seconds: float) -> Idle:
    with (
        work_folder() as folder,
        DaemonProcess(folder, inbox={"watch": '"inotify"', "rescan": rescan}) as daemon,
    ):
        with open_database(daemon.database) as db:
            set_library_id(db, create_library(daemon.library))
            _fill_library(db, daemon.library, tracks)
            _fill_inbox(db, daemon.inbox, files)
        begin = time.monotonic()
        daemon.start()
        ready = time.monotonic() - begin
        _settle(daemon)
        before = daemon.usage()
        _pause(seconds)
        after = daemon.usage()
        assert daemon.counts() == {}, "something was taken for a new song"
        daemon.stop()
    return Idle(
        what=what,
        rss_mib=after.rss_mib,
        peak_mib=after.peak_mib,
        percent=100 * (after.cpu - before.cpu) / seconds,
        written=after.written - before.written,
        ready_seconds=ready,
    )


def _fill_library(db: Database, library: Path, tracks: int) -> None:
    with db.transaction():
        for number in range(tracks):
            name = f"Band {number % 700} - Song {number}"
            folder = library / name
            folder.mkdir()
            stems = []
            for stem in ("vocals", "accompaniment"):
                (folder / f"{stem}.flac").write_bytes(b"fLaC")
                stems.append(Stem(stem, f"{stem}.flac", "flac", 4))
            put_track(db, _track(number, name, tuple(stems)), float(number))


def _track(number: int, folder: str, stems: tuple[Stem, ...]) -> NewTrack:
    artist, _, title = folder.partition(" - ")
    return NewTrack(
        sha256=sha256(f"track {number}".encode()).hexdigest(),
        folder=folder,
        title=title,
        artist=artist,
        album="",
        date="",
        genre="",
        duration=200.0,
        rate=44100,
        channels=2,
        bpm=None,
        key=None,
        source_name=f"{folder}.mp3",
        model="spleeter-2stems",
        preset="balanced",
        backend="cpu",
        stems=stems,
    )


def _fill_inbox(db: Database, inbox: Path, files: int) -> None:
    with db.transaction():
        for number in range(files):
            folder = inbox / f"Album {number // _FILES_IN_A_FOLDER}"
            folder.mkdir(exist_ok=True)
            path = folder / f"{number}.mp3"
            path.write_bytes(b"ID3")
            checksum = sha256(f"file {number}".encode()).hexdigest()
            state = file_state(path)
            remember(db, Source(path, state, checksum, Outcome.JOB, None, None, "", 0.0))


def _settle(daemon: DaemonProcess) -> None:
    """Wait until the scan at the start is over: a second in which next to nothing is done."""

    def calm() -> bool:
        before = daemon.usage().cpu
        _pause(1.0)
        return daemon.usage().cpu - before <= 0.01

    daemon.until(calm)


def _pause(seconds: float) -> None:
    # What is measured is what happens while nothing happens.
    time.sleep(seconds)


def _bars(one: Idle, seconds: float) -> list[Bar]:
    name = f"idle for {seconds:g} s, {one.what}"
    return [
        Bar(f"{name}: RSS (highest since its start)", f"<= {_RSS_BAR:g} MiB",
            f"{one.rss_mib:.1f} ({one.peak_mib:.1f}) MiB", one.rss_mib <= _RSS_BAR),
        Bar(f"{name}: CPU", f"<= {_CPU_BAR:g} %", f"{one.percent:.2f} %",
            one.percent <= _CPU_BAR),
        Bar(f"{name}: written to the disk", "", f"{one.written / 1024:.0f} KiB"),
    ]  # fmt: skip


def _scan_bar(without: Idle, scanning: Idle, seconds: float) -> Bar:
    one_scan = max(scanning.percent - without.percent, 0.0) / 100 * seconds
    average = without.percent + 100 * one_scan / _RESCAN
    return Bar(
        f"{without.what}, a scan every {_RESCAN / 60:g} min: CPU on average",
        f"<= {_CPU_BAR:g} %",
        f"{average:.2f} % (one scan: {1e3 * one_scan:.0f} ms)",
        average <= _CPU_BAR,
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.idle", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--tracks", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--files", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="1,000 of each, 10 s")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.tracks, chosen.files = min(chosen.tracks, 1000), min(chosen.files, 1000)
        chosen.seconds = min(chosen.seconds, 10.0)
    return chosen


if __name__ == "__main__":
    main()
