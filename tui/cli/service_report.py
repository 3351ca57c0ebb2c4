"""What installing or removing a service did, and what is left to do."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tui.cli.wording import safe


@dataclass(frozen=True, slots=True)
class Report:
    """What was done.

    Attributes
    ----------
    done
        Files and folders under what became of them.
    invitation
        Introduces the steps.
    steps
        Commands that the user should type.
    notes
        Sentences.
    """

    done: Mapping[str, Sequence[Path]]
    invitation: str
    steps: Sequence[Sequence[str]]
    notes: Sequence[str]

    def print(self, as_json: bool) -> None:
        """Print it for a person, or as one JSON object."""
        steps = [shlex.join(words) for words in self.steps]
        if as_json:
            record: dict[str, object] = {
                what.lower().replace(",", "").replace(" ", "_"): [str(file) for file in files]
                for what, files in self.done.items()
            }
            click.echo(json.dumps(record | {"next": steps, "notes": list(self.notes)}, indent=2))
            return
        lines = [f"{what}: {file}" for what, files in self.done.items() for file in files]
        lines += [f"Note: {note}" for note in self.notes]
        if self.invitation:
            lines += [self.invitation, *(f"  {step}" for step in steps)]
        for line in lines:
            click.echo(safe(line))
