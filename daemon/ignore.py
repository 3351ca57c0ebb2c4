"""What in an inbox is a song by its name, what may be one, and what is left alone and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase
from pathlib import PurePath

from core.song_names import SONG_SUFFIXES, is_junk

# fmt: off
_NO_SONGS = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".svg",
    ".heic", ".avif", ".ico", ".psd",
    ".lrc", ".elrc", ".txt", ".cdg", ".srt", ".ass", ".ssa", ".vtt", ".sub", ".idx", ".kar", ".mid",
    ".midi", ".musicxml",
    ".nfo", ".cue", ".log", ".m3u", ".m3u8", ".pls", ".xspf", ".wpl", ".accurip", ".ffp",
    ".md5", ".sha1", ".sha256", ".sfv", ".par2", ".torrent", ".magnet", ".nzb",
    ".pdf", ".doc", ".docx", ".odt", ".rtf", ".md", ".epub", ".htm", ".html", ".url", ".webloc",
    ".lnk", ".desktop", ".xml", ".json", ".yml", ".yaml", ".toml", ".csv", ".ini", ".db",
    ".sqlite", ".plist", ".py", ".sh", ".bat", ".exe", ".dll", ".msi", ".dmg", ".apk", ".iso",
))
# fmt: on
_ARCHIVES = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst"})

_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


class Choice(Enum):
    """What to do with a file."""

    TAKE = auto()
    """Its name is that of a song."""
    TRY = auto()
    """Its name says nothing: it is a song if it opens as audio."""
    IGNORE = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A choice with its reason.

    Attributes
    ----------
    choice
        What to do.
    reason
        Why the file is left alone; empty unless it is.
    told
        Whether the person who put it there would wonder why nothing happens. Covers, lyrics and
        litter are ignored without a word.
    """

    choice: Choice
    reason: str = ""
    told: bool = False


_TAKE, _TRY = Verdict(Choice.TAKE), Verdict(Choice.TRY)
_LITTER = Verdict(Choice.IGNORE, "It is hidden, an unfinished download or a system's litter.")
_SIDECAR = Verdict(Choice.IGNORE, "By its name it holds no sound.")
_PATTERN = Verdict(Choice.IGNORE, "The configuration says to ignore it.")
_ARCHIVE = Verdict(
    Choice.IGNORE, "It is an archive. Unpack it, and put the songs in it into the inbox.", told=True
)


class IgnoreRules:
    """Decides by name and size.

    Parameters
    ----------
    patterns
        Shell patterns of what to ignore, compared without regard to capitals with the name of
        every folder on the way and of the file, and with the path below the inbox; ``*`` matches
        slashes, too.
    max_size
        Larger files are left alone, bytes; None for no limit.
    """

    def __init__(self, patterns: Iterable[str] = (), max_size: int | None = None) -> None:
        self._patterns = tuple(pattern.lower().rstrip("/") for pattern in patterns)
        self._max_size = max_size

    def judge(self, inside: PurePath | str, size: int | None = None) -> Verdict:
        """Judge a file.

        Parameters
        ----------
        inside
            Its path below the inbox.
        size
            Bytes; None when unknown, or when the name alone is to be judged.
        """
        path = str(inside)
        folders, _, name = path.rpartition("/")
        if (folders and self._folders_are_junk(folders)) or is_junk(name):
            return _LITTER
        if self._patterns and self._matches(path):
            return _PATTERN
        return self.judge_in_good_folder(path, name, size)

    def judge_in_good_folder(self, path: str, name: str, size: int | None) -> Verdict:
        """Judge a file of a folder that `enters` has let pass; the short way for a scan.

        Parameters
        ----------
        path
            Below the inbox.
        name
            Its last part.
        size
            Bytes; None when unknown.
        """
        if is_junk(name):
            return _LITTER
        if self._patterns and self._matches_one(path.lower(), name.lower()):
            return _PATTERN
        suffix = _suffix(name)
        if suffix in _ARCHIVES:
            return _ARCHIVE
        if suffix in _NO_SONGS:
            return _SIDECAR
        if self._max_size is not None and size is not None and size > self._max_size:
            text = f"It has {_spell(size)}, and the limit is {_spell(self._max_size)} "
            return Verdict(Choice.IGNORE, f"{text}(max_size in the configuration).", told=True)
        return _TAKE if suffix in SONG_SUFFIXES else _TRY

    def enters(self, inside: PurePath | str) -> bool:
        """Tell whether a folder is looked into.

        Parameters
        ----------
        inside
            Its path below the inbox; empty or ``"."`` for the inbox itself.
        """
        path = str(inside)
        if path in ("", "."):
            return True
        return not self._folders_are_junk(path) and not (self._patterns and self._matches(path))

    def _folders_are_junk(self, path: str) -> bool:
        return any(is_junk(part) for part in path.split("/"))

    def _matches(self, path: str) -> bool:
        """Whether a pattern names the path, or a folder that it is in."""
        parts = path.lower().split("/")
        return any(
            self._matches_one("/".join(parts[:depth]), parts[depth - 1])
            for depth in range(1, len(parts) + 1)
        )

    def _matches_one(self, path: str, name: str) -> bool:
        return any(
            fnmatchcase(name, pattern) or fnmatchcase(path, pattern) for pattern in self._patterns
        )


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def _spell(size: int) -> str:
    for unit, word in _UNITS:
        if size >= unit:
            return f"{size / unit:.1f} {word}"
    return f"{size} bytes"
