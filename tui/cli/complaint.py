"""How an error is told to a person."""

import click

from core.errors import MinusoneError
from tui.cli.wording import safe


def complain(error: MinusoneError) -> None:
    """Print an error to standard error: what happened, and below it what to do."""
    click.echo(f"Error: {safe(error.title)}", err=True)
    for line in error.detail.splitlines():
        click.echo(f"  {safe(line)}", err=True)
