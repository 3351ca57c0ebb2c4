"""A mix set aside while its loudness is measured: a file without a name, gone with the program."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.audio.partfile import output_error
from core.audio.waveform import Samples
from core.mix.peaks import PEAK_BLOCK, Peaks

# Left free for others, bytes.
_RESERVE = 256 << 20
_FRAMES = 1 << 15
_SAMPLE_BYTES = 4


def spool_folder() -> Path:
    """Return where large temporary files belong: on a disk, not in memory.

    TMPDIR if it is set, else /var/tmp, which outlives a restart and so is never in memory, else
    what Python thinks.
    """
    var = Path("/var/tmp")
    if "TMPDIR" not in os.environ and os.access(var, os.W_OK | os.X_OK):
        return var
    return Path(tempfile.gettempdir())


def has_room(folder: Path, frames: int, channels: int) -> bool:
    """Whether a mix of this length fits into a folder's disk with something left."""
    wanted = frames * channels * _SAMPLE_BYTES
    try:
        return shutil.disk_usage(folder).free > wanted + _RESERVE
    except OSError:
        return False


class Spool:
    """Samples and their true peaks, written once and read any number of times.

    Parameters
    ----------
    folder
        Where the file lies; it has no name there.
    channels
        Of the samples.

    Raises
    ------
    OutputError
        The folder cannot be written to; also raised by `write`.
    """

    def __init__(self, folder: Path, channels: int) -> None:
        self._folder = folder
        self._channels = channels
        try:
            self._samples = tempfile.TemporaryFile(dir=folder, prefix="minusone-")  # noqa: SIM115
            self._peaks = tempfile.TemporaryFile(dir=folder, prefix="minusone-")  # noqa: SIM115
        except OSError as exc:
            raise output_error(folder / "a mix", exc) from exc

    def write(self, samples: Samples, peaks: Peaks) -> None:
        """Append samples and peaks, which need not be in step."""
        try:
            self._samples.write(np.ascontiguousarray(samples).data)
            self._peaks.write(np.ascontiguousarray(peaks).data)
        except OSError as exc:
            raise output_error(self._folder / "a mix", exc) from exc

    def read(self) -> Iterator[tuple[Samples, Peaks]]:
        """Give everything from the start, in step."""
        self._samples.seek(0)
        self._peaks.seek(0)
        size = _FRAMES * self._channels * _SAMPLE_BYTES
        while data := self._samples.read(size):
            samples = np.frombuffer(bytearray(data), np.float32).reshape(-1, self._channels)
            peaks = self._peaks.read(_FRAMES // PEAK_BLOCK * _SAMPLE_BYTES)
            yield samples, np.frombuffer(peaks, np.float32)

    def close(self) -> None:
        """Give the disk its room back."""
        self._samples.close()
        self._peaks.close()
