"""Reading back what a stem file is made of, strictly."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.audio.filenames import display_name
from core.errors import AudioError
from core.mix.mp4_boxes import BoxError, file_boxes, find_all, find_one
from core.mix.mp4_index import chunk_offsets
from core.mix.stem_manifest import STEMS, read_manifest

TRACKS = STEMS + 1
_ENABLED = 1
# A day of music has one of 250 MB.
_LARGEST_INDEX = 1 << 28
_CODECS = {b"mp4a": "aac", b"alac": "alac"}


@dataclass(frozen=True, slots=True)
class StemTrack:
    """One track of a stem file.

    Attributes
    ----------
    enabled
        Whether players that know nothing of stems play it.
    codec
        ``"aac"`` or ``"alac"``.
    rate
        Hz.
    channels
        2 in every valid file.
    frames
        Length as played, without what the encoder put before and behind.
    priming
        Frames that a player leaves out at the start.
    """

    enabled: bool
    codec: str
    rate: int
    channels: int
    frames: int
    priming: int


@dataclass(frozen=True, slots=True)
class StemInfo:
    """What a stem file holds.

    Attributes
    ----------
    names, colours
        Of the four stems, colours as ``"#RRGGBB"``.
    tracks
        The master, then the four stems.
    """

    names: tuple[str, ...]
    colours: tuple[str, ...]
    tracks: tuple[StemTrack, ...]

    @property
    def rate(self) -> int:
        """Sampling rate of all tracks, Hz."""
        return self.tracks[0].rate

    @property
    def duration(self) -> float:
        """Length of all tracks in seconds."""
        return self.tracks[0].frames / self.rate


def read_stem_mp4(path: Path) -> StemInfo:
    """Read the structure of a stem file; no sound is decoded.

    Parameters
    ----------
    path
        The file. Its name does not matter.

    Returns
    -------
    StemInfo
        Of a file that has what the format asks for: five stereo tracks of one codec, one rate and
        one length of which only the first is enabled, samples where the index says, and a
        description of four stems.

    Raises
    ------
    AudioError
        It cannot be read, or it is no such file; the message says what is wrong.
    """
    name = display_name(path)
    try:
        return _read(path)
    except (ValueError, IndexError) as exc:
        raise AudioError(
            f"{name} is no stem file: {exc}.",
            "A stem file is an MP4 file with a master and four stems, usually named .stem.mp4.",
        ) from exc
    except OSError as exc:
        raise AudioError(f"{name} cannot be read: {exc.strerror or exc}.") from exc


def _read(path: Path) -> StemInfo:
    with path.open("rb") as file:
        boxes = file_boxes(file)
        if not boxes or boxes[0].kind != b"ftyp":
            raise BoxError("it is no MP4 file")
        indexes = [box for box in boxes if box.kind == b"moov"]
        if len(indexes) != 1 or indexes[0].end - indexes[0].body > _LARGEST_INDEX:
            raise BoxError("it has no index, more than one, or one that is far too large")
        file.seek(indexes[0].body)
        moov = file.read(indexes[0].end - indexes[0].body)
    data = [(box.body, box.end) for box in boxes if box.kind == b"mdat"]
    labels = read_manifest(find_one(moov, b"udta", b"stem"))
    movie_rate = _scale(find_one(moov, b"mvhd"))
    sound = [
        trak
        for trak in find_all(moov, b"trak")
        if find_one(trak, b"mdia", b"hdlr")[8:12] == b"soun"
    ]
    if len(sound) != TRACKS:
        raise BoxError(f"it has {len(sound)} sound tracks instead of {TRACKS}")
    tracks = tuple(_track(trak, movie_rate) for trak in sound)
    _compare(tracks)
    for trak in sound:
        _check_samples(find_one(trak, b"mdia", b"minf", b"stbl"), data)
    names, colours = zip(*((label.name, label.colour) for label in labels), strict=True)
    return StemInfo(names, colours, tracks)


def _track(trak: bytes, movie_rate: int) -> StemTrack:
    flags = int.from_bytes(find_one(trak, b"tkhd")[1:4])
    description = find_one(trak, b"mdia", b"minf", b"stbl", b"stsd")
    entry = description[8:]
    codec = _CODECS.get(entry[4:8])
    if codec is None or int.from_bytes(description[4:8]) != 1:
        raise BoxError("a track is neither AAC nor ALAC")
    header = find_one(trak, b"mdia", b"mdhd")
    rate = _scale(header)
    frames, priming = _duration(header), 0
    edits = find_all(trak, b"edts", b"elst")
    if edits:
        length, priming = _only_edit(edits[0])
        frames = round(length * rate / movie_rate)
    return StemTrack(
        enabled=bool(flags & _ENABLED),
        codec=codec,
        rate=rate,
        channels=int.from_bytes(entry[24:26]),
        frames=frames,
        priming=priming,
    )


def _compare(tracks: tuple[StemTrack, ...]) -> None:
    master = tracks[0]
    if any(track.channels != 2 for track in tracks):
        raise BoxError("not every track is stereo")
    if any(
        (track.codec, track.rate, track.frames, track.priming)
        != (master.codec, master.rate, master.frames, master.priming)
        for track in tracks
    ):
        raise BoxError("its tracks differ in codec, rate or length")
    if not master.enabled or any(track.enabled for track in tracks[1:]):
        raise BoxError("players would not play the master alone")


def _scale(header: bytes) -> int:
    """Return ticks per second from the body of an mvhd or mdhd box."""
    scale = int.from_bytes(header[20:24] if header[0] == 1 else header[12:16])
    if not scale:
        raise BoxError("a track has no clock")
    return scale


def _duration(header: bytes) -> int:
    return int.from_bytes(header[24:32] if header[0] == 1 else header[16:20])


def _only_edit(table: bytes) -> tuple[int, int]:
    """Return length (of the movie's clock) and start (of the track's) of a track's one edit."""
    width = 8 if table[0] == 1 else 4
    if int.from_bytes(table[4:8]) != 1 or len(table) != 12 + 2 * width:
        raise BoxError("a track is played in pieces")
    start = int.from_bytes(table[8 + width : 8 + 2 * width], signed=True)
    if start < 0:
        raise BoxError("a track begins later than the others")
    return int.from_bytes(table[8 : 8 + width]), start


