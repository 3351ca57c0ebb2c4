"""How names, lengths and speeds are written for people."""

import unicodedata
from pathlib import Path

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def safe(text: str | Path) -> str:
    """Make any file name printable on one line of a terminal.

    A name may hold bytes that are no UTF-8 (Python carries them as lone surrogates), line breaks,
    or escape sequences that would reprogram the terminal; all of them are shown as `\\x1b`.

    Parameters
    ----------
    text
        A path, or text that may quote one.

    Returns
    -------
    str
        Encodable as UTF-8, without control characters. Other Unicode is left as it is.
    """
    return "".join(_visible(char) for char in str(text))


def _visible(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    # Cc: control characters, Cs: half characters. Cf covers the marks that reorder a line
    # (right-to-left override), but also the joiners inside many emoji, which are harmless.
    hidden = unicodedata.category(char) in _HIDDEN and char not in "\u200c\u200d"
    return char.encode("unicode_escape").decode("ascii") if hidden else char


def clock(seconds: float) -> str:
    """Write a length as `4:07`, or `1:02:03` from one hour on; rounded to whole seconds."""
    whole = max(0, round(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def speed(factor: float) -> str:
    """Write a real-time factor: seconds of music per second of work."""
    return f"{factor:.0f}x real time" if factor >= 10 else f"{factor:.1f}x real time"


def count(number: int, noun: str) -> str:
    """Write `1 song`, `12 songs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def size(octets: int) -> str:
    """Write a number of bytes in MB (10^6), as shops and download pages do."""
    return f"{octets / 1e6:.1f} MB"
