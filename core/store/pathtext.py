"""Paths as text that a database can hold and that leads back to the same file.

Linux allows names of any bytes but zero and slash. Valid UTF-8 stays as it is. A byte that is no
UTF-8 becomes one character of the block U+EF80 to U+EFFF (for bytes 0x80 to 0xFF), which nobody
uses; a name that does use that block has these characters written byte by byte in the same way.
"""

import os
import re
from pathlib import Path

_FIRST, _SURROGATE = 0xEF80, 0xDC80
_COUNT = 0x80
_WRITTEN: dict[int, int | str] = {
    **{_SURROGATE + n: _FIRST + n for n in range(_COUNT)},
    **{
        _FIRST + n: "".join(chr(_FIRST - 0x80 + byte) for byte in chr(_FIRST + n).encode())
        for n in range(_COUNT)
    },
}
_NOT_STORABLE = re.compile("[\ud800-\udfff\0]")
_READ: dict[int, int | str] = {_FIRST + n: _SURROGATE + n for n in range(_COUNT)}


def path_to_text(path: Path) -> str:
    """Return the one text that stands for a path."""
    text = str(path)
    if text.isascii():
        return text
    return os.fsencode(text).decode("utf-8", "surrogateescape").translate(_WRITTEN)


def text_to_path(text: str) -> Path:
    """Return the path that `path_to_text` wrote."""
    if text.isascii():
        return Path(text)
    return Path(os.fsdecode(text.translate(_READ).encode("utf-8", "surrogateescape")))


def storable(text: str) -> str:
    """Make a text for people storable: titles may come from names of any bytes.

    Lone surrogates become U+FFFD; so does the zero character, where SQL functions would stop.
    """
    return _NOT_STORABLE.sub("\ufffd", text)
