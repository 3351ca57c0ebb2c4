"""Fills the unit templates in for one installation."""

import math
import re
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from core.systemd.plan import ServicePlan
from core.systemd.quoting import command_line, instance, quoted, unquoted

USER_UNIT = "minusoned.service"

DROP_IN = "gpu.conf"

_CONFIG = "MINUSONE_CONFIG="

# For ending the workers and closing the database, after the grace time.
_STOP_MARGIN = 40


def unit_name(account: str | None) -> str:
    """Name the unit of an account's system service, or with None that of a user's own."""
    return USER_UNIT if account is None else f"minusoned@{instance(account)}.service"


def render_unit(plan: ServicePlan) -> str:
    """Write the unit of a service.

    Raises
    ------
    UsageError
        The name of a folder cannot be written in a unit.
    """
    values = {
        "COMMAND": command_line(plan.command),
        "GRACE": f"{plan.grace:g}",
        "CONFIG": f"Environment={quoted(f'{_CONFIG}{plan.config}')}" if plan.config else "",
        "STOP": str(math.ceil(plan.grace) + _STOP_MARGIN),
    }
    if plan.account is None:
        return _fill("minusoned.service", values)
    values |= {
        "USER": quoted(plan.account),
        "DATABASE": quoted(plan.database),
        "READWRITE": _words(_read_write(plan), "-"),
        "SECRETS": _words(plan.secrets, "-"),
    }
    return _fill("minusoned@.service", values)


def render_drop_in(account: str | None, groups: Iterable[str] = ()) -> str:
    """Write the drop-in that lets the service use a GPU.

    Parameters
    ----------
    account
        As for `unit_name`.
    groups
        Those of this machine that may open graphics devices; used by the system service only. A
        group that there is not would keep the service from starting.
    """
    if account is None:
        return _fill("gpu-user.conf", {})
    return _fill("gpu.conf", {"GROUPS": " ".join(map(quoted, groups))})


def configured(body: str) -> Path | None:
    """Find the configuration file that a unit of `render_unit` names; None for the usual place."""
    for line in body.splitlines():
        setting, _, word = line.partition("=")
        if setting == "Environment" and (text := unquoted(word)).startswith(_CONFIG):
            return Path(text.removeprefix(_CONFIG))
    return None


def templates() -> Traversable:
    """Find the templates: beside this module when installed, at the root of a source tree."""
    installed = files("core.systemd") / "templates"
    return installed if installed.is_dir() else files("core") / ".." / "systemd"


def _read_write(plan: ServicePlan) -> list[Path]:
    exceptions = [
        next((drive for drive in plan.drives if folder.is_relative_to(drive)), folder)
        for folder in plan.writable
    ]
    return list(dict.fromkeys(exceptions))


def _words(paths: Iterable[Path], prefix: str = "") -> str:
    return " ".join(quoted(f"{prefix}{path}") for path in paths)


def _fill(name: str, values: dict[str, str]) -> str:
    template = (templates() / name).read_text(encoding="utf-8")
    # What introduces the template is not true of the result.
    body = template.split("\n\n", 1)[1]
    filled = re.sub("@([A-Z]+)@", lambda match: values[match[1]], body)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", filled, flags=re.MULTILINE))
