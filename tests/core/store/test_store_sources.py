"""The inbox files that have been dealt with."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.store.database import Database
from core.store.jobs import claim, complete, fail
from core.store.pathtext import path_to_text
from core.store.records import FileState, Job, NewTrack, Original, Outcome, Source, Track
from core.store.sources import all_signatures, find_source, forget, known_content, remember


def _source(name: bytes, **changes: object) -> Source:
    path = Path(os.fsdecode(b"/in/" + name))
    source = Source(path, FileState(1, 2, 3), "0" * 64, Outcome.JOB, None, None, "", 5.0)
    return replace(source, **changes)  # type: ignore[arg-type]


def test_source_is_remembered_until_it_is_forgotten(db: Database) -> None:
    source = _source(b"caf\xe9 \n.mp3", outcome=Outcome.IGNORED, sha256=None, reason="Too large.")
    assert find_source(db, source.path) is None
    remember(db, source)
    assert find_source(db, source.path) == source
    forget(db, source.path)
    forget(db, source.path)
    assert find_source(db, source.path) is None


def test_same_path_is_remembered_anew(db: Database, queued: Callable[..., Job]) -> None:
    remember(db, _source(b"a"))
    job = queued(1)
    after = _source(b"a", file=FileState(9, 8, 7), job_id=job.id, seen_at=6.0)
    remember(db, after)
    assert find_source(db, after.path) == after
    assert len(list(all_signatures(db))) == 1


def test_all_signatures_come_by_and_by(db: Database) -> None:
    names = sorted([f"{number:05}.mp3".encode() for number in range(2500)] + [b"\xff", b"\x80"])
    with db.transaction():
        for number, name in enumerate(names):
            remember(db, _source(name, file=FileState(number, 1 << 62, 1 << 62)))
    found = list(all_signatures(db))
    assert {text: size for text, size, _, _ in found} == {
        path_to_text(_source(name).path): number for number, name in enumerate(names)
    }
    assert found[0][2:] == (1 << 62, 1 << 62)


def test_signatures_may_be_changed_while_they_come(db: Database) -> None:
    for name in (b"a", b"b"):
        remember(db, _source(name))
    for text, *_ in all_signatures(db):
        forget(db, Path(text))
    assert list(all_signatures(db)) == []


def test_known_content_is_the_track_or_what_is_to_make_it(
    db: Database, queued: Callable[..., Job], separated: Callable[..., Track]
) -> None:
    job = queued(1)
    assert job.sha256 is not None
    assert known_content(db, job.sha256) == job
    running = claim(db, "w")
    assert known_content(db, job.sha256) == running
    fail(db, job.id, "No.", "")
    assert known_content(db, job.sha256) is None
    track = separated(1)
    assert known_content(db, job.sha256) == track
    queued(1, replace=True)
    assert known_content(db, job.sha256) == track


def test_duplicate_of_a_song_under_way_points_at_its_track_later(
    db: Database, queued: Callable[..., Job], new_track: Callable[..., NewTrack]
) -> None:
    job = queued(1)
    copy = _source(b"copy", sha256=job.sha256, outcome=Outcome.DUPLICATE, job_id=job.id)
    remember(db, copy)
    claim(db, "w")
    track = complete(
        db,
        job.id,
        new_track(1),
        original=Original.KEPT,
        backend="cpu",
        realtime_factor=None,
    )
    assert find_source(db, copy.path) == replace(copy, track_id=track.id)
