"""Every error that a user can meet.

An error has a title (what happened) and a detail (what to do about it). Errors of other
libraries are translated into these once, where they enter the program.
"""


class MinusoneError(Exception):
    """Base of all errors that this program raises on purpose.

    Parameters
    ----------
    title
        One sentence: what happened, naming the file or the thing it happened to.
    detail
        What the user can do about it. May be empty when there is nothing to do.
    """

    def __init__(self, title: str, detail: str = "") -> None:
        super().__init__(title, detail)
        self.title = title
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.title} {self.detail}".strip()


class AudioError(MinusoneError):
    """A song cannot be read: not audio, damaged, an unknown format, samples that are no numbers."""


class OutputError(MinusoneError):
    """A result cannot be written: disk full, no permission, a read-only folder."""


class ModelError(MinusoneError):
    """A separation model is missing, damaged, unknown, or does not separate."""


class BackendError(MinusoneError):
    """The asked-for backend (CPU or GPU) cannot run the model here."""


class UsageError(MinusoneError):
    """The request itself makes no sense: an unknown preset, a stem the model does not have."""


class StoreError(MinusoneError):
    """The database cannot be used: damaged, of a newer version, read-only, missing."""


class ConfigError(MinusoneError):
    """The configuration says something that makes no sense; names the line and the key."""


class LibraryError(MinusoneError):
    """The library's folder, or a track in it, is not what the database says."""


class LyricsError(MinusoneError):
    """Lyrics cannot be read, found, or written in the asked-for format."""
