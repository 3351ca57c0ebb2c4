"""What a service needs: its command, and the folders it may write to."""

from dataclasses import dataclass
from pathlib import Path

from core.config.settings import Settings
from core.mounts import MOUNT_TABLE, mount_of

_SECRETS = (
    *(".ssh", ".gnupg", ".pki", ".password-store", ".local/share/keyrings", ".netrc"),
    *(".aws", ".kube", ".docker", ".git-credentials", ".mozilla", ".thunderbird"),
    *(".config/chromium", ".config/google-chrome", ".config/rclone", ".config/gh"),
)


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One daemon as a service.

    Attributes
    ----------
    command
        Absolute path of the program, and its arguments.
    account
        Whose daemon the system runs; None for a service of the user's own manager.
    grace
        Seconds that the running song gets when the daemon is told to stop.
    database
        Folder of the database.
    writable
        Folders that the daemon writes to, none inside another.
    drives
        Mount points, other than those of the system and of the home, that these folders are on.
    secrets
        Files and folders of the home that no song has any business with.
    config
        The configuration file that was asked for; None for the usual place.
    """

    command: tuple[str, ...]
    grace: float
    account: str | None = None
    database: Path = Path("/")
    writable: tuple[Path, ...] = ()
    drives: tuple[Path, ...] = ()
    secrets: tuple[Path, ...] = ()
    config: Path | None = None


def user_plan(command: tuple[str, ...], settings: Settings, config: Path | None) -> ServicePlan:
    """Plan the service of a user's own manager; it is not shut out of any folder."""
    return ServicePlan(command, settings.jobs.grace, config=config)


def system_plan(
    command: tuple[str, ...],
    settings: Settings,
    config: Path | None,
    *,
    account: str,
    home: Path,
    table: Path = MOUNT_TABLE,
) -> ServicePlan:
    """Plan the service that the system runs for an account.

    Parameters
    ----------
    settings
        Those of the account.
    account, home
        Its name and its home.
    table
        The kernel's list of mounts.
    """
    writable = _outermost(written_folders(settings, home))
    points = {mount_of(folder, table=table).point for folder in writable}
    return ServicePlan(
        command,
        settings.jobs.grace,
        account=account,
        database=settings.database.parent,
        writable=writable,
        drives=tuple(sorted(point for point in points if _is_own_drive(point, home))),
        secrets=tuple(home / name for name in _SECRETS),
        config=config,
    )


def written_folders(settings: Settings, home: Path) -> tuple[Path, ...]:
    """List the folders that the daemon writes to: inboxes only if it takes the originals away."""
    inbox = settings.inbox
    folders = [settings.library, settings.database.parent]
    if inbox.after != "keep":
        folders += inbox.folders
    if inbox.after == "move":
        folders.append(inbox.move_to)
    if inbox.after == "trash":
        folders.append(home / ".local/share/Trash")
    return tuple(folders)


def _outermost(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    distinct = dict.fromkeys(folders)
    return tuple(one for one in distinct if not any(other in one.parents for other in distinct))


def _is_own_drive(point: Path, home: Path) -> bool:
    return point != Path("/") and not home.is_relative_to(point)
