"""Where the configuration and the database are, unless somebody says otherwise."""

import os
from collections.abc import Mapping
from pathlib import Path

CONFIG_VARIABLE = "MINUSONE_CONFIG"

CONFIG_NAME = "config.toml"
DATABASE_NAME = "minusone.db"

Environ = Mapping[str, str]
"""Environment variables; the empty ones count as not set."""


def config_path(environ: Environ = os.environ) -> Path:
    """Path of the configuration file; need not exist.

    `MINUSONE_CONFIG` names it; else it is `minusone/config.toml` in the user's configuration folder
    (`~/.config`). A service looks in the same place: it and what its user types must agree.
    """
    named = environ.get(CONFIG_VARIABLE)
    if named:
        return expanded(named, Path.cwd(), environ)
    return _own_folder(environ, "XDG_CONFIG_HOME", ".config") / CONFIG_NAME


def default_database(environ: Environ = os.environ) -> Path:
    """Path of the database where the configuration names none; need not exist.

    It is `minusone/minusone.db` in the user's state folder (`~/.local/state`).
    """
    return _own_folder(environ, "XDG_STATE_HOME", ".local/state") / DATABASE_NAME


def expanded(text: str, base: Path, environ: Environ = os.environ) -> Path:
    """Return a path as it was meant: `~`, `~user` and `$HOME` at its begin, or relative to `base`.

    Raises
    ------
    ValueError
        There is no such home folder.
    """
    first, slash, rest = text.partition("/")
    if first in ("~", "$HOME", "${HOME}"):
        text = f"{home(environ)}{slash}{rest}"
    elif first.startswith("~"):
        # Unlike Path.expanduser it returns what it does not know.
        found = os.path.expanduser(first)  # noqa: PTH111
        if found == first:
            raise ValueError(f"nobody here is called {first[1:]}; write ./{first} for a folder")
        text = f"{found}{slash}{rest}"
    # Path.resolve would follow links, and Path.absolute leaves ".." in.
    return Path(os.path.abspath(base / text))  # noqa: PTH100


def home(environ: Environ = os.environ) -> Path:
    """Return the user's home folder: `$HOME`, else what the system's list of users says.

    Raises
    ------
    ValueError
        It is not known, as for some system services.
    """
    named = environ.get("HOME")
    if named:
        return Path(named)
    # Deferred: only a service without $HOME comes here.
    import pwd

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError as exc:
        raise ValueError("the home folder is not known; write the whole path, from / on") from exc


def _own_folder(environ: Environ, xdg: str, usual: str) -> Path:
    base = environ.get(xdg, "").strip()
    # The XDG rules: a relative path is to be ignored.
    folder = Path(base) if base.startswith("/") else home(environ) / usual
    return folder / "minusone"
