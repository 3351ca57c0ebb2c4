"""Text as a file system may hold it and as people see it: without the invisible, cut cleanly."""

import unicodedata

_JOINER = "\u200d"
_BLACK_FLAG = "\U0001f3f4"
_SPACES = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85")
# Letters and accents by their category, and yet nothing to be seen.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def clean_text(text: str) -> str:
    """Return text that everything can show: NFC, single spaces, no lone surrogates, no controls.

    Control and format characters (such as those that turn the direction of writing) are left out,
    but for those inside emoji. What means something else on another computer becomes U+FFFD.
    Idempotent.
    """
    # Pairs of surrogates become the character that they stand for, lone ones U+FFFD.
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    visible = _without_invisible(unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", " ".join(visible.split()))


def skeleton(text: str) -> str:
    """Return text without anything that cannot be seen, in NFD."""
    return "".join(char for char in unicodedata.normalize("NFD", text) if not (_is_invisible(char)))


def clusters(text: str) -> list[str]:
    """Split text into characters with all that belongs to them; close to Unicode's UAX 29."""
    found: list[str] = []
    for char in text:
        if found and _belongs(found[-1], char):
            found[-1] += char
        else:
            found.append(char)
    return found


def cut(text: str, limit: int) -> str:
    """Shorten clean text to `limit` bytes of UTF-8, between what people see as characters."""
    if len(text.encode()) <= limit:
        return text
    kept, room = "", limit
    for cluster in clusters(text):
        room -= len(cluster.encode())
        if room < 0:
            break
        kept += cluster
    # Nothing fits when the first letter carries a heap of accents.
    return kept or text.encode()[:limit].decode("utf-8", "ignore")


def _without_invisible(text: str) -> str:
    kept: list[str] = []
    in_flag = False
    for char in text:
        code = ord(char)
        kind = unicodedata.category(char)
        # The flag of a region is a black flag and letters that cannot be seen.
        in_flag = char == _BLACK_FLAG or (in_flag and _is_tag(code))
        if char in _SPACES or kind in ("Zs", "Zl", "Zp"):
            kept.append(" ")
        elif char == _JOINER:
            # Between Latin letters it would only make two names look alike.
            if kept and ord(kept[-1]) > 0x7F and kept[-1] != _JOINER:
                kept.append(char)
        elif kind == "Co" or _is_no_character(code):
            # Drivers for SMB and NTFS write characters that are not allowed as private ones.
            kept.append("\ufffd")
        elif in_flag or (kind not in ("Cc", "Cf") and char not in _FILLERS):
            kept.append(char)
    return "".join(kept)


def _is_invisible(char: str) -> bool:
    code = ord(char)
    is_variation = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    return is_variation or char in _FILLERS or unicodedata.category(char) in ("Cc", "Cf")


def _is_no_character(code: int) -> bool:
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def _is_tag(code: int) -> bool:
    return 0xE0020 <= code <= 0xE007F


def _belongs(cluster: str, char: str) -> bool:
    code = ord(char)
    if unicodedata.category(char) in ("Mn", "Mc", "Me") or char == _JOINER:
        return True
    if cluster[-1] == _JOINER:
        return True
    if _is_flag_half(code):
        return len(cluster) == 1 and _is_flag_half(ord(cluster))
    # Skin tones, regions of flags, and the later parts of Hangul syllables.
    return 0x1F3FB <= code <= 0x1F3FF or _is_tag(code) or 0x1160 <= code <= 0x11FF


def _is_flag_half(code: int) -> bool:
    return 0x1F1E6 <= code <= 0x1F1FF
