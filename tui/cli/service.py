"""`minusone service`: the daemon as a service of systemd."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.errors import UsageError
from tui.cli import systemctl
from tui.cli.values import path
from tui.cli.wording import safe

if TYPE_CHECKING:
    from tui.cli.service_owner import Owner

_Command = Callable[..., Any]


@click.group("service")
def command() -> None:
    """Run the daemon as a service of systemd."""


def _whose(function: _Command) -> _Command:
    """Add the options that say whose service is meant."""
    options = (
        click.option("--user/--system", default=None, help="Your own service, or the system's."),
        click.option(
            "--user-name",
            metavar="NAME",
            help="With --system: the account it works for; who called sudo, if not given.",
        ),
        click.option(
            "--root",
            metavar="DIR",
            type=path,
            help="With --system: another file system, as of an image that is being built.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command.command("install")
@_whose
@click.option(
    "--config", metavar="FILE", type=path, help="Configuration of the service, if not the usual."
)
@click.option("--gpu/--no-gpu", default=None, help="Let it use a GPU; as it is if not given.")
@click.option("--now", is_flag=True, help="Also enable and start it.")
@click.option(
    "--force", is_flag=True, help="Replace units that were changed, or written by others."
)
@click.option("--dry-run", is_flag=True, help="Print the units, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def install_command(
    user: bool | None,
    user_name: str | None,
    root: Path | None,
    config: Path | None,
    gpu: bool | None,
    now: bool,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write the unit of a service that runs this very installation.

    A service of your own needs no privileges. One of the system needs no login, and is shut in
    more tightly: it writes to the folders of the configuration and nowhere else. After changing
    those, install it again.
    """
    # Deferred: the configuration is read only when it is needed.
    from tui.cli.service_draft import draft
    from tui.cli.service_owner import find_owner
    from tui.cli.service_report import Report
    from tui.cli.unit_files import check_replaceable, write_unit

    owner = find_owner(user, user_name, root)
    plan = draft(owner, config, gpu)
    if dry_run:
        _print_files(plan.files, as_json)
        return
    _check_now(now, root)
    if not force:
        for file in (*plan.files, *plan.obsolete):
            check_replaceable(file)
    written = [file for file, body in plan.files.items() if write_unit(file, body)]
    for file in plan.obsolete:
        file.unlink()
    made = owner.make_folders(plan.folders)
    steps = _starting(owner)
    if now:
        for words in steps:
            systemctl.carry_out(words)
    kept = [file for file in plan.files if file not in written]
    waited_for = [] if root else [one for one in plan.folders if not one.is_dir()]
    report = Report(
        {
            "Wrote": written,
            "Up to date": kept,
            "Removed": plan.obsolete,
            "Made the folder": made,
            "Not there, and waited for": waited_for,
        },
        "" if now else _invitation(root),
        () if now else steps,
        (*plan.notes, *_advice(owner)),
    )
    report.print(as_json)


@command.command("uninstall")
@_whose
@click.option("--now", is_flag=True, help="First stop and disable it.")
@click.option("--force", is_flag=True, help="Remove units that were changed, or written by others.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def uninstall_command(
    user: bool | None,
    user_name: str | None,
    root: Path | None,
    now: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Remove what install wrote. Songs, library, database and configuration stay."""
    from tui.cli.service_owner import find_owner
    from tui.cli.service_report import Report
    from tui.cli.unit_files import check_replaceable, remove_unit

    owner = find_owner(user, user_name, root)
    _check_now(now, root)
    if not force:
        check_replaceable(owner.place.unit)
        check_replaceable(owner.place.drop_in)
    unit = owner.place.name
    if now and owner.place.unit.exists():
        systemctl.carry_out(systemctl.command(owner.user, "disable", "--now", unit))
    removed = remove_unit(owner.place)
    steps = [systemctl.command(owner.user, "daemon-reload")]
    if now:
        systemctl.carry_out(steps.pop())
    elif root or systemctl.absence():
        steps.clear()
    else:
        steps.insert(0, systemctl.command(owner.user, "stop", unit))
    Report(
        {"Removed": removed},
        "If it was running:" if removed and steps else "",
        steps if removed else (),
        () if removed else (f"There is no {owner.place.unit}.",),
    ).print(as_json)


@command.command("status")
@_whose
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def status_command(
    user: bool | None, user_name: str | None, root: Path | None, as_json: bool
) -> None:
    """Say which services there are, what systemd knows of them, and what the daemon says.

    The exit code is 0 while a daemon runs, otherwise 1.
    """
    from tui.cli.service_owner import find_owner
    from tui.cli.service_state import examine

    if user is None and user_name is None and root is None:
        owners = [find_owner(True, None, None)]
        if owners[0].account != "root":
            owners.append(find_owner(False, owners[0].account, None))
    else:
        owners = [find_owner(user, user_name, root)]
    states = [examine(owner) for owner in owners]
    # Both would tell of the same daemon.
    states = [state for state in states if state.installed] or states[:1]
    if as_json:
        click.echo(json.dumps([state.record() for state in states], indent=2))
    else:
        for line in "\n".join(state.text() for state in states).splitlines():
            click.echo(safe(line))
        if reason := systemctl.absence():
            click.echo(f"{reason}: the daemon runs when something else starts `minusoned`.")
    if not any(state.running for state in states):
        sys.exit(1)


def _check_now(now: bool, root: Path | None) -> None:
    reason = "it is for another file system" if root else systemctl.absence()
    if now and reason:
        raise UsageError(
            f"systemctl cannot be asked to do anything now: {reason}.", "Leave --now away."
        )


def _starting(owner: "Owner") -> list[list[str]]:
    unit = owner.place.name
    if owner.root is not None:
        return [["systemctl", f"--root={owner.root}", "enable", unit]]
    return [
        systemctl.command(owner.user, "daemon-reload"),
        systemctl.command(owner.user, "enable", unit),
        # Not start: a daemon that runs already is to run by the new unit.
        systemctl.command(owner.user, "restart", unit),
    ]


def _invitation(root: Path | None) -> str:
    if root is not None or systemctl.absence():
        return "To have it started at every boot of a system with systemd:"
    return "To start it, now and at every boot:"


def _advice(owner: "Owner") -> Iterator[str]:
    from tui.cli.service_draft import daemon_program

    if owner.root is not None:
        return
    if reason := systemctl.absence():
        yield (
            f"{reason}, so nothing will start the service. Run {daemon_program()} by hand, or have "
            "it started by what does run here (OpenRC, a container's entry point, launchd)."
        )
    elif owner.user and not systemctl.lingers(owner.account):
        yield (
            "Your services end when you log out, and do not start at boot. To have this one run "
            f"always: loginctl enable-linger {owner.account}"
        )


def _print_files(files: dict[Path, str], as_json: bool) -> None:
    from core.systemd.seal import seal

    if as_json:
        click.echo(json.dumps({str(file): seal(body) for file, body in files.items()}, indent=2))
        return
    click.echo("\n".join(f"# {safe(file)}\n{seal(body)}" for file, body in files.items()), nl=False)
