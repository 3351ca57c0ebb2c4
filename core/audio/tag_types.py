"""What a song says about itself, apart from any file format."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NAMES = (
    "title",
    "artist",
    "album",
    "albumartist",
    "date",
    "genre",
    "tracknumber",
    "discnumber",
    "composer",
    "lyricist",
    "conductor",
    "publisher",
    "copyright",
    "comment",
    "isrc",
    "bpm",
    "key",
    "language",
    "lyrics",
)
"""Every name that is carried from song to stem. What is not here stays behind on purpose:
ReplayGain and encoder settings are true of the song's file only."""


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture of the song's cover.

    Attributes
    ----------
    mime
        Kind of picture, such as ``"image/jpeg"``.
    data
        The picture file itself.
    """

    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags of one song.

    Attributes
    ----------
    fields
        Values by name, names from `NAMES`; no value is empty. Track and disc numbers may carry
        their total (``"3/12"``).
    cover
        The front cover, or another picture where there is no front cover.
    warning
        A sentence for the user when the tags are damaged, else None.
    """

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cover: Cover | None = None
    warning: str | None = None

    @property
    def title(self) -> str | None:
        """The song's title, if it has one."""
        return next(iter(self.fields.get("title", ())), None)

    @property
    def artist(self) -> str | None:
        """The song's artists, joined by commas, if there are any."""
        return ", ".join(self.fields.get("artist", ())) or None


def clean_fields(raw: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Keep the known names; drop empty values, and what no text encoding can hold."""
    fields = {}
    for name in NAMES:
        values = tuple(value for text in raw.get(name, ()) if (value := clean_text(text)))
        if values:
            fields[name] = values
    return fields


def clean_text(text: str) -> str:
    """Return text that can be written in UTF-8 with no NUL (which ends a value in ID3)."""
    encoded = text.replace("\0", "").encode("utf-8", "surrogateescape")
    return encoded.decode("utf-8", "replace").strip()
