"""One separator, many songs: each gets its chance, whatever became of the others."""

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BackendError, MinusoneError, ModelError
from tui.cli import records
from tui.cli.plan import Refused, Task
from tui.cli.report import QuietReport, Tally
from tui.cli.stop import Stopped, StopSignals

if TYPE_CHECKING:
    from core.separation.progress import Progress
    from core.separation.songfile import Separation

SeparateSong = Callable[[Path, "Callable[[Progress], None]"], "Separation"]
"""Separates one song, calling back with its progress."""


class Batch:
    """Works through a plan, tells the report, and keeps count.

    Parameters
    ----------
    separate
        See `SeparateSong`.
    report
        What a person sees; already entered.
    stop
        Asked between the pieces of each song; already entered.
    json
        Whether results are printed as records.
    """

    def __init__(
        self, separate: SeparateSong, report: QuietReport, stop: StopSignals, *, json: bool
    ) -> None:
        self._separate = separate
        self._report = report
        self._stop = stop
        self._json = json
        self._results: list[Separation] = []
        self._failed = 0

    def run(self, plan: Sequence[Task | Refused]) -> int:
        """Do all of it.

        Parameters
        ----------
        plan
            What to do, in order.

        Returns
        -------
        int
            The exit code: 0 all good, 1 something failed, 128 + signal when stopped.
        """
        begun = time.perf_counter()
        code = None
        try:
            for number, item in enumerate(plan, 1):
                self._stop.check()
                if isinstance(item, Refused):
                    self._fail(item.path, item.error)
                elif (fatal := self._do(item, number, len(plan))) is not None:
                    self._give_up(plan[number:], fatal)
                    break
        except Stopped as stopped:
            code = stopped.exit_code
        self._report.ended(self._count(len(plan), time.perf_counter() - begun, code is not None))
        if code is not None:
            return code
        return 1 if self._failed else 0

    def _do(self, task: Task, number: int, total: int) -> MinusoneError | None:
        """Separate one song; return the error if it would meet every other song as well."""
        self._report.started(task.song, number, total)
        try:
            result = self._separate(task.song, self._step)
        except (ModelError, BackendError) as error:
            self._fail(task.song, error)
            return error
        except MinusoneError as error:
            self._fail(task.song, error)
        except Exception as exc:
            # The end of a job: whatever one song brings to light, the others have their turn.
            self._fail(task.song, _unexpected(task.song, exc))
        else:
            self._results.append(result)
            self._report.finished(result)
            if self._json:
                records.write_line(records.separated(result))
        return None

    def _step(self, progress: "Progress") -> None:
        self._stop.check()
        self._report.progress(progress)

    def _fail(self, path: Path, error: MinusoneError) -> None:
        self._report.failed(error)
        self._record_failure(path, error)

    def _record_failure(self, path: Path, error: MinusoneError) -> None:
        self._failed += 1
        if self._json:
            records.write_line(records.failed(path, error))

    def _give_up(self, rest: Sequence[Task | Refused], error: MinusoneError) -> None:
        # Said to the person once; a program reading the records still gets one for each song.
        for item in rest:
            if isinstance(item, Refused):
                self._fail(item.path, item.error)
            else:
                self._record_failure(item.song, error)

    def _count(self, total: int, seconds: float, stopped: bool) -> Tally:
        skipped = sum(result.skipped for result in self._results)
        return Tally(
            separated=len(self._results) - skipped,
            skipped=skipped,
            failed=self._failed,
            left=total - len(self._results) - self._failed,
            music=sum(result.duration for result in self._results if not result.skipped),
            seconds=seconds,
            stopped=stopped,
        )


def _unexpected(song: Path, exc: Exception) -> MinusoneError:
    where = traceback.extract_tb(exc.__traceback__)[-1]
    return MinusoneError(
        f"Separating {song} failed in a way that minusone did not foresee.",
        f"Please report this: {type(exc).__name__}: {exc} "
        f"({Path(where.filename).name}, line {where.lineno})",
    )
