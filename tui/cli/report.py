"""What a person sees of a batch: nothing but errors, plain lines, or (in `live`) a moving bar."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

import click

from core.errors import MinusoneError
from tui.cli.complaint import complain
from tui.cli.terminal import moves
from tui.cli.wording import clock, count, safe, speed

if TYPE_CHECKING:
    from core.separation.progress import Progress
    from core.separation.songfile import Separation


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a batch.

    Attributes
    ----------
    separated, skipped, failed, left
        Numbers of songs; `left` were not finished when the batch was stopped.
    music
        Length of the separated songs, seconds.
    seconds
        Wall time of the whole batch, seconds.
    stopped
        Whether somebody stopped it.
    """

    separated: int
    skipped: int
    failed: int
    left: int
    music: float
    seconds: float
    stopped: bool


class QuietReport:
    """Errors only, on standard error. Also the base of the other reports: enter before use."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def started(self, song: Path, number: int, total: int) -> None:
        """Begin a song, the `number`-th (from 1) of `total`."""

    def progress(self, progress: "Progress") -> None:
        """Take note of how far the song is."""

    def finished(self, result: "Separation") -> None:
        """End the song well."""

    def failed(self, error: MinusoneError) -> None:
        """End the song, or something that could not even begin, with an error."""
        complain(error)

    def ended(self, tally: Tally) -> None:
        """Sum up."""


class PlainReport(QuietReport):
    """One line when a song starts and one when it ends, for logs and pipes.

    Parameters
    ----------
    stream
        Where to write; errors go to standard error all the same.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._label: str | None = None
        self._backend_shown = False

    def started(self, song: Path, number: int, total: int) -> None:
        self._label = label(song, number, total)
        self._line(f"{self._label}: separating")

    def finished(self, result: "Separation") -> None:
        name, self._label = self._label, None
        if result.skipped:
            self._line(f"{name}: skipped, its stems are there already")
            return
        if not self._backend_shown:
            self._backend_shown = True
            self._line(f"Running on the {result.backend.upper()} ({safe(result.backend_reason)})")
        self._line(
            f"{name}: {clock(result.duration)} in {result.seconds:.1f} s"
            f" ({speed(result.realtime_factor)}) -> {_places(result.outputs.values())}"
        )
        for warning in result.warnings:
            self._line(f"  note: {safe(warning)}")

    def failed(self, error: MinusoneError) -> None:
        if self._label is not None:
            self._line(f"{self._label}: failed")
            self._label = None
        super().failed(error)

    def ended(self, tally: Tally) -> None:
        songs = tally.separated + tally.skipped + tally.failed + tally.left
        if songs < 2 and not tally.stopped:
            return
        parts = [f"{tally.separated} separated"]
        parts += [f"{tally.skipped} skipped"] * (tally.skipped > 0)
        parts += [f"{tally.failed} failed"] * (tally.failed > 0)
        parts += [f"{tally.left} not done"] * (tally.left > 0)
        text = f"{'Stopped. ' * tally.stopped}{count(songs, 'song')}: {', '.join(parts)}."
        if tally.music > 0:
            text += f" {clock(tally.music)} of music in {clock(tally.seconds)}."
        self._line(text)

    def _line(self, text: str) -> None:
        click.echo(text, file=self._stream)


def label(song: Path, number: int, total: int) -> str:
    """Name a song within its batch, `[3/12] Title.mp3`, or `Title.mp3` when it is alone."""
    return f"[{number}/{total}] {safe(song.name)}" if total > 1 else safe(song.name)


def choose_report(*, quiet: bool, json: bool) -> QuietReport:
    """Pick the report that suits the options and the terminal, or the lack of one."""
    if quiet:
        return QuietReport()
    stream = sys.stderr if json else sys.stdout
    if moves(stream):
        # Deferred: rich is of no use, and takes its time, where nothing can move.
        from tui.cli.live import LiveReport

        return LiveReport(stream)
    return PlainReport(stream)


def _places(outputs: Iterable[Path]) -> str:
    paths = list(outputs)
    folders = {path.parent for path in paths}
    if len(folders) == 1:
        return f"{safe(folders.pop())}/ ({', '.join(safe(path.name) for path in paths)})"
    return ", ".join(safe(path) for path in paths)
