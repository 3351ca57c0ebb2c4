"""What a file's name says: a song, an unfinished download, or the litter of some system."""

# fmt: off
SONG_SUFFIXES = frozenset((
    ".wav", ".wave", ".w64", ".rf64", ".bwf", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf",
    ".flac", ".ogg", ".oga", ".opus", ".mp2", ".mp3", ".mpga", ".m4a", ".m4b", ".aac", ".alac",
    ".wma", ".ape", ".wv", ".tta", ".mpc", ".ac3", ".dts", ".amr", ".mka", ".weba",
    ".webm", ".mp4", ".m4v", ".mov", ".mkv", ".avi", ".mpg", ".mpeg", ".ogv", ".wmv", ".flv",
    ".3gp",
))
# fmt: on
"""Endings of songs, lower case. A file named by itself may have any."""

_PARTIAL_SUFFIXES = (
    ".part",
    ".partial",
    ".filepart",
    ".crdownload",
    ".opdownload",
    ".download",
    ".aria2",
    ".ytdl",
    ".tmp",
    ".!qb",
    ".!ut",
    "~",
)
_JUNK_NAMES = frozenset(
    {
        "thumbs.db",
        "desktop.ini",
        "@eadir",
        "#recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "__macosx",
    }
)


def is_junk(name: str) -> bool:
    """Tell hidden files, unfinished downloads and the litter of other systems by their names.

    Parameters
    ----------
    name
        One name, of a file or of a folder, without the path.
    """
    lowered = name.lower()
    return (
        lowered.startswith((".", "~$"))
        or lowered.endswith(_PARTIAL_SUFFIXES)
        or lowered in _JUNK_NAMES
    )
