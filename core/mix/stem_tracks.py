"""The five tracks of a stem file while they are written."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import mutagen
import numpy as np

from core.audio.filenames import display_name
from core.audio.formats import Codec, OutputFormat
from core.audio.partfile import REASONS, Sink, output_error
from core.audio.waveform import Samples
from core.errors import OutputError
from core.mix.stem_inputs import InputGroup
from core.mix.stem_slots import Slot

MASTER = "\0master"
"""Key of the master among the inputs; no stem can be called so."""


class StemTracks:
    """Adds inputs up to a master and four stems, and encodes these.

    Parameters
    ----------
    path
        The file that is being made, for errors.
    sink
        Where the bytes go.
    slots
        Which stems are in which place.
    rate
        Hz.
    codec
        ``"aac"`` or ``"alac"``.
    bitrate
        kbit/s of an AAC track; None for the usual one.

    Raises
    ------
    OutputError
        PyAV is missing.
    UsageError
        AAC does not have this bit rate.
    """

    def __init__(
        self,
        path: Path,
        sink: Sink,
        slots: Sequence[Slot],
        rate: int,
        codec: str,
        bitrate: int | None,
    ) -> None:
        try:
            from core.mix.stem_encode import TrackEncoder
        except ImportError as exc:
            raise OutputError(
                f"{display_name(path)} cannot be written: stem files need PyAV, "
                "which is not installed here.",
                "Install it with `pip install av`, or export the stems as single files.",
            ) from exc
        self._encoder_class = TrackEncoder
        self._path = path
        self._sink = sink
        self._slots = slots
        self._rate = rate
        self._codec = codec
        self._bitrate = OutputFormat(Codec.M4A, bitrate=bitrate).effective_bitrate
        self._names = ["Master", *(slot.label for slot in slots)]
        self._clipped: list[int] = []

    def write_all(
        self, inputs: InputGroup, progress: Callable[[float, float], None] | None
    ) -> None:
        """Write everything that the inputs give; without a master, it is the sum of the stems.

        Raises
        ------
        AudioError
            An input turned out to be damaged beyond use.
        OutputError
            The disk is full, or the encoder failed.
        """
        exact = inputs.has(MASTER) and all(len(slot.stems) < 2 for slot in self._slots)
        bits = inputs.bits if exact else 24
        with translated(self._path):
            encoder = self._encoder_class(
                self._sink, self._names, self._rate, self._codec, self._bitrate, bits
            )
        self._clipped = encoder.clipped
        total = (inputs.frames or 0) / self._rate
        written = 0
        try:
            for given in inputs.blocks():
                tracks = _tracks(given, self._slots)
                with translated(self._path):
                    encoder.write(tracks)
                self._sink.check()
                written += len(tracks[0])
                if progress is not None:
                    progress(written / self._rate, total)
        except BaseException:
            # The file is thrown away; how its encoders end does not matter.
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                encoder.abandon()
            raise
        with translated(self._path):
            encoder.finish()
        self._sink.check()

    def clipping_notes(self) -> Iterator[str]:
        """Give a sentence for each track with samples beyond full scale."""
        for name, clipped in zip(self._names, self._clipped, strict=True):
            if clipped:
                samples = "1 sample is" if clipped == 1 else f"{clipped} samples are"
                yield f"{name}: {samples} beyond full scale and will be cut off."


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what encoders and the operating system raise into an OutputError naming the file."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, mutagen.MutagenError) as exc:
        # mutagen wraps what the operating system says.
        for cause in (exc, *exc.args):
            if isinstance(cause, OSError) and cause.errno in REASONS:
                raise output_error(path, cause) from exc
        raise OutputError(
            f"{display_name(path)} cannot be written: the encoder failed ({exc}).",
            "Export the stems as single files instead.",
        ) from exc


def _tracks(given: Mapping[str, Samples], slots: Sequence[Slot]) -> list[Samples]:
    """Return one block of the master and of the four stems."""
    stems = [block for name, block in given.items() if name != MASTER]
    master = given[MASTER] if MASTER in given else _sum(stems)
    silence = np.zeros_like(master)
    return [
        master,
        *(_sum([given[name] for name in slot.stems]) if slot.stems else silence for slot in slots),
    ]


def _sum(blocks: Sequence[Samples]) -> Samples:
    total: Samples = np.sum(blocks, axis=0, dtype=np.float32) if len(blocks) > 1 else blocks[0]
    return total
