"""Take songs apart in Python: `minusone.separate("song.mp3")`.

One call for one song::

    import minusone

    result = minusone.separate("song.mp3", "stems")
    result.outputs["vocals"]          # stems/song/vocals.wav

Many songs, or sound that is already in memory: keep a `Separator`, its model stays loaded::

    with minusone.Separator(preset="best") as separator:
        for song in songs:
            separator.separate_file(song, Path("stems"))
        stems = separator.separate(samples, rate=44100)   # float32, shape (frames, channels)

What the daemon has separated::

    with minusone.open_library() as library:
        for track in library.search("bowie"):
            print(track.title, library.stem(track, "vocals"))

Every error raised on purpose is a `MinusoneError` with a `title` (what happened) and a `detail`
(what to do about it).

Importing this module is cheap: numpy, the audio libraries and the model runtime are imported
when a name that needs them is first used.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.audio.formats import Codec, OutputFormat
    from core.audio.waveform import Waveform
    from core.errors import (
        AudioError,
        BackendError,
        ConfigError,
        LibraryError,
        MinusoneError,
        ModelError,
        OutputError,
        StoreError,
        UsageError,
    )
    from core.library.reader import Library, open_library
    from core.separation.outputs import Existing
    from core.separation.progress import Progress, Stage
    from core.separation.separator import PartialStems, Separator
    from core.separation.songfile import Separation
    from core.store.records import Stem, Track

    __version__: str

__all__ = [
    "AudioError",
    "BackendError",
    "Codec",
    "ConfigError",
    "Existing",
    "Library",
    "LibraryError",
    "MinusoneError",
    "ModelError",
    "OutputError",
    "OutputFormat",
    "PartialStems",
    "Progress",
    "Separation",
    "Separator",
    "Stage",
    "Stem",
    "StoreError",
    "Track",
    "UsageError",
    "Waveform",
    "__version__",
    "open_library",
    "separate",
]

_ORIGIN = {
    "AudioError": "core.errors",
    "BackendError": "core.errors",
    "Codec": "core.audio.formats",
    "ConfigError": "core.errors",
    "Existing": "core.separation.outputs",
    "Library": "core.library.reader",
    "LibraryError": "core.errors",
    "MinusoneError": "core.errors",
    "ModelError": "core.errors",
    "OutputError": "core.errors",
    "OutputFormat": "core.audio.formats",
    "PartialStems": "core.separation.separator",
    "Progress": "core.separation.progress",
    "Separation": "core.separation.songfile",
    "Separator": "core.separation.separator",
    "Stage": "core.separation.progress",
    "Stem": "core.store.records",
    "StoreError": "core.errors",
    "Track": "core.store.records",
    "UsageError": "core.errors",
    "Waveform": "core.audio.waveform",
    "open_library": "core.library.reader",
}


def separate(
    song: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    model: str = "spleeter-2stems",
    preset: str = "balanced",
    stems: Sequence[str] | None = None,
    backend: str = "auto",
    threads: int | None = None,
    bandwidth: str | None = None,
    mask_extension: str | None = None,
    mwf: bool | None = None,
    overlap: int | None = None,
    output_format: "OutputFormat | None" = None,
    offset: float = 0.0,
    duration: float | None = None,
    filename_format: str = "{filename}/{instrument}.{codec}",
    overwrite: bool = False,
    progress: "Callable[[Progress], None] | None" = None,
) -> "Separation":
    """Separate one song into files.

    Loads the model each time: for many songs keep a `Separator`.

    Parameters
    ----------
    song
        Anything that libsndfile or FFmpeg reads.
    output
        Folder for the stems; made if it is not there. Default: `separated` in the current folder.
    model
        A name from `minusone models list`.
    preset
        "spleeter", "fast", "balanced" or "best".
    stems
        Which stems to write, for example `["vocals"]`. Default: all that the model has.
    backend
        "auto" (the faster one), "cpu" or "gpu".
    threads
        CPU threads. Default: all cores.
    bandwidth, mask_extension, mwf, overlap
        Instead of what the preset says; see `Separator`.
    output_format
        Codec, bits and bit rate. Default: WAV, 16 bits.
    offset
        Where to start, seconds.
    duration
        How much to separate, seconds. Default: to the end.
    filename_format
        Names of the stems under `output`, of `{filename}`, `{instrument}`, `{codec}` and
        `{foldername}` (the folder that the song is in).
    overwrite
        Whether stems that are there already may be replaced.
    progress
        Called in this thread again and again. What it raises ends the separation, and nothing
        half-written stays.

    Returns
    -------
    Separation
        Where the stems are, how long it took, and which backend did it.

    Raises
    ------
    MinusoneError
        One of its subclasses: `AudioError`, `OutputError`, `ModelError`, `BackendError`,
        `UsageError`.

    See Also
    --------
    Separator : stays loaded, and takes arrays as well as files.
    """
    # Deferred for start-up, as in __getattr__.
    from core.separation.outputs import Existing
    from core.separation.separator import Separator

    with Separator(
        model,
        preset=preset,
        backend=backend,
        threads=threads,
        bandwidth=bandwidth,
        mask_extension=mask_extension,
        mwf=mwf,
        overlap=overlap,
    ) as separator:
        return separator.separate_file(
            Path(song),
            Path("separated" if output is None else output),
            stems=stems,
            output_format=output_format,
            offset=offset,
            duration=duration,
            filename_format=filename_format,
            existing=Existing.OVERWRITE if overwrite else Existing.ERROR,
            progress=progress,
        )


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value = _installed_version()
    elif name in _ORIGIN:
        value = getattr(import_module(_ORIGIN[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _installed_version() -> str:
    # Deferred for start-up: the metadata machinery imports the email and zip packages.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("minusone")
    except PackageNotFoundError:  # a source tree that was never installed
        return "unknown"
