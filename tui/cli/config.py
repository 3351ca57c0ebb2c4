"""`minusone config`: which settings are in force, and where they come from."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli.default import DefaultGroup
from tui.cli.records import write_line
from tui.cli.values import path
from tui.cli.wording import safe

if TYPE_CHECKING:
    from core.config import Settings
    from core.config.settings import Key

config_option = click.option(
    "--config", metavar="FILE", type=path, help="Read this file instead of the usual one."
)


@click.group("config", cls=DefaultGroup, default="show")
def command() -> None:
    """Show, explain and check the configuration."""


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@config_option
def show_command(as_json: bool, config: Path | None) -> None:
    """Show every setting that is in force, and where it comes from.

    'minusone config' alone does the same.
    """
    from core.config import load_settings
    from core.config.settings import KEYS

    settings = load_settings(config)
    origins = _origins(settings)
    if as_json:
        record: dict[str, Any] = {"path": None if settings.path is None else str(settings.path)}
        record["settings"] = {
            ".".join(key.path): {"value": _value(settings, key), "from": origins[key.path]}
            for key in KEYS
        }
        record["warnings"] = list(settings.warnings)
        write_line(record)
        return
    head = "no configuration file: defaults and environment variables"
    click.echo(f"# {safe(settings.path) if settings.path is not None else head}")
    section = ""
    for key in KEYS:
        if key.section != section:
            section = key.section
            click.echo(f"\n[{section}]")
        origin = origins[key.path]
        comment = f"  # {origin}" if origin != "default" else ""
        click.echo(safe(f"{key.name} = {_written(settings, key)}{comment}"))
    _warn(settings)


@command.command("example")
def example_command() -> None:
    """Print a configuration file with every key, its default and its meaning."""
    from core.config import example_config

    click.echo(example_config(), nl=False)


@command.command("path")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def path_command(as_json: bool) -> None:
    """Print where the configuration file is, or would be."""
    from core.config import config_path

    place = config_path(os.environ)
    if as_json:
        write_line({"path": str(place), "exists": place.is_file()})
        return
    click.echo(safe(place))
    if not place.is_file():
        click.echo(
            "There is no such file yet: every key has its default. Make one with\n"
            f"  minusone config example > {safe(place)}",
            err=True,
        )


@command.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@config_option
def check_command(as_json: bool, config: Path | None) -> None:
    """Read the configuration and say what is wrong with it.

    A running daemon takes it over on 'systemctl --user reload minusoned', or on SIGHUP.
    """
    from core.config import load_settings
    from core.errors import ConfigError

    try:
        settings = load_settings(config)
    except ConfigError as error:
        if as_json:
            problem = {"title": error.title, "detail": error.detail}
            write_line({"good": False, "error": problem})
        raise
    if as_json:
        place = None if settings.path is None else str(settings.path)
        write_line({"good": True, "path": place, "warnings": list(settings.warnings)})
        return
    if settings.path is None:
        click.echo("There is no configuration file: every key has its default.")
    else:
        click.echo(f"{safe(settings.path)} can be used.")
    _warn(settings)


def _warn(settings: "Settings") -> None:
    for warning in settings.warnings:
        click.echo(f"Note: {safe(warning)}", err=True)


def _origins(settings: "Settings") -> dict[tuple[str, ...], str]:
    """Say of every key where its value comes from: a variable, a line of the file, the default."""
    from core.config.document import Document, read_document
    from core.config.settings import KEYS

    document = Document() if settings.path is None else read_document(settings.path)
    origins = {}
    for key in KEYS:
        table = document.content.get(key.section, {}) if key.section else document.content
        if os.environ.get(key.variable):
            origins[key.path] = key.variable
        elif key.name in table:
            origins[key.path] = document.place(key.path)
        else:
            origins[key.path] = "default"
    return origins


def _value(settings: "Settings", key: "Key") -> Any:
    """Return a setting as JSON knows values: times in seconds, sizes in bytes."""
    owner = getattr(settings, key.section) if key.section else settings
    value = getattr(owner, key.name)
    if isinstance(value, tuple):
        return [str(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _written(settings: "Settings", key: "Key") -> str:
    """Write a setting so that it could stand in the file."""
    value = _value(settings, key)
    if value is None:
        # TOML has no word for nothing; each key has its own.
        word = key.default if key.default_value(os.environ) is None else "none"
        return json.dumps(word)
    if isinstance(value, list):
        return f"[{', '.join(json.dumps(one, ensure_ascii=False) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)
