"""Kills the daemon, its workers, or both, over and over, and counts what that has broken.

python -m benchmarks.crash                 200 kills, batches of 30 songs of a second
python -m benchmarks.crash --kills 1000 --seed 7

Half of the kills come after a random time, the others when something changes, at once or a moment
later: a file becomes known, a job is claimed, a stem is begun, a track's record is written, its
folder appears in the library, a row says done. In between the database is looked at in a copy, so
that the next daemon finds it exactly as the killed one left it.
Kills end processes, not the machine: what the kernel had not written to the disk is not lost.
"""

import argparse
import contextlib
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

from benchmarks.bars import Bar, publish_bars
from benchmarks.daemon_process import PATIENCE, DaemonProcess, query
from benchmarks.library_count import Damage, count_damage
from benchmarks.machine import describe_machine
from benchmarks.report import RESULTS
from benchmarks.songs import work_folder
from benchmarks.tones import write_tones

_SONG_SECONDS = 1.0
_QUIET = 0.2
# A trigger that does not come within this time is given up: the kill comes all the same.
_TRIGGER_PATIENCE = 4.0
# A prober that dies three times over one file is a verdict on the file; a daemon's life sees fewer.
_WORKER_KILLS_IN_A_ROW = 2
_ENDED = ("done", "failed", "cancelled")


