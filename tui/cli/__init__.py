"""The command line `minusone`.

Every command is a module here, named like the command. What a person reads goes to standard
output, or to standard error when `--json` fills standard output with results.
"""

import io
import sys
from typing import Any

import click

import minusone
from core.errors import MinusoneError, UsageError
from core.heap import keep_heap_small
from tui.cli.complaint import complain
from tui.cli.lazy import LazyCommand, LazyGroup
from tui.cli.stop import Stopped

COMMANDS = {
    "separate": LazyCommand("tui.cli.separate", "Separate songs into stems."),
    "add": LazyCommand("tui.cli.add", "Queue songs for the daemon."),
    "jobs": LazyCommand("tui.cli.jobs", "Look at the queue, and steer it."),
    "library": LazyCommand("tui.cli.library", "Browse, check and export what was separated."),
    "service": LazyCommand("tui.cli.service", "Run the daemon as a service of systemd."),
    "config": LazyCommand("tui.cli.config", "Show, explain and check the configuration."),
    "models": LazyCommand("tui.cli.models", "List, check, install and build separation models."),
    "doctor": LazyCommand(
        "tui.cli.doctor", "Look at this computer and say what is wrong, in plain words."
    ),
    "benchmark": LazyCommand("tui.cli.benchmark", "Measure the separation on your own songs."),
}


class _CommandLine(LazyGroup):
    """The outermost group: where every error of the program becomes a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MinusoneError as error:
            complain(error)
            ctx.exit(2 if isinstance(error, UsageError) else 1)
        except KeyboardInterrupt as interrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(interrupt.exit_code if isinstance(interrupt, Stopped) else 130)


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"minusone {minusone.__version__}")
        ctx.exit()


@click.group(
    cls=_CommandLine,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and leave.",
)
@click.pass_context
def command_line(ctx: click.Context) -> None:
    """Take songs apart: vocals here, the band there."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the command line; the entry point of the program `minusone`."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or a log that is not UTF-8 must not turn a song's name into a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    keep_heap_small()
    command_line(prog_name="minusone")
