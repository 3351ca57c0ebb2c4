"""`minusone doctor`: findings about this computer, with a fix for each problem."""

import json
import shutil
import sys
import textwrap

import click

from tui.cli.wording import safe

_COLOURS = {"ok": "green", "note": "cyan", "problem": "red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def command(as_json: bool) -> None:
    """Look at this computer and say what is wrong, in plain words.

    The exit code is 1 when something is wrong, otherwise 0.
    """
    from core.doctor import Status, examine

    findings = examine()
    if as_json:
        records = [
            {
                "topic": finding.topic,
                "status": str(finding.status),
                "text": finding.text,
                "fix": finding.fix,
            }
            for finding in findings
        ]
        click.echo(json.dumps(records, indent=2))
    else:
        width = max(len(finding.topic) for finding in findings)
        for finding in findings:
            mark = click.style(f"{finding.status:<7}", fg=_COLOURS[finding.status])
            click.echo(f"{mark}  {finding.topic:<{width}}  {_wrapped(finding.text, width + 11)}")
            if finding.fix:
                click.echo(f"{'':{width + 11}}{_wrapped(f'-> {finding.fix}', width + 14)}")
    if any(finding.status is Status.PROBLEM for finding in findings):
        sys.exit(1)


def _wrapped(text: str, indent: int) -> str:
    # A log is searched line by line; only a person at a terminal is helped by shorter ones.
    if not sys.stdout.isatty():
        return safe(text)
    width = max(shutil.get_terminal_size().columns - indent, 30)
    return f"\n{'':{indent}}".join(textwrap.wrap(safe(text), width))
