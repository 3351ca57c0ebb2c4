"""Kinds of values in the configuration: what they may look like, and what they come out as."""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from core.config.places import Environ, expanded

# Characters, elements, and the size of numbers that a message shows.
_SHOWN = 60
_LISTED = 3
_HUGE = 10**18

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)

_SECONDS = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms",), 1e-3),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_BYTES = {
    **{"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12},
    **{"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40},
}
_QUANTITY = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]*)\s*", re.ASCII)


class Mismatch(ValueError):  # noqa: N818
    """A value is not of its kind; the text, if any, says more than what the kind takes."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a value is read against.

    Attributes
    ----------
    base
        Folder that relative paths start from.
    environ
        Knows the home folder.
    """

    base: Path
    environ: Environ


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of value.

    Attributes
    ----------
    takes
        What may be written, for people: ``a whole number from 1 to 64``.
    read
        Turns what TOML gives into the value; raises `Mismatch`.
    parse
        Turns the text of an environment variable into what TOML would give.
    words
        The words that may be written, where there are only some.
    """

    takes: str
    read: Callable[[object, Context], T]
    parse: Callable[[str], object] = str
    words: tuple[str, ...] = ()


def whole(low: int, high: int) -> Kind[int]:
    """Whole numbers in a range, both ends included."""

    def read(found: object, _: Context) -> int:
        if not isinstance(found, int) or isinstance(found, bool) or not low <= found <= high:
            raise Mismatch
        return found

    return Kind(f"a whole number from {low} to {high}", read, _parse_whole)


def one_of(numbers: Sequence[int]) -> Kind[int]:
    """Some whole numbers."""

    def read(found: object, _: Context) -> int:
        if not isinstance(found, int) or isinstance(found, bool) or found not in numbers:
            raise Mismatch
        return found

    return Kind(_or([str(number) for number in numbers]), read, _parse_whole)


def seconds(low: float, high: float) -> Kind[float]:
    """Times in a range; a bare number is seconds."""

    def read(found: object, _: Context) -> float:
        value = _quantity(found, _SECONDS)
        if not low <= value <= high:
            raise Mismatch
        return value

    takes = f'a time from {_time_text(low)} to {_time_text(high)}, such as 90, "90 s" or "1.5 min"'
    return Kind(takes, read)


def size() -> Kind[int]:
    """Numbers of bytes."""

    def read(found: object, _: Context) -> int:
        return int(_quantity(found, _BYTES))

    return Kind('a size, such as "500 MB", "4 GB" or "2 GiB"', read)


def flag() -> Kind[bool]:
    """Yes or no."""

    def read(found: object, _: Context) -> bool:
        if not isinstance(found, bool):
            raise Mismatch
        return found

    def parse(text: str) -> object:
        word = text.strip().lower()
        if word in ("true", "yes", "on", "1"):
            return True
        return False if word in ("false", "no", "off", "0") else text

    return Kind("true or false", read, parse, ("true", "false"))


def text(what: str) -> Kind[str]:
    """One line of text that is not empty; `what` says of what."""

    def read(found: object, _: Context) -> str:
        if not isinstance(found, str) or not found.strip() or not found.isprintable():
            raise Mismatch
        return found.strip()

    return Kind(what, read)


def word(choices: Sequence[str]) -> Kind[str]:
    """One of some words."""

    def read(found: object, _: Context) -> str:
        if not isinstance(found, str) or found.strip().lower() not in choices:
            raise Mismatch
        return found.strip().lower()

    return Kind(_or([f'"{choice}"' for choice in choices]), read, words=tuple(choices))


def choice(kind: type[Word]) -> Kind[Word]:
    """One of the words of an enumeration."""
    words = word([member.value for member in kind])

    def read(found: object, context: Context) -> Word:
        return kind(words.read(found, context))

    return Kind(words.takes, read, words=words.words)


def place(what: str) -> Kind[Path]:
    """An absolute path; see `core.config.places.expanded` for what may be written."""

    def read(found: object, context: Context) -> Path:
        if not isinstance(found, str) or "\0" in found:
            raise Mismatch
        if not found.strip():
            raise Mismatch("nothing stands there")
        try:
            return expanded(found, context.base, context.environ)
        except ValueError as exc:
            raise Mismatch(str(exc)) from exc

    return Kind(f'{what}, such as "~/Music" or "/srv/music"', read)


def several(kind: Kind[T], what: str, separator: str) -> Kind[tuple[T, ...]]:
    """A list, in which nothing comes twice; one alone needs no brackets.

    `separator` parts them in an environment variable.
    """

    def read(found: object, context: Context) -> tuple[T, ...]:
        listed = found if isinstance(found, list) else [found]
        return tuple(dict.fromkeys(kind.read(one, context) for one in listed))

    def parse(text: str) -> object:
        return [piece for piece in text.split(separator) if piece.strip()]

    return Kind(what, read, parse)


def unless(kind: Kind[T], absent: str) -> Kind[T | None]:
    """Another kind of value, or a word for its absence, which comes out as None."""

    def read(found: object, context: Context) -> T | None:
        if isinstance(found, str) and found.strip().lower() == absent:
            return None
        return kind.read(found, context)

    def parse(text: str) -> object:
        return text if text.strip().lower() == absent else kind.parse(text)

    return replace(kind, takes=f'{kind.takes}, or "{absent}"', read=read, parse=parse)  # type: ignore[arg-type, return-value]


def shown(found: object) -> str:
    """Say what was found, as it would be written, for people."""
    if isinstance(found, str):
        text = printable(found)
        return json.dumps(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…", ensure_ascii=False)
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, int | float):
        # Python refuses to write out whole numbers of some thousand digits.
        return str(found) if isinstance(found, float) or abs(found) < _HUGE else "so large a number"
    if isinstance(found, list):
        more = ", …" if len(found) > _LISTED else ""
        return f"[{', '.join(shown(one) for one in found[:_LISTED])}{more}]"
    return "a table" if isinstance(found, dict) else "a date or a time"


def printable(text: str) -> str:
    """Replace what an environment variable may hold and no terminal can show."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _parse_whole(text: str) -> object:
    return int(text) if re.fullmatch(r"\s*[+-]?\d{1,18}\s*", text, re.ASCII) else text


def _quantity(found: object, units: dict[str, float] | dict[str, int]) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        raise Mismatch
    if isinstance(found, int | float):
        value, unit = found, ""
    else:
        match = _QUANTITY.fullmatch(found)
        if match is None:
            raise Mismatch
        value, unit = float(match[1]), match[2].lower()
    if unit not in units:
        raise Mismatch(f"{unit!r} is no unit")
    # TOML has infinity, and whole numbers of any length.
    if not (math.isfinite(value) if isinstance(value, float) else abs(value) < _HUGE) or value < 0:
        raise Mismatch
    return value * units[unit]


def _time_text(value: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if value >= length and value % length == 0:
            return f"{value / length:g} {unit}"
    return f"{value:g} s"


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
