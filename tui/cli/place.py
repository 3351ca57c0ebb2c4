"""Which configuration and which database a command works with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from tui.cli.values import path

if TYPE_CHECKING:
    from core.config import Settings

Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Place:
    """What a command works with.

    Attributes
    ----------
    settings
        As the configuration file and the environment say.
    database
        The file named on the command line, else the configured one.
    """

    settings: "Settings"
    database: Path


def place_options(command: Command) -> Command:
    """Give a command the options `--config` and `--database`; see `find_place`."""
    for option in (
        click.option(
            "--database",
            metavar="FILE",
            type=path,
            help="Use this database instead of the configured one.",
        ),
        click.option(
            "--config",
            metavar="FILE",
            type=path,
            help="Read this configuration file instead of the usual one.",
        ),
    ):
        command = option(command)
    return command


def find_place(config: Path | None, database: Path | None) -> Place:
    """Read the configuration.

    Raises
    ------
    ConfigError
        It makes no sense.
    """
    # Deferred: `--help` needs no configuration.
    from core.config import load_settings

    settings = load_settings(config)
    return Place(settings, database if database is not None else settings.database)
