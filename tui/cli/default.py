"""A command group whose name alone does something useful."""

from typing import Any

import click


class DefaultGroup(click.Group):
    """A click group that takes one of its sub-commands when none is named.

    Options count as that sub-command's: `minusone jobs --all` is `minusone jobs list --all`.

    Parameters
    ----------
    default
        Name of the sub-command.
    """

    def __init__(self, *args: Any, default: str = "list", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name in where it is missing."""
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        if not args or (args[0].startswith("-") and not asks_for_help):
            args = [self._default, *args]
        return super().parse_args(ctx, args)
