"""How far an installation is: a bar on a terminal, a line for each step elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tui.cli.terminal import moves

if TYPE_CHECKING:
    from core.catalog.install import InstallProgress


@contextmanager
def show_install(*, quiet: bool) -> Iterator[Callable[["InstallProgress"], None] | None]:
    """Give the callback that `install_model` takes, and clear the display at the end.

    Parameters
    ----------
    quiet
        Give None: show nothing.
    """
    if quiet:
        yield None
    elif moves(sys.stderr):
        with _bar() as show:
            yield show
    else:
        yield _lines()


def _lines() -> Callable[["InstallProgress"], None]:
    last = ""

    def show(progress: "InstallProgress") -> None:
        nonlocal last
        if progress.stage != last:
            last = progress.stage
            click.echo(f"{progress.stage.capitalize()} ...", err=True)

    return show


@contextmanager
def _bar() -> Iterator[Callable[["InstallProgress"], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True, highlight=False),
        transient=True,
        expand=True,
    )
    with bar:
        task = bar.add_task("Connecting", total=None)

        def show(progress: "InstallProgress") -> None:
            bar.update(
                task,
                description=progress.stage.capitalize(),
                completed=progress.done,
                total=progress.total,
            )

        yield show
