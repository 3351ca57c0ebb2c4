"""What the service manager of this machine says and does, where there is one."""

import shutil
import subprocess
from pathlib import Path

from core.errors import OutputError

_BOOTED = Path("/run/systemd/system")
_PROPERTIES = ("LoadState", "ActiveState", "SubState", "UnitFileState", "StatusText", "NRestarts")
_SECONDS = 90


def absence() -> str:
    """Say why no service can be managed here; empty where one can."""
    if not _BOOTED.is_dir():
        return "systemd does not run here"
    if shutil.which("systemctl") is None:
        return "there is no systemctl here"
    return ""


def command(user: bool, *words: str) -> list[str]:
    """Write a call of systemctl for the user's manager or the system's."""
    return ["systemctl", *(["--user"] if user else []), *words]


def carry_out(words: list[str]) -> None:
    """Run one command.

    Raises
    ------
    OutputError
        It failed; says what it printed.
    """
    try:
        result = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise OutputError(f"{' '.join(words)} cannot be run: {exc}.") from exc
    if result.returncode:
        raise OutputError(
            f"{' '.join(words)} failed with exit code {result.returncode}.",
            (result.stderr or result.stdout).strip(),
        )


def describe(user: bool, unit: str) -> dict[str, str] | None:
    """Ask for the state of a unit; None where nobody answers.

    Returns
    -------
    dict
        Properties as systemd calls them, such as ``"ActiveState": "active"``.
    """
    words = command(user, "show", f"--property={','.join(_PROPERTIES)}", "--", unit)
    if absence():
        return None
    try:
        result = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    pairs = (line.partition("=") for line in result.stdout.splitlines())
    return {name: value for name, _, value in pairs} if result.returncode == 0 else None


def lingers(account: str) -> bool:
    """Whether the user's manager runs without a login: from boot on, and after logout."""
    return Path("/var/lib/systemd/linger", account).exists()
