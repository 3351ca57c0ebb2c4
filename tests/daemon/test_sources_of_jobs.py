"""Whether a job's file is still what it was."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from core.fingerprint import file_state
from core.store.records import FileState, Job, JobState, Origin, SongFacts
from daemon.sources import Verdict, examine_source


def job_for(path: Path, mount: str = "disk") -> Job:
    return Job(
        id=1,
        state=JobState.RUNNING,
        origin=Origin.INBOX,
        priority=0,
        source=path,
        file=file_state(path) if path.exists() else FileState(1, 1, 1),
        sha256="0" * 64,
        mount=mount,
        facts=SongFacts("a"),
        model=None,
        preset=None,
        replace=False,
        attempts=1,
        failures=0,
        deaths=0,
        not_before=0,
        cancel_requested=False,
        worker="w",
        heartbeat_at=None,
        stage=None,
        progress=0,
        realtime_factor=None,
        backend=None,
        folder=None,
        track_id=None,
        original=None,
        error_title=None,
        error_detail=None,
        queued_at=0,
        started_at=None,
        finished_at=None,
    )


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "song.wav").write_bytes(b"la la la")
    return folder


def examine(job: Job, inbox: Path, disk: str = "disk") -> Verdict:
    return examine_source(job, [inbox], identity=lambda path: disk)


def test_an_untouched_file_is_ready(inbox: Path) -> None:
    assert examine(job_for(inbox / "song.wav"), inbox) is Verdict.READY


def test_a_file_that_has_moved_to_another_inode_is_the_same(inbox: Path) -> None:
    job = job_for(inbox / "song.wav")
    assert examine(replace(job, file=replace(job.file, inode=0)), inbox) is Verdict.READY


def test_another_size_or_time_is_another_file(inbox: Path) -> None:
    job = job_for(inbox / "song.wav")
    os.utime(job.source, ns=(0, 5))
    assert examine(job, inbox) is Verdict.CHANGED


def test_a_deleted_file_is_gone(inbox: Path) -> None:
    job = job_for(inbox / "song.wav")
    job.source.unlink()
    assert examine(job, inbox) is Verdict.GONE


def test_a_file_whose_disk_is_away_is_not_gone(inbox: Path) -> None:
    job = job_for(inbox / "song.wav")
    job.source.unlink()
    assert examine(job, inbox, disk="another") is Verdict.AWAY


def test_nor_is_one_whose_inbox_is_away(inbox: Path) -> None:
    job = job_for(inbox / "song.wav")
    inbox.rename(inbox.with_name("elsewhere"))
    assert examine(job, inbox) is Verdict.AWAY


def test_a_folder_on_the_way_that_became_a_file_means_gone(inbox: Path) -> None:
    (inbox / "album").mkdir()
    (inbox / "album" / "song.wav").write_bytes(b"la")
    job = job_for(inbox / "album" / "song.wav")
    job.source.unlink()
    (inbox / "album").rmdir()
    (inbox / "album").write_bytes(b"")
    assert examine(job, inbox) is Verdict.GONE
