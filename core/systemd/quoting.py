"""How names are written in a unit file, so that systemd reads what was meant."""

import re
from pathlib import Path

from core.errors import UsageError


def quoted(text: str | Path) -> str:
    """Write one word of a setting: a path, a group, an assignment.

    Blanks are kept by quotes, and `%` is doubled: systemd fills in names after it.

    Raises
    ------
    UsageError
        The text holds line breaks, other control characters or bytes that are no UTF-8. There is
        no way to write those.
    """
    word = str(text)
    if any(not _writable(char) for char in word):
        raise UsageError(
            f"{word!r} cannot be written in a systemd unit.",
            "Give it a name of plain characters: no line breaks, only UTF-8.",
        )
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    needs_quotes = any(char in word for char in " '\"\\:;") or not word
    return f'"{escaped}"' if needs_quotes else escaped


def unquoted(word: str) -> str:
    """Read what `quoted` wrote."""
    inner = word[1:-1] if word.startswith('"') else word
    return re.sub(r"\\(.)", r"\1", inner).replace("%%", "%")


def command_line(words: tuple[str, ...]) -> str:
    """Write the command of a service; the first word is the absolute path of the program."""
    program, *arguments = words
    # A dollar begins a variable, except in the path of the program.
    return " ".join([quoted(program), *(quoted(word).replace("$", "$$") for word in arguments)])


def instance(name: str) -> str:
    """Write an account's name as the instance of a unit: `minusoned@NAME.service`."""
    return "".join(char if _plain(char) or char == "-" else _hexed(char) for char in name)


def _plain(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in ":_.")


def _hexed(char: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in char.encode("utf-8", "surrogateescape"))


def _writable(char: str) -> bool:
    return char >= " " and not "\x7f" <= char <= "\x9f" and not "\ud800" <= char <= "\udfff"
