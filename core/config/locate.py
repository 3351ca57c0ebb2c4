"""In which line of a TOML document each key stands, which Python's parser does not tell."""

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str, ...]

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
# The two quotes that may stand before the closing three belong to the text.
_STRING = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*"""(?:""?)?|\'\'\'(?:[^']|'(?!''))*\'\'\'(?:''?)?'''
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'""",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n]+")


def locate_keys(source: str) -> Mapping[KeyPath, int]:
    """Find the line of every key and of every section.

    Parameters
    ----------
    source
        A document that `tomllib` reads.

    Returns
    -------
    mapping
        From the path of a key, such as ``("inbox", "quiet")``, to the line, counted from 1, where
        it first stands. Keys in tables that are elements of a list are left out.
    """
    return _Reader(source).lines()


class _Reader:
    """Goes through a document once, without keeping values."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._counted = (0, 1)
        self._lines: dict[KeyPath, int] = {}

    def lines(self) -> Mapping[KeyPath, int]:
        section: KeyPath = ()
        while True:
            self._skip(_BLANK)
            if self._at >= len(self._source):
                return self._lines
            if self._next() == "[":
                self._at += 2 if self._source.startswith("[[", self._at) else 1
                section = self._key(())
                self._at = self._end_of_line()
            else:
                self._pair(section)

    def _pair(self, section: KeyPath | None) -> None:
        """Read `key = value`; a section of None is inside a list, where keys have no path."""
        path = self._key(section)
        self._at += 1  # The equals sign.
        self._skip(_SPACE)
        self._value(None if section is None else path)

    def _key(self, section: KeyPath | None) -> KeyPath:
        path = section or ()
        while True:
            self._skip(_SPACE)
            found = _PART.match(self._source, self._at)
            if found is None:  # No valid document.
                raise ValueError(f"no key at {self._at}")
            path = (*path, _plain(found[0]))
            if section is not None:
                self._lines.setdefault(path, self._line())
            self._at = found.end()
            self._skip(_SPACE)
            if self._next() != ".":
                return path
            self._at += 1

    def _line(self) -> int:
        at, line = self._counted
        self._counted = (self._at, line + self._source.count("\n", at, self._at))
        return self._counted[1]

    def _value(self, path: KeyPath | None) -> None:
        start = self._next()
        if start == "[":
            self._at += 1
            while not self._closed("]"):
                self._value(None)
        elif start == "{":
            self._at += 1
            while not self._closed("}"):
                self._pair(path)
        else:
            self._skip(_STRING if start in ("'", '"') else _BARE)

    def _closed(self, bracket: str) -> bool:
        """Go to the next element, or behind the closing bracket."""
        self._skip(_BLANK)
        if self._next() == ",":
            self._at += 1
            self._skip(_BLANK)
        if self._next() in (bracket, ""):
            self._at += 1
            return True
        return False

    def _next(self) -> str:
        return self._source[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._source, self._at)
        if found is not None:
            self._at = found.end()

    def _end_of_line(self) -> int:
        end = self._source.find("\n", self._at)
        return len(self._source) if end < 0 else end


def _plain(part: str) -> str:
    """Take the quotes off a part of a key."""
    if part[0] in "'\"":
        return str(tomllib.loads(f"k = {part}")["k"])
    return part
