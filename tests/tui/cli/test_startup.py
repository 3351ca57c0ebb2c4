"""The outermost command: light to start, helpful without arguments, clear when mistyped."""

import os
import resource
import subprocess
import sys
from importlib import import_module
from statistics import median

import click
import pytest
from click.testing import CliRunner

import minusone
from tui.cli import COMMANDS, command_line

RUN = [sys.executable, "-P", "-c", "from tui.cli import main; main()"]

HEAVY = ("numpy", "rich", "textual", "av", "soundfile", "soxr", "mutagen", "ai_edge_litert")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, check=False)


def test_without_arguments_the_help_is_shown() -> None:
    bare = run()
    assert bare.returncode == 0
    assert bare.stdout == run("--help").stdout
    for name, entry in COMMANDS.items():
        assert f"{name} " in bare.stdout
        assert entry.summary in bare.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_summary_in_the_table_is_the_commands_own(name: str) -> None:
    command = import_module(COMMANDS[name].module).command
    assert isinstance(command, click.Command)
    assert command.get_short_help_str(limit=100) == COMMANDS[name].summary
    assert command.name == name


def children_seconds() -> float:
    """Return the processor seconds of all finished children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_version() -> None:
    shown = run("--version")
    assert (shown.returncode, shown.stdout) == (0, f"minusone {minusone.__version__}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["separate", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from tui.cli import main\n"
        f"sys.argv = ['minusone', *{arguments!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit:\n"
        f"    print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr.split() == []
    assert "minusone" in done.stdout


def test_help_is_there_at_once() -> None:
    # Processor time of the children: what it would take on a computer with nothing else to do.
    times = []
    for _ in range(5):
        begun = children_seconds()
        run("--help")
        times.append(children_seconds() - begun)
    assert median(times) < 0.3


def test_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(command_line, ["seperate"])
    assert result.exit_code == 2
    assert "seperate" in result.output


def test_reader_that_went_away_is_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*RUN, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 1
