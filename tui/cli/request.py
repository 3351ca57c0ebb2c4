"""What `minusone separate` was asked for, in one piece."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """The options of `minusone separate`, one attribute each; None leaves it to the preset.

    Attributes
    ----------
    offset, duration
        Seconds of music.
    bitrate
        kbit/s.
    bits
        16, 24, 32, or "float" (the same as 32).
    overlap
        STFT frames.
    overwrite
        True: replace existing stems, False: skip the song, None: refuse it.
    """

    inputs: tuple[Path, ...]
    output: Path
    model: str
    stems: tuple[str, ...] | None
    preset: str
    bandwidth: str | None
    mask_extension: str | None
    mwf: bool | None
    overlap: int | None
    backend: str
    threads: int | None
    codec: str
    bitrate: int | None
    bits: str | None
    offset: float
    duration: float | None
    filename_format: str
    overwrite: bool | None
    recursive: bool
    json: bool
    quiet: bool
