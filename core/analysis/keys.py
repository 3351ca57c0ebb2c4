"""Musical keys: their names, their places on the Camelot wheel, and the way from one to another."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from core.errors import UsageError


class Mode(StrEnum):
    """Major or minor."""

    MAJOR = "major"
    MINOR = "minor"


# As each key is usually written: the spelling with fewer accidentals, F# and Eb minor at the tie.
_MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")

_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "b": -1, "♭": -1}
_MODES = {
    "": Mode.MAJOR,
    "M": Mode.MAJOR,
    "maj": Mode.MAJOR,
    "major": Mode.MAJOR,
    "dur": Mode.MAJOR,
    "m": Mode.MINOR,
    "min": Mode.MINOR,
    "minor": Mode.MINOR,
    "moll": Mode.MINOR,
}
_CAMELOT = re.compile(r"0?([1-9]|1[0-2])([ABab])")
_OPEN_KEY = re.compile(r"0?([1-9]|1[0-2])([dm])")
_NAMED = re.compile(r"([A-Ga-g])(#|b|♯|♭|[ -]?sharp|[ -]?flat)?[ -]?([A-Za-z]*)")


@dataclass(frozen=True, slots=True)
class Key:
    """A key.

    Attributes
    ----------
    tonic
        Pitch class of the first note of its scale: 0 is C, 1 is C sharp, up to 11, B.
    mode
        Major or minor.
    """

    tonic: int
    mode: Mode

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise ValueError(f"a tonic is a pitch class from 0 to 11, not {self.tonic}")

    @property
    def name(self) -> str:
        """For people: ``"A minor"``."""
        return f"{self._note()} {self.mode.value}"

    @property
    def tkey(self) -> str:
        """As ID3's TKEY frame and the Vorbis comment INITIALKEY write it: ``"Am"``."""
        return self._note() + ("m" if self.mode is Mode.MINOR else "")

    @property
    def camelot(self) -> str:
        """As DJs write it: 1 to 12 around the circle of fifths, A for minor: ``"8A"``."""
        return f"{self._hour()}{'A' if self.mode is Mode.MINOR else 'B'}"

    @property
    def relative(self) -> Self:
        """The key of the other mode with the same notes: C major and A minor."""
        if self.mode is Mode.MAJOR:
            return type(self)((self.tonic - 3) % 12, Mode.MINOR)
        return type(self)((self.tonic + 3) % 12, Mode.MAJOR)

    def transposed(self, semitones: int) -> Self:
        """Return this key moved up (or, below 0, down) by semitones."""
        return type(self)((self.tonic + semitones) % 12, self.mode)

    def distance(self, other: "Key") -> int:
        """Count the steps between two keys on the Camelot wheel.

        Returns
        -------
        int
            0 for the same key, 1 for a fifth away or the relative key, up to 7. Keys at most
            one step apart share at least six of their seven notes and mix well.
        """
        hours = abs(self._hour() - other._hour())
        return min(hours, 12 - hours) + (self.mode is not other.mode)

    def _note(self) -> str:
        return (_MAJOR_NAMES if self.mode is Mode.MAJOR else _MINOR_NAMES)[self.tonic]

    def _hour(self) -> int:
        # C major is 8B, and each fifth (7 semitones) is one hour further.
        major = self.tonic if self.mode is Mode.MAJOR else (self.tonic + 3) % 12
        return (7 * major + 7) % 12 + 1


def parse_key(text: str) -> Key:
    """Read a key as tags and people write it.

    Parameters
    ----------
    text
        ``"Am"``, ``"A minor"``, ``"Bbm"``, ``"F#maj"``, ``"C sharp minor"``, Camelot (``"8A"``),
        or Open Key (``"1m"``, ``"1d"``). A small first letter is taken like a capital one.

    Raises
    ------
    UsageError
        It is none of these.
    """
    plain = text.strip()
    if found := _CAMELOT.fullmatch(plain):
        return _on_the_wheel(int(found[1]), minor=found[2] in "Aa")
    if found := _OPEN_KEY.fullmatch(plain):
        # Open Key counts from C major where Camelot counts from B major: 1d is 8B.
        return _on_the_wheel((int(found[1]) + 6) % 12 + 1, minor=found[2] == "m")
    if found := _NAMED.fullmatch(plain):
        word = found[3]
        mode = _MODES.get(word, _MODES.get(word.lower()))
        if mode is not None:
            accidental = (found[2] or "").strip(" -").replace("sharp", "#").replace("flat", "b")
            step = _ACCIDENTALS.get(accidental, 0)
            return Key((_NATURALS[found[1].upper()] + step) % 12, mode)
    raise UsageError(
        f"{text!r} is no musical key.", "Write it like Am, F#m, Bb, C minor or, as DJs do, 8A."
    )


def nearest_shift(source: Key, target: Key, *, relatives: bool = True) -> int:
    """Find the smallest transposition that makes one key fit another.

    Parameters
    ----------
    source
        The key of what is transposed.
    target
        The key that it shall fit.
    relatives
        Whether the relative key fits as well, which it does where one is major and the other
        minor: both have the same notes. Without, only tonics are compared.

    Returns
    -------
    int
        Semitones, from -6 to 5: at a tie downwards, which a voice takes better.
    """
    if relatives and source.mode is not target.mode:
        target = target.relative
    return (target.tonic - source.tonic + 6) % 12 - 6


def _on_the_wheel(hour: int, *, minor: bool) -> Key:
    # The inverse of Key._hour: 7 is its own inverse modulo 12.
    major = 7 * (hour - 8) % 12
    return Key((major - 3) % 12, Mode.MINOR) if minor else Key(major, Mode.MAJOR)
