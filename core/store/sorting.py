"""The order in which people expect names: `The Österreichers` between `Oster` and `Otto`."""

import re
import unicodedata

# Letters that Unicode does not take for a plain one with a mark.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe"})
_LEADING = re.compile(r"^[\W_]+(?=\w)")


def sort_key(text: str) -> str:
    """Return what a title or a name is sorted by.

    Case, accents, a leading "the" and punctuation before the first letter make no difference.
    """
    marked = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(char for char in marked if not unicodedata.combining(char)).translate(_PLAIN)
    key = _LEADING.sub("", " ".join(bare.split()))
    return key.removeprefix("the ") or key
