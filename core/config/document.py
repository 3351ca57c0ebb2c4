"""The configuration file as it is: read, decoded, parsed, with the line of every key."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.audio.filenames import display_path
from core.config.locate import KeyPath, locate_keys
from core.errors import ConfigError

_MOST_BYTES = 1 << 20
_LINES_TRIED = 500

_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
# What Python's parser says, and what that means to somebody who edits a file.
_PLAIN_WORDS = (
    ("Expected '=' after a key", "a '=' is missing after a key"),
    ("Cannot overwrite a value", "this key stands there twice"),
    ("Cannot declare", "this section stands there twice, or is a key already"),
    ("Cannot mutate", "this key belongs to a list or table that is closed already"),
    ("Cannot redefine", "this section stands there twice"),
    ("Duplicate inline table key", "this key stands there twice"),
    ("Unterminated string", "a text has no closing quotation mark"),
    ('Expected "\'"', "a text has no closing quotation mark"),
    ('Expected \'"""\'', "a text has no closing quotation marks"),
    ("Illegal character '\\n'", "a text has no closing quotation mark"),
    ("Illegal character", "there is a character that may not stand there"),
    ("Unescaped '\\'", "write \\\\ for a backslash, or put the text in single quotes"),
    ("Unclosed array", "a list has no closing ]"),
    ("Unclosed inline table", "a table has no closing }"),
    ("Expected ']'", "a section has no closing ]"),
    ("Expected newline or end of document", "something stands behind a complete value or section"),
    ("Invalid initial character for a key", "a key may have letters, digits, - and _ only"),
    ("Invalid statement", "this is neither a key nor a [section]"),
    ("Invalid value", "there is no value, or text without quotation marks"),
    ("Invalid date or datetime", "there is no such date"),
    ("Invalid hex value", "this is no character's number"),
    ("Escaped character is not", "this is no character's number"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration file.

    Attributes
    ----------
    path
        Absolute; None when there is no file, and nothing in the document.
    content
        What TOML makes of it.
    lines
        Where its keys stand.
    """

    path: Path | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def place(self, key: KeyPath) -> str:
        """Say where a key stands: ``/etc/minusone/config.toml, line 7``."""
        shown = display_path(self.path) if self.path is not None else "the configuration"
        line = self.lines.get(key)
        return shown if line is None else f"{shown}, line {line}"


def read_document(path: Path) -> Document:
    """Read a configuration file.

    Raises
    ------
    FileNotFoundError
        There is none.
    ConfigError
        It cannot be read, or is no TOML.
    """
    shown = display_path(path)
    source = _decoded(_read(path), shown)
    try:
        return Document(path, tomllib.loads(source), locate_keys(source))
    # Besides its own error the parser lets through that of numbers with too many digits.
    except ValueError as exc:
        raise _syntax_error(shown, str(exc), source) from exc
    except RecursionError as exc:
        raise ConfigError(f"{shown}: lists or tables are nested too deeply.") from exc


def _read(path: Path) -> bytes:
    shown = display_path(path)
    try:
        # A pipe without a writer would keep an ordinary open waiting for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                raise ConfigError(
                    f"The configuration {shown} is a folder.", "Name the file in it: config.toml."
                )
            # /dev/null is how one says: no file.
            if not stat.S_ISREG(mode) and str(path) != os.devnull:
                raise ConfigError(
                    f"The configuration {shown} is no file.", "Name a file in TOML format."
                )
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(_MOST_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as exc:
        raise ConfigError(
            f"The configuration {shown} cannot be read ({exc.strerror}).",
            "Check its permissions, or name another file in MINUSONE_CONFIG.",
        ) from exc
    if len(data) > _MOST_BYTES:
        raise ConfigError(
            f"The configuration {shown} is larger than 1 MiB.", "Name a file in TOML format."
        )
    return data


def _decoded(data: bytes, shown: str) -> str:
    try:
        # Some editors put a byte order mark before UTF-8.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ConfigError(f"{shown}, line {line}: this is not UTF-8.", "Save it as UTF-8.") from exc


def _syntax_error(shown: str, message: str, source: str) -> ConfigError:
    found = _PLACE.fullmatch(message)
    said, line, column = found.groups() if found else (message, None, None)
    if line is None and found:
        line = str(_unfinished(source))
    where = shown + (f", line {line}" if line else "") + (f", column {column}" if column else "")
    plain = next((plain for theirs, plain in _PLAIN_WORDS if said.startswith(theirs)), said)
    example = 'A key looks like this: quiet = 5, or library = "/srv/music"; a section: [inbox].'
    return ConfigError(f"{where}: {plain}.", example)


def _unfinished(source: str) -> int:
    """Return the line in which something begins that has no end.

    The parser only says that it came to the end of the document.
    """
    lines = source.rstrip().splitlines(keepends=True)
    for count in range(len(lines) - 1, max(-1, len(lines) - _LINES_TRIED), -1):
        try:
            tomllib.loads("".join(lines[:count]))
        except ValueError:
            continue
        return count + 1
    return len(lines)
