"""Where the stems of a song go, and writing several of them at once."""

import queue
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from core.audio.encode import AudioWriter, OutputFormat, open_writer
from core.audio.filenames import display_name
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
        "foldername": song.absolute().parent.name,
    }
    hint = "Its fields are {filename}, {instrument}, {codec} and {foldername}."
    try:
        names = {stem: pattern.format(instrument=stem, **fields) for stem in stems}
    except (KeyError, IndexError, ValueError, AttributeError) as exc:
        raise UsageError(f"The file name pattern {pattern!r} cannot be used: {exc}.", hint) from exc
    if len(set(names.values())) < len(names):
        raise UsageError(f"The pattern {pattern!r} gives two stems the same name.", hint)
    paths = {stem: folder / name for stem, name in names.items()}
    for path in paths.values():
        if ".." in path.relative_to(folder).parts if path.is_relative_to(folder) else True:
            raise UsageError(f"The pattern {pattern!r} leads out of the output folder.", hint)
        if not path.name:
            raise UsageError(f"The pattern {pattern!r} names no file.", hint)
    return paths


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
        self._thread = threading.Thread(target=self._run, name=f"write {writer.path.name}")
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
        self._stack = ExitStack()
        with self._stack:
            for stem, path in paths.items():
                _make_folder(path.parent)
                writer = open_writer(
                    path, fmt, rate, channels, stem_tags(tags, stem, title), overwrite=True
                )
                self._writers[stem] = self._stack.enter_context(writer)
            for stem, writer in self._writers.items():
                self._threads[stem] = _WritingThread(writer)
                self._stack.callback(self._threads[stem].join)
            self._stack = self._stack.pop_all()

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
        with self._stack:
            for thread in self._threads.values():
                thread.join()
            if error is None:
                for thread in self._threads.values():
                    thread.check()
            else:
                # The files are abandoned by the exception that is under way.
                self._stack.__exit__(kind, error, trace)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputError(
            f"The folder {display_name(folder)} cannot be made ({exc.strerror}).",
            "Choose another output folder, or give this user the right to write there.",
        ) from exc
