"""Damaged songs of every format, the same ones for the same seed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from core.audio.encode import open_writer
from core.audio.formats import Codec, OutputFormat
from core.audio.tags import Cover, Tags

SECONDS = 0.4
"""Length of the songs that are damaged."""

_RATE = 22050
_HEADER = 600
"""Bytes at the start of a file in which most of what describes it lies."""

_COVER = b"\xff\xd8\xff\xe0" + bytes(range(256))
_NUMBERS = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\1\0\0\0")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged song.

    Attributes
    ----------
    codec
        Format of the song that it was.
    damage
        What was done to it.
    data
        The file.
    """

    codec: str
    damage: str
    data: bytes


def originals() -> dict[str, bytes]:
    """Return a short stereo song with tags and a cover in every format, by its codec."""
    noise = np.random.default_rng(0).normal(0, 0.1, (round(SECONDS * _RATE), 2))
    fields = {"title": ("Tide",), "artist": ("Moon",), "album": ("Sea",)}
    songs = {}
    with TemporaryDirectory() as folder:
        for codec in Codec:
            path = Path(folder) / f"song.{codec}"
            tags = Tags(fields, Cover("image/jpeg", _COVER))
            with open_writer(path, OutputFormat(codec, 16), _RATE, 2, tags) as writer:
                writer.write(noise.astype(np.float32))
            songs[str(codec)] = path.read_bytes()
    return songs


def mutants(songs: Mapping[str, bytes], count: int, seed: int) -> Iterator[Mutant]:
    """Damage songs, each format and each kind of damage equally often; no two are equal.

    Parameters
    ----------
    songs
        Files by their codec.
    count
        How many mutants.
    seed
        Decides all of them.
    """
    random = Random(seed)
    # The songs themselves would be done, and teach nothing.
    seen = {sha256(data).digest() for data in songs.values()}
    number = 0
    while number < count:
        codec = list(songs)[number % len(songs)]
        damage = list(_DAMAGES)[number // len(songs) % len(_DAMAGES)]
        data = bytearray(songs[codec])
        data = _DAMAGES[damage](data, random)
        if random.random() < 0.2:
            data = random.choice(list(_DAMAGES.values()))(data, random)
        digest = sha256(data).digest()
        if digest not in seen:
            seen.add(digest)
            number += 1
            yield Mutant(codec, damage, bytes(data))


def _flip_bits(data: bytearray, random: Random) -> bytearray:
    for _ in range(random.choice((1, 2, 8, 40))):
        data[random.randrange(min(_HEADER, len(data)))] ^= 1 << random.randrange(8)
    return data


def _write_numbers(data: bytearray, random: Random) -> bytearray:
    for _ in range(random.choice((1, 1, 3))):
        place = random.randrange(min(_HEADER, max(len(data) - 4, 1)))
        data[place : place + 4] = random.choice(_NUMBERS)
    return data


def _truncate(data: bytearray, random: Random) -> bytearray:
    return data[: random.choice((random.randrange(1, 100), random.randrange(1, len(data) + 1)))]


def _shuffle(data: bytearray, random: Random) -> bytearray:
    size = random.choice((16, 200, 1000))
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    head = [] if random.random() < 0.3 else chunks[:1]
    rest = chunks[len(head) :]
    random.shuffle(rest)
    return bytearray().join([*head, *rest])


def _random_tail(data: bytearray, random: Random) -> bytearray:
    if random.random() < 0.5:
        data = data[: random.randrange(1, len(data) + 1)]
    return data + random.randbytes(random.randrange(1, 20_000))


def _blank(data: bytearray, random: Random) -> bytearray:
    start = random.randrange(len(data))
    length = random.randrange(1, 2000)
    data[start : start + length] = bytes(len(data[start : start + length]))
    return data


def _cut_out(data: bytearray, random: Random) -> bytearray:
    start = random.randrange(min(_HEADER, len(data)))
    del data[start : start + random.randrange(1, 300)]
    return data or bytearray(b"\0")


_DAMAGES: dict[str, Callable[[bytearray, Random], bytearray]] = {
    "bits flipped": _flip_bits,
    "numbers replaced": _write_numbers,
    "truncated": _truncate,
    "chunks shuffled": _shuffle,
    "random tail": _random_tail,
    "blanked": _blank,
    "cut out": _cut_out,
}


def complaint_about(title: str | None, detail: str | None) -> str:
    """Say what is wrong with the words that a failed song is reported with; empty if nothing is."""
    text = f"{title} {detail}"
    if not title or not detail:
        return "a title or a detail is missing"
    for sign in ("Traceback", "should not", "Error(", "Exception", "object at 0x", "None"):
        if sign in text:
            return f"it says {sign!r}"
    if not title.endswith(".") or not detail.rstrip().endswith((".", "?", "`")):
        return "it is no whole sentence"
    return ""
