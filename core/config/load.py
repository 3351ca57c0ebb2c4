"""From the file and the environment to settings, or to an error that names the line."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.audio.filenames import display_path
from core.config.checks import check_settings
from core.config.document import Document, read_document
from core.config.near import nearest
from core.config.places import CONFIG_VARIABLE, Environ, config_path
from core.config.settings import KEYS, SECTIONS, Key, Settings
from core.config.values import Context, Mismatch, printable, shown
from core.errors import ConfigError

_PREFIX = "MINUSONE_"

# Variables of this program that are no settings.
_OTHER_VARIABLES = frozenset(
    {
        CONFIG_VARIABLE,
        "MINUSONE_CACHE_DIR",
        "MINUSONE_CHECKPOINT",
        "MINUSONE_MODELS_DIR",
        "MINUSONE_MODEL_URL",
    }
)


def load_settings(path: Path | None = None, environ: Environ = os.environ) -> Settings:
    """Read the configuration.

    Environment variables (`MINUSONE_INBOX_QUIET`) go before the file, the file before the defaults.

    Parameters
    ----------
    path
        The file, which must exist; None takes the usual one if it is there.
    environ
        Environment variables.

    Raises
    ------
    ConfigError
        It makes no sense, or cannot be read. Names the line, or the variable.
    """
    try:
        document = _find_document(path, environ)
        _check_known(document)
        values: dict[Key, Any] = {}
        origins: dict[Key, str] = {}
        for key in KEYS:
            values[key], origins[key] = _value(key, document, environ)
    except _NoHome as exc:
        raise ConfigError(
            f"The default of {exc} cannot be found: the home folder is not known.",
            "Set HOME, or name 'library', 'database' and the inbox's folders, from / on.",
        ) from exc
    settings = _build(values, document.path)
    warnings = (*_unknown_variables(environ), *check_settings(settings, origins))
    return _build(values, document.path, warnings)


def default_settings(environ: Environ = os.environ) -> Settings:
    """Return the settings of somebody who has configured nothing."""
    return _build({key: key.default_value(environ) for key in KEYS}, None)


class _NoHome(Exception):  # noqa: N818
    """A default needs the home folder, which is not known."""


def _find_document(path: Path | None, environ: Environ) -> Document:
    explicit = path is not None or bool(environ.get(CONFIG_VARIABLE))
    try:
        chosen = Path(os.path.abspath(path or config_path(environ)))  # noqa: PTH100
    except ValueError as exc:
        if environ.get(CONFIG_VARIABLE):
            raise ConfigError(f"{CONFIG_VARIABLE} names no file: {exc}.") from exc
        return Document()  # Without a home folder there is no usual place.
    try:
        return read_document(chosen)
    except FileNotFoundError as exc:
        if not explicit:
            return Document()
        raise ConfigError(
            f"There is no configuration {display_path(chosen)}.",
            "Make the file, or leave it out: every key has a default.",
        ) from exc


def _check_known(document: Document) -> None:
    for name, content in document.content.items():
        if name in SECTIONS:
            if not isinstance(content, Mapping):
                raise ConfigError(
                    f"{document.place((name,))}: [{name}] is a section, not a key.",
                    f"Write [{name}] in a line of its own, and its keys below.",
                )
            for inner in content:
                if not _is_key(name, inner):
                    raise _unknown_key(document, name, inner)
        elif not _is_key("", name):
            if isinstance(content, Mapping):
                raise _unknown_section(document, name)
            raise _unknown_key(document, "", name)


def _is_key(section: str, name: str) -> bool:
    return any((key.section, key.name) == (section, name) for key in KEYS)


def _unknown_key(document: Document, section: str, name: str) -> ConfigError:
    path = (section, name) if section else (name,)
    here = [key.name for key in KEYS if key.section == section]
    near = nearest(name, [*here, *([] if section else SECTIONS)])
    title = f"{document.place(path)}: there is no key {name!r}"
    title += f" in [{section}]" if section else " above the sections"
    elsewhere = [key for key in KEYS if key.name == name] or [
        key for key in KEYS if near is None and key.name == nearest(name, [k.name for k in KEYS])
    ]
    if elsewhere:
        other = elsewhere[0].section
        home = f"in [{other}]" if other else "at the top, above all sections"
        hint = f"; {elsewhere[0].name!r} belongs {home}"
    else:
        hint = f"; did you mean {near!r}?" if near else ""
    return ConfigError(
        title + (hint if hint.endswith("?") else f"{hint}."),
        f"Keys {f'of [{section}]' if section else 'there'}: {', '.join(here)}.",
    )


def _unknown_section(document: Document, name: str) -> ConfigError:
    near = nearest(name, SECTIONS)
    title = f"{document.place((name,))}: there is no section [{name}]"
    return ConfigError(
        f"{title}; did you mean [{near}]?" if near else f"{title}.",
        f"Sections: {', '.join(f'[{section}]' for section in SECTIONS)}.",
    )


def _value(key: Key, document: Document, environ: Environ) -> tuple[Any, str]:
    """Return a key's value and where it comes from; empty for its default."""
    typed = environ.get(key.variable)
    if typed:
        found = key.kind.parse(typed)
        return _read(key, found, Context(Path.cwd(), environ), key.variable), key.variable
    table = document.content.get(key.section, {}) if key.section else document.content
    if key.name in table and document.path is not None:
        where = document.place(key.path)
        context = Context(document.path.parent, environ)
        return _read(key, table[key.name], context, where), where
    try:
        return key.default_value(environ), ""
    except ValueError as exc:
        raise _NoHome(key.label) from exc


def _read(key: Key, found: object, context: Context, where: str) -> Any:
    try:
        return key.kind.read(found, context)
    except Mismatch as exc:
        subject = f"it cannot be {shown(found)}"
        if where != key.variable:
            subject = f"{key.label} cannot be {shown(found)}"
        reason = f": {printable(str(exc))}" if str(exc) else ""
        near = nearest(found, key.kind.words) if isinstance(found, str) else None
        title = f"{where}: {subject}{reason}"
        raise ConfigError(
            f"{title}; did you mean {near!r}?" if near else f"{title}.",
            f"It takes {key.kind.takes}.",
        ) from exc


def _build(
    values: Mapping[Key, Any], path: Path | None, warnings: tuple[str, ...] = ()
) -> Settings:
    def part(section: str) -> dict[str, Any]:
        return {key.name: value for key, value in values.items() if key.section == section}

    sections: dict[str, Any] = {name: kind(**part(name)) for name, kind in SECTIONS.items()}
    return Settings(**part(""), **sections, path=path, warnings=warnings)


def _unknown_variables(environ: Environ) -> list[str]:
    known = {key.variable for key in KEYS} | _OTHER_VARIABLES
    warnings = []
    for name in sorted(environ):
        if name.startswith(_PREFIX) and name not in known:
            # All begin alike, which would make any two of them similar.
            ending = name.removeprefix(_PREFIX)
            near = nearest(ending, (one.removeprefix(_PREFIX) for one in known))
            hint = f"; did you mean {_PREFIX}{near}?" if near else "."
            shown_name = printable(name)
            warnings.append(
                f"The environment variable {shown_name} means nothing to minusone{hint}"
            )
    return warnings
