"""How a service stands: its unit, what systemd says, and what its daemon wrote in the database."""

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.config import load_settings
from core.errors import MinusoneError
from core.store.database import read_database
from core.store.lock import is_locked
from core.store.records import DaemonStatus
from core.store.status import read_status
from core.systemd.seal import Author
from tui.cli import systemctl
from tui.cli.service_draft import configured_file, draft
from tui.cli.service_owner import Owner
from tui.cli.unit_files import read_body
from tui.cli.wording import clock


class UnitState(StrEnum):
    """A unit file against the one that this installation would write."""

    ABSENT = "absent"
    CURRENT = "current"
    OUTDATED = "outdated"
    EDITED = "edited"
    FOREIGN = "foreign"


_MEANING = {
    UnitState.ABSENT: "not installed",
    UnitState.CURRENT: "installed",
    UnitState.OUTDATED: "installed for other folders or by another version; install it again",
    UnitState.EDITED: "installed, then changed by hand",
    UnitState.FOREIGN: "there, but not written by this program",
}


@dataclass(frozen=True, slots=True)
class ServiceState:
    """Everything about one service.

    Attributes
    ----------
    owner
        Whose it is.
    unit
        Its file.
    manager
        Properties by systemd's names; None where there is no systemd to ask.
    daemon
        What the daemon said last about itself; None if it never did.
    running
        Whether that daemon lives.
    trouble
        Why something here is not known; empty usually.
    """

    owner: Owner
    unit: UnitState
    manager: dict[str, str] | None
    daemon: DaemonStatus | None
    running: bool
    trouble: str

    @property
    def installed(self) -> bool:
        """Whether there is a unit of that name, whoever wrote it."""
        return self.unit is not UnitState.ABSENT

    def text(self) -> str:
        """Write it for a person."""
        scope = "Your own service" if self.owner.user else f"System service of {self.owner.account}"
        lines = [f"{scope}: {_MEANING[self.unit]} ({self.owner.place.unit})"]
        if self.manager is not None and self.installed:
            known = self.manager
            enabled = known.get("UnitFileState") or "not loaded"
            lines.append(
                f"  systemd   {known.get('ActiveState')} ({known.get('SubState')}), {enabled}"
            )
            if known.get("StatusText"):
                lines.append(f"            {known['StatusText']}")
        if self.owner.user and self.installed:
            lingers = systemctl.lingers(self.owner.account)
            lines.append(f"  lingering {'on' if lingers else 'off: it stops when you log out'}")
        lines += [f"  daemon    {line}" for line in self._daemon_lines()]
        if self.trouble:
            lines.append(f"  unknown   {self.trouble}")
        return "\n".join(lines)

    def record(self) -> dict[str, object]:
        """Give it as JSON has it."""
        daemon = self.daemon
        return {
            "scope": "user" if self.owner.user else "system",
            "account": self.owner.account,
            "unit": str(self.owner.place.unit),
            "unit_state": str(self.unit),
            "systemd": self.manager,
            "lingering": systemctl.lingers(self.owner.account) if self.owner.user else None,
            "running": self.running,
            "trouble": self.trouble,
            "daemon": None
            if daemon is None
            else {
                "pid": daemon.pid,
                "host": daemon.host,
                "version": daemon.version,
                "started_at": daemon.started_at,
                "heartbeat_at": daemon.heartbeat_at,
                "stopped_at": daemon.stopped_at,
                "waiting": daemon.waiting,
                "library": str(daemon.library),
                "free_bytes": daemon.free_bytes,
                "folders": [
                    {"path": str(one.path), "how": one.how, "reason": one.reason}
                    for one in daemon.folders
                ],
            },
        }

    def _daemon_lines(self) -> list[str]:
        daemon = self.daemon
        if daemon is None:
            return ["has never run"]
        if not self.running:
            if daemon.stopped_at is not None:
                return [f"does not run; stopped {_ago(daemon.stopped_at)} ago"]
            heard = _ago(daemon.heartbeat_at)
            return [f"does not run; it ended without a word, last heard of {heard} ago"]
        since = _ago(daemon.started_at)
        lines = [f"runs for {since} as process {daemon.pid} (version {daemon.version})"]
        lines += [
            f"{one.path}: {one.how}{f', {one.reason}' if one.reason else ''}"
            for one in daemon.folders
        ]
        return lines + ([f"waits: {daemon.waiting}"] if daemon.waiting else [])


def examine(owner: Owner) -> ServiceState:
    """Look at a service; what cannot be found out is told, not raised."""
    trouble = []
    unit = UnitState.ABSENT
    daemon = None
    try:
        unit = _unit_state(owner)
    except MinusoneError as exc:
        trouble.append(str(exc))
    try:
        settings = load_settings(configured_file(owner), owner.environment())
        if settings.database.exists():
            daemon = _last_words(settings.database)
    except MinusoneError as exc:
        trouble.append(str(exc))
    running = daemon is not None and is_locked(settings.database)
    manager = None
    if owner.root is None and unit is not UnitState.ABSENT:
        manager = systemctl.describe(owner.user, owner.place.name)
    return ServiceState(owner, unit, manager, daemon, running, " ".join(dict.fromkeys(trouble)))


def _last_words(database: Path) -> DaemonStatus | None:
    with read_database(database) as db:
        return read_status(db)


def _unit_state(owner: Owner) -> UnitState:
    found = read_body(owner.place.unit)
    if found is None:
        return UnitState.ABSENT
    if found[0] is not Author.PROGRAM:
        return UnitState.EDITED if found[0] is Author.EDITED else UnitState.FOREIGN
    wanted = draft(owner, None, None).files
    same = all(read_body(file) == (Author.PROGRAM, body) for file, body in wanted.items())
    return UnitState.CURRENT if same else UnitState.OUTDATED


def _ago(moment: float) -> str:
    seconds = max(0.0, time.time() - moment)
    return f"{seconds / 86400:.0f} days" if seconds > 2 * 86400 else clock(seconds)