def _check_samples(tables: bytes, data: list[tuple[int, int]]) -> None:
    """Refuse tables that contradict each other or point to anything but samples."""
    times = _entries(find_one(tables, b"stts"), 2)
    runs = _entries(find_one(tables, b"stsc"), 3)
    kind = b"co64" if find_all(tables, b"co64") else b"stco"
    starts = chunk_offsets(kind, find_one(tables, kind))
    chunks = np.diff(np.append(runs[:, 0], len(starts) + 1))
    if len(runs) == 0 or runs[0, 0] != 1 or (chunks < 1).any() or (runs[:, 1] < 1).any():
        raise BoxError("a track's index is contradictory")
    counts = np.repeat(runs[:, 1], chunks)
    ends = starts + _chunk_sizes(find_one(tables, b"stsz"), counts)
    if times[:, 0].sum() != counts.sum():
        raise BoxError("a track's index is contradictory")
    inside = np.zeros(len(starts), bool)
    for first, last in data:
        inside |= (starts >= first) & (ends <= last)
    if not inside.all():
        raise BoxError("a track's index points to something else than its samples")


def _entries(table: bytes, columns: int) -> npt.NDArray[np.int64]:
    """Return the rows of a table of 32-bit numbers, shape (rows, columns)."""
    rows = np.frombuffer(table, ">u4", offset=8).astype(np.int64).reshape(-1, columns)
    if len(rows) != int.from_bytes(table[4:8]):
        raise BoxError("a track's index is not as long as it says")
    return rows


def _chunk_sizes(table: bytes, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the bytes of each chunk, from a track's stsz box and the samples in each chunk."""
    size, count = int.from_bytes(table[4:8]), int.from_bytes(table[8:12])
    if count != counts.sum():
        raise BoxError("a track's index is contradictory")
    if size:
        return counts * size
    sizes = np.frombuffer(table, ">u4", offset=12).astype(np.int64)
    if len(sizes) != count:
        raise BoxError("a track's index is not as long as it says")
    return np.add.reduceat(sizes, np.append(0, np.cumsum(counts)[:-1]))
