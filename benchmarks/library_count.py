"""Counts what is wrong with a daemon's library after it has been maltreated."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import soundfile

from benchmarks.daemon_process import DaemonProcess

_STEMS = ["accompaniment", "vocals"]
_RECORD = ".minusone.json"
# Resampling may add or take away a few samples at the end.
_SLACK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Damage:
    """How often each kind of damage was found.

    Attributes
    ----------
    lost
        Songs without a track.
    unfinished
        Jobs that failed, were cancelled or never ended.
    twice
        Songs with several finished jobs, or several folders.
    incomplete
        Folders without a row, without a record, or with stems that are not whole when decoded.
    wrong_rows
        Rows of stems whose file is missing or has another size, and tracks without their stems.
    leftovers
        Things left in the staging area, and half-written files anywhere.
    dangling
        Rows that refer to rows that are not there.
    integrity
        What SQLite says of the file; ``"ok"``.
    """

    lost: int
    unfinished: int
    twice: int
    incomplete: int
    wrong_rows: int
    leftovers: int
    dangling: int
    integrity: str

    def counts(self) -> list[tuple[str, int]]:
        """Return what each number counts, for a table."""
        return [
            ("songs lost", self.lost),
            ("jobs failed, cancelled or never ended", self.unfinished),
            ("songs done twice", self.twice),
            ("incomplete folders", self.incomplete),
            ("rows naming missing files or other sizes", self.wrong_rows),
            ("leftovers in the staging area", self.leftovers),
            ("rows that refer to nothing", self.dangling),
        ]

    @property
    def none(self) -> bool:
        """Whether there is none at all."""
        return self.integrity == "ok" and not any(n for _, n in self.counts())

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in asdict(self).items())


def count_damage(daemon: DaemonProcess, songs: Sequence[Path], seconds: float) -> Damage:
    """Compare songs, database and library of a daemon that is not running.

    Parameters
    ----------
    daemon
        Whose folders to look at.
    songs
        All that it was ever given, each with content of its own.
    seconds
        How long each of them is.
    """
    sums = [sha256(song.read_bytes()).hexdigest() for song in songs]
    jobs = daemon.rows("SELECT sha256, state FROM jobs")
    tracks = daemon.rows("SELECT id, sha256, folder FROM tracks")
    done = Counter(job["sha256"] for job in jobs if job["state"] == "done")
    in_table = Counter(track["sha256"] for track in tracks)
    recorded = Counter(_recorded(folder) for folder in daemon.folders())
    rows = {track["folder"] for track in tracks}
    incomplete = [
        folder
        for folder in daemon.folders()
        if folder.name not in rows or not _is_whole(folder, seconds)
    ]
    return Damage(
        lost=sum(1 for one in sums if not in_table[one]),
        unfinished=sum(1 for job in jobs if job["state"] != "done"),
        twice=sum(1 for one in sums if max(done[one], in_table[one], recorded[one]) > 1),
        incomplete=len(incomplete),
        wrong_rows=_wrong_rows(daemon),
        leftovers=_leftovers(daemon),
        dangling=len(daemon.rows("PRAGMA foreign_key_check")),
        integrity=_integrity(daemon),
    )


def _recorded(folder: Path) -> str:
    try:
        return str(json.loads((folder / _RECORD).read_text())["track"]["sha256"])
    except (OSError, ValueError, KeyError):
        return ""


def _is_whole(folder: Path, seconds: float) -> bool:
    if not _recorded(folder) or sorted(path.stem for path in folder.glob("[!.]*")) != _STEMS:
        return False
    try:
        for path in folder.glob("[!.]*"):
            samples, rate = soundfile.read(path)
            if abs(len(samples) / rate - seconds) > _SLACK_SECONDS:
                return False
    except (OSError, RuntimeError):
        return False
    return True


def _wrong_rows(daemon: DaemonProcess) -> int:
    stems = daemon.rows(
        "SELECT track_id, folder, file, name, bytes FROM stems JOIN tracks ON id = track_id"
    )
    wrong = 0
    for stem in stems:
        path = daemon.library / stem["folder"] / stem["file"]
        wrong += not path.is_file() or path.stat().st_size != stem["bytes"]
    names = Counter(stem["track_id"] for stem in stems)
    tracks = daemon.rows("SELECT id FROM tracks")
    return wrong + sum(1 for track in tracks if names[track["id"]] != len(_STEMS))


def _leftovers(daemon: DaemonProcess) -> int:
    staged = list((daemon.library / ".incoming").glob("*"))
    parts = [path for path in daemon.library.rglob("*.part") if path.parent not in staged]
    return len(staged) + len(parts)


def _integrity(daemon: DaemonProcess) -> str:
    try:
        return "; ".join(
            str(row["integrity_check"]) for row in daemon.rows("PRAGMA integrity_check")
        )
    except sqlite3.Error as error:
        return str(error)
