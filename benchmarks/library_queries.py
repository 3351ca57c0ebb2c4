"""How long pages of a large library and searches in it take.

python -m benchmarks.library_queries                   100,000 made-up tracks
python -m benchmarks.library_queries --tracks 10000    fewer

The database is made anew in a temporary folder, which takes a minute. The words of the names are
as unevenly distributed as those of a language, so that searches meet rare and common ones.
"""

import argparse
import hashlib
import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.machine import describe_machine
from benchmarks.report import RESULTS, publish
from benchmarks.songs import work_folder
from core.store.database import Database, open_database, read_database
from core.store.jobs import add_job, claim, complete, heartbeat, list_jobs
from core.store.records import FileState, NewJob, NewTrack, Origin, Original, SongFacts, Stem
from core.store.trackrows import put_track
from core.store.tracks import SortBy, count_tracks, list_tracks, search_tracks

TRACKS = 100_000
PAGE = 100
_ROUNDS = 15
_QUICK = 2000
_SYLLABLES = ("ba", "ke", "lo", "ri", "sa", "tu", "ve", "mi", "no", "da", "mor", "stel", "tho")


@dataclass(frozen=True, slots=True)
class Figure:
    """What one query took, milliseconds.

    Attributes
    ----------
    name
        What was asked.
    found
        How many tracks it is a page of.
    wall_ms, worst_ms
        Median and largest.
    """

    name: str
    found: int
    wall_ms: float
    worst_ms: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes."""
    parser = argparse.ArgumentParser(prog="benchmarks.library_queries", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--tracks", type=int, default=None, metavar="N")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, metavar="N")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK} tracks")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)

    machine = describe_machine()
    tracks = chosen.tracks or (_QUICK if chosen.quick else TRACKS)
    with work_folder() as folder:
        path = folder / "minusone.db"
        fill(path, tracks)
        octets = path.stat().st_size
        with read_database(path) as db:
            figures = [
                _measure(name, found, query, chosen.rounds) for name, found, query in queries(db)
            ]
        figures.append(_measure("open the database", tracks, lambda: _reopen(path), chosen.rounds))
        with open_database(path) as db:
            names = ["enter a job", "claim it", "say how far it is", "complete it (durably)"]
            songs = [list(job_steps(db, tracks + n)) for n in range(chosen.rounds)]
            for name, times in zip(names, zip(*songs, strict=True), strict=True):
                figures.append(Figure(name, tracks, median(times), max(times)))
    publish(
        "library_queries",
        machine,
        ["query", "tracks found", "median ms", "worst ms"],
        [
            [figure.name, f"{figure.found:,}", f"{figure.wall_ms:.1f}", f"{figure.worst_ms:.1f}"]
            for figure in figures
        ],
        {"tracks": tracks, "bytes": octets, "queries": [asdict(figure) for figure in figures]},
        notes=[
            f"{tracks:,} tracks, {octets / 1e6:.0f} MB, pages of {PAGE}, each asked "
            f"{chosen.rounds} times; a page comes with all fields and stems of its tracks."
        ],
        folder=chosen.results,
    )


def fill(path: Path, tracks: int) -> None:
    """Make a database with so many made-up tracks, half of them with tempo and key."""
    pick = random.Random(1)
    name = _namer(pick)
    artists = [name(3) for _ in range(tracks // 12 + 1)]
    albums = [name(4) for _ in range(tracks // 8 + 1)]
    with open_database(path) as db, db.transaction():
        for number in range(tracks):
            known = pick.random() < 0.5
            track = _track(
                number,
                name(5),
                pick.choice(artists),
                album=pick.choice(albums),
                duration=pick.uniform(60, 420),
                bpm=round(pick.uniform(60, 190), 1) if known else None,
                key=pick.choice(["C", "Am", "F#m", "Eb"]) if known else None,
                lyrics=("lyrics.lrc",) if pick.random() < 0.3 else (),
            )
            put_track(db, track, now=1.7e9 + 60 * number)


def queries(db: Database) -> Iterator[tuple[str, int, Callable[[], object]]]:
    """Give what is asked: a name, how many tracks are found, and the call."""
    total = count_tracks(db)
    for sort in SortBy:
        for place, offset in _places(total):
            yield (
                f"by {sort}, {place} page",
                total,
                lambda s=sort, o=offset: list_tracks(db, sort=s, limit=PAGE, offset=o),
            )
    yield (
        "newest first, with lyrics",
        total,
        lambda: list_tracks(db, sort=SortBy.ADDED, descending=True, limit=PAGE, with_lyrics=True),
    )
    for text in ("t", "lo", "love", "the love", "t l m", "mor the stel", "nothingatall"):
        found = count_tracks(db, text)
        for place, offset in _places(found) if found > PAGE else [("only", 0)]:
            yield (
                f'search "{text}", {place} page',
                found,
                lambda t=text, o=offset: search_tracks(db, t, limit=PAGE, offset=o),
            )
    yield "newest jobs", total, lambda: list_jobs(db, newest_first=True)


def job_steps(db: Database, number: int) -> Iterator[float]:
    """Bring one more song through the queue; give what each step took, milliseconds."""
    track = _track(number, "New song", "Somebody")
    facts = SongFacts(track.title, track.artist)
    source = Path("/inbox") / track.source_name
    new = NewJob(source, FileState(1, 2, 3), track.sha256, facts, Origin.INBOX)
    with _clock() as took:
        job = add_job(db, new)
    assert job is not None
    yield took[0]
    with _clock() as took:
        claim(db, "benchmark")
    yield took[0]
    with _clock() as took:
        heartbeat(db, job.id, "benchmark", "separating", 0.5, 4.0)
    yield took[0]
    with _clock() as took:
        complete(db, job.id, track, original=Original.KEPT, backend="cpu", realtime_factor=4.0)
    yield took[0]


def _places(found: int) -> list[tuple[str, int]]:
    return [("first", 0), ("middle", found // 2), ("last", max(0, found - PAGE))]


def _namer(pick: random.Random) -> Callable[[int], str]:
    """Return what makes a name of up to so many words."""
    made = {"".join(pick.choices(_SYLLABLES, k=pick.randint(1, 4))) for _ in range(20_000)}
    rare = sorted(made)
    pick.shuffle(rare)
    words = ["the", "love", "of", "you", "night", "my", *rare]
    shares = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
    return lambda most: " ".join(
        pick.choices(words, cum_weights=shares, k=pick.randint(1, most))
    ).title()


def _track(number: int, title: str, artist: str, **more: object) -> NewTrack:
    stems = tuple(
        Stem(name, f"{name}.flac", "flac", 20_000_000) for name in ("vocals", "accompaniment")
    )
    fields: dict[str, object] = {"album": "", "duration": 200.0, **more}
    return NewTrack(
        sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        folder=f"{artist} - {title} ({number})",
        title=title,
        artist=artist,
        rate=44100,
        channels=2,
        source_name=f"{number} {title}.mp3",
        model="spleeter-2stems",
        preset="balanced",
        backend="cpu",
        stems=stems,
        **fields,  # type: ignore[arg-type]
    )


def _measure(name: str, found: int, query: Callable[[], object], rounds: int) -> Figure:
    query()
    times = []
    for _ in range(rounds):
        with _clock() as took:
            query()
        times += took
    return Figure(name, found, median(times), max(times))


@contextmanager
def _clock() -> Iterator[list[float]]:
    took: list[float] = []
    begin = time.perf_counter()
    yield took
    took.append(1e3 * (time.perf_counter() - begin))


def _reopen(path: Path) -> None:
    open_database(path).close()


if __name__ == "__main__":
    main()
