"""A group whose name alone is one of its commands."""

import click
import pytest
from click.testing import CliRunner

from tui.cli.default import DefaultGroup


@click.group("things", cls=DefaultGroup)
def things() -> None:
    """Things."""


@things.command("list")
@click.option("--all", "everything", is_flag=True)
def list_command(everything: bool) -> None:
    """List."""
    click.echo(f"list {everything}")


@things.command("show")
@click.argument("name")
def show_command(name: str) -> None:
    """Show."""
    click.echo(f"show {name}")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "list False"),
        (["--all"], "list True"),
        (["list", "--all"], "list True"),
        (["show", "list"], "show list"),
    ],
)
def test_missing_name_is_put_in(arguments: list[str], expected: str) -> None:
    assert CliRunner().invoke(things, arguments).output == f"{expected}\n"


def test_help_is_that_of_the_group() -> None:
    shown = CliRunner().invoke(things, ["--help"])
    assert shown.exit_code == 0
    assert "show" in shown.output


def test_mistyped_name_is_not_an_argument_of_the_default() -> None:
    wrong = CliRunner().invoke(things, ["shwo"])
    assert wrong.exit_code == 2
    assert "shwo" in wrong.output
