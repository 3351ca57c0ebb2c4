"""A command group that imports a sub-command only when that sub-command is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a sub-command lives, and its line in the help of the group.

    Attributes
    ----------
    module
        Dotted name of the module; the command is its attribute `command`.
    summary
        One line. It stands here so that `--help` need not import the module.
    """

    module: str
    summary: str


class LazyGroup(click.Group):
    """A click group over a table of `LazyCommand`.

    Audio libraries and the model runtime take most of a second to import: `--help`, `--version`
    and shell completion must not pay for them.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table: the most used command first."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the command; None for an unknown name."""
        entry = self._lazy.get(cmd_name)
        if entry is None:
            return None
        command = import_module(entry.module).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.module}.command is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self._lazy.items()])
