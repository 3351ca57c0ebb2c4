"""The moving display of a terminal: song, stage, bar, speed, time left."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from core.errors import MinusoneError
from tui.cli.report import PlainReport, Tally, label
from tui.cli.wording import clock, speed

if TYPE_CHECKING:
    from core.separation.progress import Progress as SongProgress
    from core.separation.songfile import Separation

REFRESH_RATE = 5.0
"""Times a second that the display is drawn: each costs a few ms that a small board needs."""


class LiveReport(PlainReport):
    """A bar while a song is separated, and the lines of `PlainReport` when it ends.

    The bar exists only within a song: whatever else is printed, by this program or into the
    same terminal by another, falls between two bars and does not tear one.

    Parameters
    ----------
    stream
        A terminal.
    """

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(stream)
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._bar: _SongBar | None = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def started(self, song: Path, number: int, total: int) -> None:
        self._label = label(song, number, total)
        self._bar = _SongBar(self._label, self._console)
        self._bar.start()

    def progress(self, progress: "SongProgress") -> None:
        if self._bar is not None:
            self._bar.show(progress)

    def finished(self, result: "Separation") -> None:
        self._clear()
        super().finished(result)

    def failed(self, error: MinusoneError) -> None:
        self._clear()
        super().failed(error)

    def ended(self, tally: Tally) -> None:
        # A stop leaves the bar of the unfinished song.
        self._clear()
        super().ended(tally)

    def _clear(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class _SongBar(Progress):
    """Two lines: the song's name; stage, bar, position, speed and time left."""

    def __init__(self, title: str, console: Console) -> None:
        # Before the base class, which draws at once.
        self._title = Text(title, no_wrap=True, overflow="ellipsis", style="bold")
        super().__init__(
            TextColumn("  {task.description}", markup=False),
            BarColumn(bar_width=None),
            _Position(Column(no_wrap=True)),
            _Pace(Column(no_wrap=True, overflow="ellipsis")),
            console=console,
            expand=True,
            transient=True,
            refresh_per_second=REFRESH_RATE,
            # Results may be printed to the other stream meanwhile; they must arrive there.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self.add_task("starting", total=None, progress=None)

    def show(self, progress: "SongProgress") -> None:
        """Move the bar."""
        known = progress.total > 0 and progress.stage != "reading"
        self.update(
            self._task,
            description=str(progress.stage),
            completed=progress.done,
            total=progress.total if known else None,
            progress=progress,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """Draw the title above rich's own table."""
        yield self._title
        yield from super().get_renderables()


class _Position(ProgressColumn):
    """How much of the song is done: `1:48/4:00`."""

    def render(self, task: Task) -> Text:
        progress: SongProgress | None = task.fields["progress"]
        if progress is None or progress.total <= 0 or progress.stage == "reading":
            return Text("")
        return Text(f"{clock(progress.done)}/{clock(progress.total)}")


class _Pace(ProgressColumn):
    """Speed and time left, as soon as they are known: `52x real time, 0:02 left`."""

    def render(self, task: Task) -> Text:
        progress: SongProgress | None = task.fields["progress"]
        if progress is None:
            return Text("")
        parts = []
        if progress.realtime_factor is not None:
            parts.append(speed(progress.realtime_factor))
        if progress.remaining is not None:
            parts.append(f"{clock(progress.remaining)} left")
        return Text(", ".join(parts), style="cyan")
