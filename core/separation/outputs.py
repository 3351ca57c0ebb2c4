"""Where the stems of a song go, and writing several of them at once."""

import contextlib
import os
import queue
import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from core.audio.encode import AudioWriter, OutputFormat, open_writer
from core.audio.filenames import display_path
from core.audio.tags import Tags, stem_tags
from core.audio.waveform import Samples
from core.errors import OutputError, UsageError

DEFAULT_PATTERN = "{filename}/{instrument}.{codec}"


class Existing(StrEnum):
    """What happens to stems that are there already."""

    OVERWRITE = "overwrite"
    SKIP = "skip"
    ERROR = "error"


def stem_paths(
    song: Path, folder: Path, stems: Sequence[str], fmt: OutputFormat, pattern: str
) -> dict[str, Path]:
    """Name the files of a song's stems.

    Parameters
    ----------
    song
        The input file.
    folder
        The output folder.
    stems
        Names of the stems.
    fmt
        Gives `{codec}`.
    pattern
        With Spleeter's fields: `{filename}` (the song's name without its ending), `{instrument}`
        (the stem), `{codec}`, `{foldername}` (the folder that the song is in).

    Raises
    ------
    UsageError
        The pattern has an unknown field, gives two stems one name, or leaves the folder.
    """
    fields = {
        "filename": song.stem,
        "codec": str(fmt.codec),
        "foldername": Path(os.path.abspath(song)).parent.name,  # noqa: PTH100 (resolves "..")
    }
    hint = "Its fields are {filename}, {instrument}, {codec} and {foldername}."
    try:
        names = {stem: pattern.format(instrument=stem, **fields) for stem in stems}
    except (KeyError, IndexError, ValueError, AttributeError) as exc:
        raise UsageError(f"The file name pattern {pattern!r} cannot be used: {exc}.", hint) from exc
    if len(set(names.values())) < len(names):
        raise UsageError(f"The pattern {pattern!r} gives two stems the same name.", hint)
    for name in names.values():
        if "\0" in name or not Path(name).name or name.endswith("/"):
            raise UsageError(f"The pattern {pattern!r} names no file.", hint)
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise UsageError(f"The pattern {pattern!r} leads out of the output folder.", hint)
    return {stem: folder / name for stem, name in names.items()}


class _WritingThread:
    """Encodes one stem beside the separation: compressed formats cost as much as the network."""

    # Frames that an encoder gets at a time, and how many such blocks may wait for it: a whole
    # patch at once would need its size again and again, in the encoder and on the way to it.
    FRAMES = 1 << 15
    DEPTH = 8

    def __init__(self, writer: AudioWriter) -> None:
        self._writer = writer
        self._blocks: queue.Queue[Samples | None] = queue.Queue(self.DEPTH)
        self._error: BaseException | None = None
        # A daemon: an interrupt between start and join must not keep the process from ending.
        self._thread = threading.Thread(
            target=self._run, name=f"write {writer.path.name}", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        while (block := self._blocks.get()) is not None:
            if self._error is None:
                try:
                    self._writer.write(block)
                except BaseException as exc:  # Raised again where the stem is handed in.
                    self._error = exc

    def write(self, samples: Samples) -> None:
        """Hand in samples; raises what an earlier block met."""
        for start in range(0, len(samples), self.FRAMES):
            self._blocks.put(samples[start : start + self.FRAMES])
            self.check()

    def join(self) -> None:
        """Wait until everything is written, or the error is known."""
        if self._thread.is_alive():
            self._blocks.put(None)
            self._thread.join()

    def check(self) -> None:
        """Raise what a block met."""
        if self._error is not None:
            raise self._error


class StemWriters:
    """Writes all stems of one song; a context manager.

    Leaving it normally gives the files their names; leaving it by an exception removes them.

    Parameters
    ----------
    paths
        File of each stem.
    fmt, rate, channels
        Of every file.
    tags
        The song's own tags.
    title
        What the stems are called where the song has no title.

    Raises
    ------
    OutputError
        A folder or file cannot be made.
    """

    def __init__(
        self,
        paths: Mapping[str, Path],
        fmt: OutputFormat,
        rate: int,
        channels: int,
        tags: Tags,
        title: str,
    ) -> None:
        self._writers: dict[str, AudioWriter] = {}
        self._threads: dict[str, _WritingThread] = {}
        self._new_folders: list[Path] = []
        try:
            for stem, path in paths.items():
                self._new_folders += _make_folder(path.parent)
                self._writers[stem] = open_writer(
                    path, fmt, rate, channels, stem_tags(tags, stem, title), overwrite=True
                )
            for stem, writer in self._writers.items():
                self._threads[stem] = _WritingThread(writer)
        except BaseException:
            self._end(publish=False)
            raise

    def write(self, stem: str, samples: Samples) -> None:
        """Append samples, (n, channels) float32, to a stem."""
        if len(samples):
            self._threads[stem].write(samples)

    def warnings(self) -> list[str]:
        """Return what the user should know; complete once the files are written."""
        said: list[str] = []
        for stem, writer in self._writers.items():
            said += [warning for warning in writer.warnings if warning not in said]
            if writer.clipped:
                said.append(
                    f"{writer.clipped} samples of {stem} exceed full scale and were clipped; "
                    "write 32-bit float WAV to keep them."
                )
        return said

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(publish=error is None)

    def _end(self, publish: bool) -> None:
        try:
            for thread in self._threads.values():
                thread.join()
            if publish:
                for thread in self._threads.values():
                    thread.check()
                # All are whole on the disk before the first gets its name.
                for writer in self._writers.values():
                    writer.seal()
                for writer in self._writers.values():
                    writer.publish()
        finally:
            for writer in self._writers.values():
                writer.discard()
            for folder in reversed(self._new_folders):
                with contextlib.suppress(OSError):  # It holds something: the stems, hopefully.
                    folder.rmdir()


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and return which ones were missing, the outermost first."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputError(
            f"The folder {display_path(folder)} cannot be made ({exc.strerror}).",
            "Choose another output folder, or give this user the right to write there.",
        ) from exc
    return missing[::-1]
