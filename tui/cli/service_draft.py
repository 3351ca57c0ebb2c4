"""What `minusone service install` is going to write."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from core.audio.filenames import display_path
from core.config import Settings, load_settings
from core.errors import UsageError
from core.systemd.plan import system_plan, user_plan, written_folders
from core.systemd.seal import Author
from core.systemd.units import configured, render_drop_in, render_unit
from tui.cli.service_owner import Owner
from tui.cli.unit_files import read_body

_PRIVATE = (Path("/tmp"), Path("/var/tmp"))


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything about a service, before anything is touched.

    Attributes
    ----------
    files
        What is to be in which file, without the seals.
    obsolete
        Files to be removed.
    settings
        What the daemon will read.
    folders
        Those that it needs.
    notes
        What the user should know, sentences.
    """

    files: dict[Path, str]
    obsolete: tuple[Path, ...]
    settings: Settings
    folders: tuple[Path, ...]
    notes: tuple[str, ...]


def draft(owner: Owner, config: Path | None, gpu: bool | None) -> Draft:
    """Work out the units of a service for this installation.

    Parameters
    ----------
    owner
        Whose service it is.
    config
        Its configuration file; None: that of the unit that is there, else the usual one.
    gpu
        Whether it may use a GPU; None: as it is.

    Raises
    ------
    UsageError
        This installation has no daemon, or a name cannot be written in a unit.
    ConfigError
        The configuration is wrong.
    """
    program = daemon_program()
    chosen = config.absolute() if config is not None else configured_file(owner)
    settings = load_settings(chosen, owner.environment())
    if owner.user:
        plan = user_plan((str(program),), settings, chosen)
    else:
        plan = system_plan(
            (str(program),), settings, chosen, account=owner.account, home=owner.home
        )
    files = {owner.place.unit: render_unit(plan)}
    found = read_body(owner.place.drop_in)
    if gpu or (gpu is None and found is not None and found[0] is Author.PROGRAM):
        groups = () if owner.user else owner.gpu_groups()
        account = None if owner.user else owner.account
        files[owner.place.drop_in] = render_drop_in(account, groups)
    return Draft(
        files,
        (owner.place.drop_in,) if gpu is False and found is not None else (),
        settings,
        _folders(settings, owner.home),
        tuple(_notes(owner, settings, program)),
    )


def daemon_program() -> Path:
    """Find the daemon of this very installation.

    Raises
    ------
    UsageError
        There is none beside this Python.
    """
    program = Path(sys.executable).with_name("minusoned")
    if not os.access(program, os.X_OK):
        raise UsageError(
            f"The daemon is not where it should be: {display_path(program)}.",
            "Install the program as a package (pipx install minusone), and call its own minusone.",
        )
    return program


def configured_file(owner: Owner) -> Path | None:
    """Find the configuration that the service of an owner was installed with; None: the usual."""
    if owner.user and (named := os.environ.get("MINUSONE_CONFIG")):
        return Path(named).absolute()
    found = read_body(owner.place.unit)
    return configured(found[1]) if found is not None and found[0] is Author.PROGRAM else None


def _folders(settings: Settings, home: Path) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((*settings.inbox.folders, *written_folders(settings, home))))


def _notes(owner: Owner, settings: Settings, program: Path) -> list[str]:
    notes = list(settings.warnings)
    ignored = sorted(
        name for name in os.environ if name.startswith("MINUSONE_") and name != "MINUSONE_CONFIG"
    )
    if ignored:
        notes.append(
            f"The service will not see what is set in this shell: {', '.join(ignored)}. "
            "Write it into the configuration."
        )
    if owner.user:
        return notes
    hidden = [
        display_path(used)
        for used in (program, *_folders(settings, owner.home))
        if any(used.is_relative_to(place) for place in _PRIVATE)
    ]
    if hidden:
        notes.append(f"Services of the system do not see what is in /tmp: {', '.join(hidden)}.")
    return notes