class Assault:
    """One daemon, the songs that it was given, and every kill.

    Parameters
    ----------
    daemon
        Not running yet.
    scratch
        An empty folder.
    songs
        In a batch.
    seed
        Of the order of events.
    """

    def __init__(self, daemon: DaemonProcess, scratch: Path, songs: int, seed: int) -> None:
        self.daemon = daemon
        self.songs: list[Path] = []
        self.victims: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self._scratch = scratch
        self._batch = songs
        self._batches = 0
        self._random = Random(seed)
        self._seed = seed
        self._worker_kills = 0

    def run(self, kills: int) -> None:
        """Kill so many times; then let the daemon finish."""
        while self.victims.total() < kills:
            fresh = self._through()
            if fresh:
                self._drop_batch()
            if not self.daemon.running:
                self._worker_kills = 0
                # Sometimes nobody waits until it is up.
                self.daemon.start(ready=self._random.random() < 0.75)
            if fresh or not self.daemon.up:
                self._sleep(self._random.uniform(0, 1.0))
            else:
                self._await_moment()
            self._kill()
        if not self.daemon.running:
            self.daemon.start()
        self.daemon.until(lambda: self._all_known() and self._through(), within=5 * PATIENCE)
        self.daemon.stop()
        # Whatever is left to be found or tidied up, this one does.
        self.daemon.start("--once")
        self.daemon.ended()

    def _drop_batch(self) -> None:
        self._batches += 1
        for number in range(1, self._batch + 1):
            # Each third has the name of another: their folders must not become one.
            folder = self.daemon.inbox / f"{self._batches}" / ("twin" if number % 3 == 0 else "")
            folder.mkdir(parents=True, exist_ok=True)
            name = f"Band {self._batches} - Song {number - (number % 3 == 0)}.wav"
            seed = self._seed * 1_000_000 + len(self.songs)
            self.songs.append(
                write_tones(folder / name, _SONG_SECONDS, seed, rate=22050, channels=1)
            )

    def _all_known(self) -> bool:
        found = self.daemon.rows("SELECT count(*) AS n FROM sources")
        return [row["n"] for row in found] == [len(self.songs)]

    def _through(self) -> bool:
        counts = query(self._look(), "SELECT state, count(*) AS n FROM jobs GROUP BY state")
        ended: int = sum(row["n"] for row in counts if row["state"] in _ENDED)
        return ended >= len(self.songs)

    def _await_moment(self) -> None:
        """Wait for a random time, or for something to happen and then for a shorter one."""
        triggers: list[tuple[Callable[[], object], float]] = [
            (lambda: self.daemon.rows("SELECT count(*) FROM sources"), 0.02),
            (self._jobs_of("running"), 0.3),
            (self._jobs_of("done"), 0.01),
            (lambda: sorted(self.daemon.library.glob(".incoming/*/*")), 0.1),
            (self._records, 0.004),
            (self.daemon.folders, 0.004),
        ]
        if self._random.random() < 0.5:
            self._sleep(self._random.uniform(0, 2.0))
            return
        # The last two twice as often: they stand for the shortest moments of all.
        look, longest = self._random.choice([*triggers, *triggers[-2:]])
        before, end = look(), time.monotonic() + _TRIGGER_PATIENCE
        while look() == before and time.monotonic() < end and self.daemon.running:
            time.sleep(0.0002)
        self._sleep(self._random.uniform(0, longest) if self._random.random() < 0.7 else 0.0)

    def _jobs_of(self, state: str) -> Callable[[], object]:
        statement = "SELECT id FROM jobs WHERE state = ? ORDER BY id"
        return lambda: self.daemon.rows(statement, state)

    def _records(self) -> object:
        return sorted(self.daemon.library.glob(".incoming/*/.minusone.json"))

    def _sleep(self, seconds: float) -> None:
        # The daemon is to be killed at a random time, not waited for.
        time.sleep(seconds)

    def _kill(self) -> None:
        victim = self._random.choice(["daemon", "daemon", "worker", "worker", "both"])
        children = self.daemon.children()
        if not children or self._worker_kills >= _WORKER_KILLS_IN_A_ROW:
            victim = "daemon"
        if victim == "worker":
            self._worker_kills += 1
            self.states[self._state()] += 1
            _kill_each([self._random.choice(children)])
        else:
            if victim == "both":
                _kill_each(children)
            up = self.daemon.up
            self.daemon.kill()
            self.states[self._state() if up else "starting up"] += 1
        self.victims[victim] += 1

    def _state(self) -> str:
        """Tell what was going on; the daemon may be dead."""
        database = self._look()
        running = query(database, "SELECT folder FROM jobs WHERE state = 'running'")
        if any(job["folder"] is not None for job in running):
            there = any((self.daemon.library / job["folder"]).exists() for job in running)
            return "publishing, folder in place" if there else "publishing, before the rename"
        if running and self._records():
            return "publishing, record written"
        if running:
            begun = any(self.daemon.library.glob(".incoming/*/*"))
            return "separating" if begun else "loading, or song being opened"
        found = query(database, "SELECT count(*) AS n FROM sources")
        if not found or found[0]["n"] < len(self.songs):
            return "intake"
        queued = query(database, "SELECT 1 FROM jobs WHERE state = 'queued' LIMIT 1")
        return "between jobs" if queued else "idle"

    def _look(self) -> Path:
        """Return a database to be looked at: the live one, or a copy of what a killed one left."""
        live = self.daemon.database
        if self.daemon.running:
            return live
        for path in self._scratch.iterdir():
            path.unlink()
        for path in live.parent.glob(f"{live.name}*"):
            if not path.name.endswith((".lock", "-shm")):
                shutil.copyfile(path, self._scratch / path.name)
        return self._scratch / live.name


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes. The exit code is 1 if anything broke."""
    chosen = _parse(arguments)
    machine = describe_machine()
    begin = time.monotonic()
    with work_folder() as folder:
        (folder / "scratch").mkdir()
        with DaemonProcess(
            folder / "daemon",
            inbox={"quiet": _QUIET},
            jobs={"deaths": 100, "workers": chosen.workers},
            separation={"threads": 1, "preset": '"fast"'},
        ) as daemon:
            assault = Assault(daemon, folder / "scratch", chosen.songs, chosen.seed)
            try:
                assault.run(chosen.kills)
                damage = count_damage(daemon, assault.songs, _SONG_SECONDS)
            except BaseException:
                if chosen.keep is not None:
                    shutil.copytree(folder, chosen.keep, dirs_exist_ok=True)
                print(daemon.last_words(), file=sys.stderr)
                raise
            if chosen.keep is not None and not damage.none:
                shutil.copytree(folder, chosen.keep, dirs_exist_ok=True)
    publish_bars(
        "crash",
        machine,
        list(_bars(assault, damage, chosen.kills)),
        {
            "seed": chosen.seed,
            "seconds": time.monotonic() - begin,
            "songs": len(assault.songs),
            "victims": dict(assault.victims),
            "states": dict(assault.states.most_common()),
            "damage": asdict(damage),
        },
        notes=[
            "jobs.deaths is 100 here, not 3: the songs are innocent of these deaths.",
            f"Seed {chosen.seed}.",
        ],
        folder=chosen.results,
    )


def _bars(assault: Assault, damage: Damage, kills: int) -> Iterator[Bar]:
    victims = ", ".join(f"{name} {n}" for name, n in assault.victims.most_common())
    total = assault.victims.total()
    yield Bar("kills with SIGKILL", f">= {kills}", f"{total} ({victims})", total >= kills)
    for state, n in assault.states.most_common():
        yield Bar(f"  of these while: {state}", "", str(n))
    yield Bar("songs dropped", "", str(len(assault.songs)))
    for what, n in damage.counts():
        yield Bar(f"after {total} kills: {what}", "0", str(n), n == 0)
    yield Bar("PRAGMA integrity_check", "ok", damage.integrity, damage.integrity == "ok")


def _kill_each(pids: Sequence[int]) -> None:
    for pid in pids:
        # One of them may have ended by itself.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.crash", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--kills", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--songs", type=int, default=30, help="in a batch; default: %(default)s")
    parser.add_argument("--workers", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="copy of all folders if it fails")
    parser.add_argument("--quick", action="store_true", help="20 kills")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.kills, chosen.songs = min(chosen.kills, 20), min(chosen.songs, 8)
    return chosen


if __name__ == "__main__":
    main()
