"""Names of folders that every file system takes: ext4, NTFS, exFAT, and SMB shares of them.

What cannot be in a name becomes what looks most like it: ``AC/DC`` is ``AC-DC``, ``Foo: Bar`` is
``Foo - Bar``, double quotes become single ones, ``<`` and ``>`` brackets, ``*`` an underscore;
question marks are left out.
"""

import re
import unicodedata

from core.library.characters import clean_text, cut, skeleton

NAME_LIMIT = 120
"""Most bytes of UTF-8 in a name, and so the most UTF-16 units too: half of what file systems take,
so that whole paths stay below the 260 characters of Windows."""

_NAMELESS = "Unknown"

# An artist gets no more than this when the title needs the room, bytes.
_ARTIST_BYTES = 50

_COLON = re.compile(r"\s*:(?=\s)")
_LOOKALIKES = str.maketrans({**dict.fromkeys("/\\|:", "-"), '"': "'", "<": "(", ">": ")", "*": "_"})
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\Z", re.IGNORECASE
)

# What video sites and ripping programs add; nothing that tells two recordings apart (live, remix).
_LITTER = re.compile(
    r"""\s*[(\[]\s*(?:
        (?:the\s+)?official(?:\s+(?:hd|4k|music|lyrics?|audio|video|visuali[sz]er|clip))*
      | (?:music|lyrics?)\s+video | with\s+lyrics | lyrics? | visuali[sz]er
      | audio(?:\s+only)? | video | (?:full\s+)?hd | hq | 4k | 1080p | 720p
    )\s*[)\]]\s*\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_VIDEO_ID = re.compile(r"\s*\[([A-Za-z0-9_-]{11})\]\s*\Z")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
# 01 - , 01. , 1-03 , 07 , and not the 99 of "99 Luftballons" or the 311 of "311 - Down".
_NUMBER = re.compile(r"(?:\d{1,2}-\d{2}[.)]?|\d{1,3}[.)]|0\d{1,2}|\d{1,2}(?=\s+-\s))\s+(?:-\s+)?")
_DASH = re.compile(r"\s+[-–—]\s+")


def folder_name(artist: str, title: str, fallback: str) -> str:
    """Return the name of a song's folder: ``Artist - Title``.

    Parameters
    ----------
    artist, title
        As tagged, or empty. Any text, lone surrogates included.
    fallback
        Used where there is no title; such as the name of the song's file.

    Returns
    -------
    str
        NFC, 1 to `NAME_LIMIT` bytes in UTF-8, a legal name on every file system, with no dot or
        space at either end, and no invisible characters but those inside emoji.
    """
    left, right = _legal(artist), _legal(title)
    if not right:
        left, right = "", _legal(fallback) or left or _NAMELESS
    room = NAME_LIMIT
    if left:
        room -= len(" - ")
        left = _shortened(left, max(_ARTIST_BYTES, room - len(right.encode())))
        room -= len(left.encode())
    right = _shortened(right, room)
    return _unreserved(f"{left} - {right}" if left else right)


def numbered(name: str, n: int) -> str:
    """Return a legal name with a number, ``name (2)``, within `NAME_LIMIT` as well."""
    suffix = f" ({n})"
    return f"{_shortened(name, NAME_LIMIT - len(suffix))}{suffix}"


def caseless_key(name: str) -> str:
    """Return what two names share when some file system takes them for the same.

    Capitals, composition (NFC or NFD), characters that cannot be seen, and dots and spaces at the
    end do not count. Errs on the side of too much alike: then a folder gets a number for nothing.
    """
    # NTFS and exFAT compare capitals, ext4 and SMB small letters: both ways, to meet all of them.
    folded = unicodedata.normalize("NFD", skeleton(name).casefold()).upper().casefold()
    return unicodedata.normalize("NFC", folded).rstrip(". ")


def guess_from_filename(stem: str) -> tuple[str, str]:
    """Guess artist and title from a file's name without its ending.

    Understands ``Artist - Title``, with or without a track number before it, underscores for
    spaces, and takes off what video sites add: ``(Official Video)``, the id in brackets. When in
    doubt, text stays.

    Returns
    -------
    tuple of str
        Artist, empty where the name tells none, and title, empty only where the name shows
        nothing at all.
    """
    whole = clean_text(stem)
    text = whole if " " in whole else whole.replace("_", " ").strip()
    text = _without_litter(text)
    number = _NUMBER.match(text)
    if number is not None and re.search(r"\w", text[number.end() :]):
        text = text[number.end() :]
    parts = [part.strip() for part in _DASH.split(text, maxsplit=1)]
    if len(parts) == 2 and all(parts):
        return parts[0], parts[1]
    return "", text.strip() or whole


def _without_litter(text: str) -> str:
    while True:
        shorter = _LITTER.sub("", text)
        video = _VIDEO_ID.search(shorter)
        # Eleven letters that make a word are no id: "[Alternative]".
        if video is not None and not _WORD.fullmatch(video[1]):
            shorter = shorter[: video.start()]
        if shorter == text or not shorter.strip():
            return text
        text = shorter


def _legal(text: str) -> str:
    """Return text that may be part of a name, or nothing."""
    text = clean_text(text)
    text = _COLON.sub(" -", text).translate(_LOOKALIKES)
    # A song may be called "?".
    text = text.replace("?", "") if text.strip("? .") else text.replace("?", "_")
    return _trimmed(clean_text(text))


def _shortened(name: str, limit: int) -> str:
    return _trimmed(cut(name, limit))


def _trimmed(name: str) -> str:
    # Windows loses dots and spaces at the end; a dot at the begin hides the folder.
    return name.lstrip(". ").rstrip(". \u200d")


def _unreserved(name: str) -> str:
    """Part a name from those of DOS's devices, which Windows knows with any ending."""
    base, dot, ending = name.partition(".")
    device = base.rstrip()
    if not _DEVICE.match(device):
        return name
    return _shortened(f"{device}_{dot}{ending}", NAME_LIMIT)
