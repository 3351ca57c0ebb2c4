"""Which characters the bytes of a lyrics file are: old files do not say."""

import codecs
import re
from dataclasses import dataclass, replace

from core.errors import UsageError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# UltraStar files may say it. Only encodings that agree with ASCII, as the header does.
_ANNOUNCED = re.compile(rb"^[ \t]*#ENCODING[ \t]*:[ \t]*([A-Za-z0-9_-]{1,20})", re.I | re.M)
_ANNOUNCEABLE = {"cp1252": "cp1252", "cp1250": "cp1250", "cp1251": "cp1251"}
_SAMPLE = 4096
_HEADER = 20_000
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and how it was found in the bytes.

    Attributes
    ----------
    text
        Without a byte order mark.
    encoding
        Python's name of it.
    damaged
        Whether some bytes were no characters; they are U+FFFD in the text.
    """

    text: str
    encoding: str
    damaged: bool = False


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """Turn the bytes of a lyrics file into text; a guess always gives some.

    A byte order mark decides; then UTF-16 shows by its zero bytes, and UTF-8 by being valid, but
    for a few damaged characters. What is left is what the file announces, Windows-1252, or
    Latin-1.

    Parameters
    ----------
    data
        The whole file.
    encoding
        What somebody says that it is, for files of other parts of the world (``"gbk"``,
        ``"shift_jis"``, ``"cp1251"``); None guesses.

    Raises
    ------
    UsageError
        There is no such encoding.
    """
    if encoding is not None:
        return _named(data, encoding)
    for mark, found in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], found)
    wide = _utf16(data)
    if wide is not None:
        return _decoded(data, wide)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    announced = _ANNOUNCED.search(data[:_HEADER])
    if announced is not None:
        name = announced[1].decode("ascii").lower()
        if name in _ANNOUNCEABLE:
            return _decoded(data, _ANNOUNCEABLE[name])
    if _mostly_utf8(data):
        return _decoded(data, "utf-8")
    try:
        return Decoded(data.decode("cp1252"), "cp1252")
    except UnicodeDecodeError:
        # Windows-1252 leaves five bytes without a character; Latin-1 leaves none.
        return Decoded(data.decode("latin-1"), "latin-1")


def _named(data: bytes, encoding: str) -> Decoded:
    try:
        decoded = _decoded(data, encoding)
    except (LookupError, ValueError) as exc:
        raise UsageError(
            f"There is no encoding called {encoding!r}.", "Try utf-8, cp1252, gbk or shift_jis."
        ) from exc
    return replace(decoded, text=decoded.text.removeprefix("\ufeff"))


def _decoded(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        return Decoded(data.decode(encoding, "replace"), encoding, damaged=True)


def _utf16(data: bytes) -> str | None:
    """Tell UTF-16 without a mark: stamps and spaces have a zero in every other byte."""
    sample = data[:_SAMPLE]
    pairs = len(sample) // 2
    if pairs < 2:
        return None
    high_zero = sample[0 : pairs * 2 : 2].count(0)
    low_zero = sample[1 : pairs * 2 : 2].count(0)
    if low_zero > pairs * 0.3 and high_zero < low_zero * 0.1:
        return "utf-16-le"
    if high_zero > pairs * 0.3 and low_zero < high_zero * 0.1:
        return "utf-16-be"
    return None


def _mostly_utf8(data: bytes) -> bool:
    """Whether all but a few of the bytes above ASCII are characters of UTF-8."""
    high = sum(1 for byte in data if byte >= 0x80)
    whole = sum(len(match[0]) for match in _MULTIBYTE.finditer(data))
    return whole >= high * 0.9
