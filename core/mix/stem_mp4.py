"""Stem files: a master and four stems in one MP4 file, as Mixxx and Traktor play them.

The format is Native Instruments' (Stem File Specification, 2015): an MP4 file whose user data hold
a box ``stem`` with names and colours (`core.mix.stem_manifest`), and five stereo tracks of one
codec, rate and length. The first is the master, the only one that ordinary players play; the stems
are marked as disabled.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mutagen.mp4 import MP4

from core.audio.decode import open_audio
from core.audio.filenames import display_name
from core.audio.formats import Codec
from core.audio.partfile import PartFile
from core.audio.tags import Tags, write_tags
from core.audio.waveform import Samples
from core.errors import AudioError, OutputError, UsageError
from core.mix.mp4_index import bring_index_forward
from core.mix.stem_boxes import as_stem_file
from core.mix.stem_info import StemInfo, StemTrack, read_stem_mp4
from core.mix.stem_inputs import BlockInput, FileInput, Input, InputGroup
from core.mix.stem_manifest import COLOURS, StemLabel, is_colour
from core.mix.stem_slots import Slot, plan_slots
from core.mix.stem_tracks import MASTER, StemTracks, translated

__all__ = [
    "SUFFIX",
    "StemFile",
    "StemInfo",
    "StemTrack",
    "read_stem_mp4",
    "write_stem_mp4",
]

SUFFIX = ".stem.mp4"
"""How the name of a stem file ends."""

CODECS = ("aac", "alac")
RATES = (44100, 48000)

MasterBlocks = Callable[[], Iterator[Samples]]
"""Starts a master that is made while it is written: blocks of shape (n, 2), float32."""

Report = Callable[[float, float], None]
"""Takes seconds written and in all (announced; 0 when unknown)."""

_GREY = "#808080"


@dataclass(frozen=True, slots=True)
class StemFile:
    """A stem file that has been written.

    Attributes
    ----------
    path
        Where it is.
    notes
        Sentences for the user: places that are silent, stems that were merged, sources that are
        damaged or too short, samples beyond full scale, tags that did not fit.
    """

    path: Path
    notes: tuple[str, ...]


def write_stem_mp4(
    path: Path,
    master: Path | MasterBlocks | None,
    stems: Mapping[str, Path],
    *,
    rate: int | None = None,
    tags: Tags | None = None,
    codec: str = "aac",
    bitrate: int | None = None,
    colours: Mapping[str, str] | None = None,
    progress: Report | None = None,
    overwrite: bool = False,
) -> StemFile:
    """Write a stem file, block by block.

    Only the index is kept in memory: about 50 MB for an hour of AAC, 12 MB of ALAC.

    Parameters
    ----------
    path
        The file to make, named ``.stem.mp4``; its folder must exist. It appears only when whole.
    master
        What ordinary players play: a file; or a function that starts blocks of stereo samples at
        `rate`, such as a mix being rendered; or None for the sum of the stems, which also stands in
        for a file that is not there any more.
    stems
        Files by the name of the stem. Any format, rate and number of stems: drums, bass, other
        (or accompaniment) and vocals have their places 1 to 4, empty places are silent, and more
        than four are merged; the notes say so.
    rate
        Of the stem file, 44100 or 48000 Hz. None takes that of the first stem if it is one of
        them, else the one that is its multiple or divisor, else 48000.
    tags
        What the file shall say about the song, with its cover.
    codec
        ``"aac"``, or ``"alac"``: lossless, with 16 bits where all files have at most 16 and
        nothing has to be added up or resampled, else with 24.
    bitrate
        kbit/s of each AAC track, 32 to 512; None for 256.
    colours
        ``"#RRGGBB"`` by the name of the stem; the format's own otherwise.
    progress
        Called after each block; what it raises ends the writing.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    StemFile
        Where it is, and notes for the user. All tracks are as long as the longest file.

    Raises
    ------
    UsageError
        No stem, or a name, rate, codec, bit rate or colour that the format does not know.
    AudioError
        A file cannot be read.
    OutputError
        The stem file cannot be written; nothing is left behind.
    """
    colours = colours or {}
    _refuse_nonsense(path, master, stems, rate, codec, bitrate, colours)
    plan = plan_slots(tuple(stems))
    labels = tuple(
        StemLabel(slot.label, _colour(slot, usual, colours))
        for slot, usual in zip(plan.slots, COLOURS, strict=True)
    )
    notes = list(plan.notes)
    part = PartFile(path, overwrite)
    try:
        with InputGroup() as inputs:
            rate = rate or _natural_rate(next(iter(stems.values())))
            for name, file in stems.items():
                inputs.add(name, FileInput(file, rate))
            source = _master_input(master, rate, notes)
            if source is not None:
                inputs.add(MASTER, source)
            tracks = StemTracks(path, part.sink, plan.slots, rate, codec, bitrate)
            tracks.write_all(inputs, progress)
            notes += inputs.notes(rate)
            notes += tracks.clipping_notes()
        notes += _complete(path, part, labels, tags)
        part.settle()
        part.commit()
    except BaseException:
        part.discard()
        raise
    return StemFile(path, tuple(notes))


def _complete(
    path: Path, part: PartFile, labels: tuple[StemLabel, ...], tags: Tags | None
) -> list[str]:
    """Add tags, stem box and the order of the boxes to an encoded file; return notes."""
    notes = []
    part.seal()
    # Tags first: mutagen would move all the samples if the index stood before them.
    with translated(path):
        warning = write_tags(part.path, Codec.M4A, tags or Tags())
        if warning:
            notes.append(f"{display_name(path)}: {warning}")
        song = MP4(part.path)
        # Native Instruments' tool marks its files so.
        song["TAUT"] = ["STEM"]
        song.save()
        with part.path.open("r+b") as file:
            bring_index_forward(file, lambda moov: as_stem_file(moov, labels))
    try:
        read_stem_mp4(part.path)
    except AudioError as exc:
        raise OutputError(
            f"{display_name(path)} cannot be written: the encoder made a file that is not valid.",
            exc.title,
        ) from exc
    return notes


def _refuse_nonsense(
    path: Path,
    master: Path | MasterBlocks | None,
    stems: Mapping[str, Path],
    rate: int | None,
    codec: str,
    bitrate: int | None,
    colours: Mapping[str, str],
) -> None:
    name = display_name(path)
    if not path.name.lower().endswith(SUFFIX):
        raise UsageError(
            f"A stem file cannot be called {name}.", f"Choose a name that ends with {SUFFIX}."
        )
    if codec not in CODECS:
        raise UsageError(
            f"Stem files cannot be written with {codec}.", f"Choose from {', '.join(CODECS)}."
        )
    if codec == "alac" and bitrate is not None:
        raise UsageError("alac is lossless and takes no bit rate.", "Leave the bit rate out.")
    if rate is not None and rate not in RATES:
        raise UsageError(
            f"Stem files cannot be written at {rate} Hz.",
            f"Choose from {', '.join(str(known) for known in RATES)}.",
        )
    if rate is None and callable(master):
        raise UsageError("A master that is made needs a rate.", "Name the rate of its blocks.")
    for stem, colour in colours.items():
        if stem not in stems or not is_colour(colour):
            raise UsageError(
                f"{stem} cannot have the colour {colour!r}.",
                "Name stems that go into the file, and colours such as #009E73.",
            )
    if path in (master, *stems.values()):
        raise UsageError(f"{name} cannot be written over what it is made from.")


def _colour(slot: Slot, usual: str, colours: Mapping[str, str]) -> str:
    chosen = (colours[stem] for stem in slot.stems if stem in colours)
    return next(chosen, usual if slot.stems else _GREY)


def _natural_rate(path: Path) -> int:
    """Return the rate of a stem file that needs the least resampling."""
    with open_audio(path) as reader:
        own = reader.rate
    related = (rate for rate in RATES if own % rate == 0 or rate % own == 0)
    return next(related, RATES[-1])


def _master_input(master: Path | MasterBlocks | None, rate: int, notes: list[str]) -> Input | None:
    if master is None:
        return None
    if not isinstance(master, Path):
        return BlockInput(master)
    try:
        there = master.exists()
    except OSError:
        # A folder that may not be looked into, say: opening it tells more.
        there = True
    if not there:
        notes.append(f"{display_name(master)} is not there; the master is the sum of the stems.")
        return None
    return FileInput(master, rate)
