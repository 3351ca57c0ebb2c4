"""Whose service is meant: that of who types it, or one that the system runs for somebody."""

import grp
import os
import pwd
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import OutputError, UsageError
from tui.cli.unit_files import UnitPlace, system_place, user_place

_GPU_GROUPS = ("render", "video")


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that a daemon works for.

    Attributes
    ----------
    user
        True: its own service manager runs the daemon. False: the system's.
    account, home
        Its name and its home.
    uid, gid
        Its numbers.
    place
        Where the unit belongs.
    root
        Another file system than that of this computer; None usually.
    """

    user: bool
    account: str
    home: Path
    uid: int
    gid: int
    place: UnitPlace
    root: Path | None = None

    def environment(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the variables, as far as settings go by them, that the service will see."""
        if not self.user:
            return {"HOME": str(self.home)}
        return {name: value for name, value in environ.items() if not name.startswith("MINUSONE_")}

    def gpu_groups(self) -> tuple[str, ...]:
        """List the groups for graphics devices that there are."""
        if self.root is None:
            names = {group.gr_name for group in grp.getgrall()}
        else:
            names = {row[0] for row in _table(self.root / "etc/group")}
        return tuple(name for name in _GPU_GROUPS if name in names)

    def make_folders(self, folders: tuple[Path, ...]) -> tuple[Path, ...]:
        """Make those of the folders that are missing in the home; returns which.

        A folder elsewhere may be missing because its drive is: one made in its place would be
        hidden by the drive, or fill up the system's disk.

        Raises
        ------
        OutputError
            The account may not make one.
        """
        if self.root is not None:
            return ()
        wanted = tuple(one for one in folders if one.is_relative_to(self.home) and not one.exists())
        if wanted:
            self._make(wanted)
        return wanted

    def _make(self, folders: tuple[Path, ...]) -> None:
        # Not as root, in a folder where the account could have laid a link to anywhere.
        other = os.geteuid() != self.uid
        try:
            subprocess.run(
                ["mkdir", "-p", "--", *folders],
                capture_output=True,
                text=True,
                errors="replace",
                check=True,
                cwd="/",
                user=self.uid if other else None,
                group=self.gid if other else None,
                extra_groups=[] if other else None,
            )
        except (OSError, subprocess.SubprocessError) as exc:
            said = getattr(exc, "stderr", None) or str(exc)
            raise OutputError(
                f"The folders of {self.account} cannot be made: {said.strip()}",
                "Make them yourself, then try again.",
            ) from exc


def find_owner(user: bool | None, account: str | None, root: Path | None) -> Owner:
    """Find out whose service is meant.

    Parameters
    ----------
    user
        True: a service of the user's own manager. False: of the system. None: not said.
    account
        For whom the system runs it; None: for who types, or called sudo.
    root
        Another file system, as that of an image; for the system's service only.

    Raises
    ------
    UsageError
        This cannot be told, or makes no sense.
    """
    privileged = os.geteuid() == 0
    if user is None:
        if privileged or account is not None or root is not None:
            raise UsageError(
                "Whose service is meant?",
                "--system --user-name NAME: the system runs it for NAME. --user: your own.",
            )
        user = True
    if user and (account is not None or root is not None):
        raise UsageError(
            "--user-name and --root are for services of the system.", "Say --system with them."
        )
    if user:
        own = pwd.getpwuid(os.getuid())
        home = Path(os.environ.get("HOME") or own.pw_dir)
        place = user_place(os.environ, home)
        return Owner(True, own.pw_name, home, own.pw_uid, own.pw_gid, place)
    name = account or os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    if name == "root":
        raise UsageError(
            "The daemon is not run as root: it needs none of its rights.",
            "Say with --user-name whose songs it works on.",
        )
    uid, gid, home = _account(name, root)
    return Owner(False, name, home, uid, gid, system_place(name, root or Path("/")), root)


def _account(name: str, root: Path | None) -> tuple[int, int, Path]:
    if root is None:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            raise _unknown(name, "this computer") from None
        return found.pw_uid, found.pw_gid, Path(found.pw_dir)
    for row in _table(root / "etc/passwd"):
        if row[0] == name and len(row) >= 6:
            return int(row[2]), int(row[3]), Path(row[5])
    raise _unknown(name, str(root))


def _unknown(name: str, where: str) -> UsageError:
    return UsageError(
        f"There is no account {name!r} on {where}.",
        "Say --user-name and the name of one; `getent passwd` lists them.",
    )


def _table(file: Path) -> list[list[str]]:
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as exc:
        raise UsageError(
            f"{file} cannot be read ({exc.strerror}).",
            "--root must be a folder with the whole file system of a computer.",
        ) from exc
    return [line.split(":") for line in text.splitlines()]
