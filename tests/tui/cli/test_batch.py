"""A batch keeps count and gives every song its turn."""

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from core.errors import AudioError, BackendError
from core.separation.progress import Progress, Stage
from core.separation.songfile import Separation
from tui.cli.batch import Batch
from tui.cli.plan import Refused, Task
from tui.cli.report import PlainReport, QuietReport, Tally
from tui.cli.stop import StopSignals

TASKS = [Task(Path("/m/a.mp3")), Task(Path("/m/b.mp3")), Task(Path("/m/c.mp3"))]


class Recorder(QuietReport):
    """A report that remembers what it was told."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.tally: Tally | None = None

    def failed(self, error: Exception) -> None:
        self.errors.append(str(error))

    def ended(self, tally: Tally) -> None:
        self.tally = tally


def separation(song: Path, *, skipped: bool = False) -> Separation:
    return Separation(
        input=song,
        outputs={"vocals": Path("/out", song.stem, "vocals.wav")},
        skipped=skipped,
        duration=0.0 if skipped else 60.0,
        seconds=2.0,
        realtime_factor=float("inf"),
        backend="cpu",
        backend_reason="asked for",
        model="spleeter-2stems",
        preset="balanced",
        warnings=(),
        stage_seconds={"reading": 0.5},
    )


def run(
    separate: Callable[[Path, Callable[[Progress], None]], Separation],
    plan: Sequence[Task | Refused] = TASKS,
    *,
    json: bool = False,
) -> tuple[int, Recorder]:
    report = Recorder()
    with StopSignals() as stop:
        code = Batch(separate, report, stop, json=json).run(plan)
    return code, report


def test_all_good() -> None:
    code, report = run(lambda song, _: separation(song, skipped=song.name == "b.mp3"))
    assert code == 0
    assert report.tally is not None
    assert (report.tally.separated, report.tally.skipped, report.tally.music) == (2, 1, 120.0)


def test_error_of_one_song_and_refused_songs_count_as_failed() -> None:
    def separate(song: Path, progress: Callable[[Progress], None]) -> Separation:
        if song.name == "b.mp3":
            raise AudioError("b.mp3 is damaged.")
        return separation(song)

    refused = Refused(Path("/m/z.mp3"), AudioError("z.mp3 is refused."))
    code, report = run(separate, [*TASKS, refused])
    assert code == 1
    assert report.errors == ["b.mp3 is damaged.", "z.mp3 is refused."]
    assert report.tally is not None
    assert (report.tally.separated, report.tally.failed, report.tally.left) == (2, 2, 0)


def test_unforeseen_exception_is_one_songs_failure() -> None:
    def separate(song: Path, progress: Callable[[Progress], None]) -> Separation:
        if song.name == "a.mp3":
            raise ZeroDivisionError("division by zero")
        return separation(song)

    code, report = run(separate)
    assert code == 1
    (error,) = report.errors
    assert "/m/a.mp3" in error
    assert "ZeroDivisionError: division by zero (test_batch.py, line" in error


def test_error_of_the_backend_is_said_once_and_recorded_for_every_song(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tried = []

    def separate(song: Path, progress: Callable[[Progress], None]) -> Separation:
        tried.append(song.name)
        raise BackendError("There is no GPU to use.")

    code, report = run(separate, json=True)
    assert code == 1
    assert tried == ["a.mp3"]
    assert report.errors == ["There is no GPU to use."]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["input"] for line in lines] == ["/m/a.mp3", "/m/b.mp3", "/m/c.mp3"]
    assert {line["error"]["title"] for line in lines} == {"There is no GPU to use."}


def test_stop_takes_effect_at_the_next_progress_and_keeps_what_is_done() -> None:
    progress_of_song = Progress(Stage.SEPARATING, 1.0, 60.0, 0.1, 0.1)
    with StopSignals() as stop:
        report = Recorder()

        def separate(song: Path, progress: Callable[[Progress], None]) -> Separation:
            if song.name == "b.mp3":
                os.kill(os.getpid(), signal.SIGINT)
                progress(progress_of_song)
            return separation(song)

        code = Batch(separate, report, stop, json=False).run(TASKS)
    assert code == 130
    assert report.tally is not None
    assert report.tally.stopped
    assert (report.tally.separated, report.tally.failed, report.tally.left) == (1, 0, 2)


def test_record_of_a_song_that_took_no_time_is_valid_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(lambda song, _: separation(song), TASKS[:1], json=True)
    assert json.loads(capsys.readouterr().out)["realtime_factor"] is None


def test_summary_names_what_is_not_done(capsys: pytest.CaptureFixture[str]) -> None:
    PlainReport(sys.stdout).ended(Tally(2, 1, 1, 3, 130.0, 61.0, stopped=True))
    assert capsys.readouterr().out == (
        "Stopped. 7 songs: 2 separated, 1 skipped, 1 failed, 3 not done. 2:10 of music in 1:01.\n"
    )
