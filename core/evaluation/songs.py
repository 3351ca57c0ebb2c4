"""Songs whose true stems are known: a folder each, one file per stem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio.decode import open_audio
from core.audio.filenames import display_name
from core.audio.waveform import Samples
from core.errors import AudioError, UsageError

MIXTURE = "mixture"
VOCALS = "vocals"
SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aiff", ".aif"})

LAYOUT = """One folder per song, in it one file per stem (flac, wav, ogg, mp3 or m4a):

  DIR/Some Song/mixture.flac         may be missing where the stems are complete
  DIR/Some Song/vocals.flac          a song without it counts as instrumental
  DIR/Some Song/accompaniment.flac   may be missing: the mixture less the vocals, or the sum of
  DIR/Some Song/drums.flac           the other stems, takes its place
  DIR/Some Song/bass.flac
  DIR/Some Song/other.flac"""

# A stem this far under its song is dither or hiss of an empty track: a ratio to it says nothing.
SILENCE_DB = -60.0
# True stems that leave more than this of the song unexplained were mastered apart from it.
MISMATCH_DB = -40.0
_READ_FRAMES = 1 << 18
_LENGTHS_DIFFER_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class SongFolder:
    """A song that was found.

    Attributes
    ----------
    name
        Of the folder.
    files
        Name (stem, or "mixture") -> audio file.
    """

    name: str
    files: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class TrueSong:
    """A song in memory with its true stems.

    Attributes
    ----------
    name
        Of the song's folder.
    rate
        Of all samples, Hz.
    mixture
        Shape (frames, channels), float32.
    stems
        Stem name -> samples of the mixture's shape. Stems that are silent are zeros; stems that
        nobody knows are missing.
    notes
        Sentences for the user: what was summed, subtracted, or cut.
    """

    name: str
    rate: int
    mixture: Samples
    stems: Mapping[str, Samples]
    notes: tuple[str, ...]


def find_songs(folder: Path) -> list[SongFolder]:
    """Find the songs with true stems in a folder, sorted by name.

    A folder counts when it holds at least one stem beside a mixture, or two stems.

    Raises
    ------
    UsageError
        There is none; the detail shows the expected layout.
    """
    try:
        children = sorted(child for child in folder.iterdir() if child.is_dir())
        found = [SongFolder(child.name, _audio_files(child)) for child in children]
    except OSError as exc:
        raise UsageError(
            f"The folder {display_name(folder)} cannot be read ({exc.strerror}).", LAYOUT
        ) from exc
    songs = [song for song in found if len(song.files) >= 2]
    if not songs:
        raise UsageError(f"There are no songs with true stems in {display_name(folder)}.", LAYOUT)
    return songs


def load_song(song: SongFolder, stems: Sequence[str], residual: str) -> TrueSong:
    """Read a song and put together the true stems of a model.

    Parameters
    ----------
    song
        From `find_songs`.
    stems
        Names of the model's stems.
    residual
        The one of them that stands for whatever the others are not.

    Raises
    ------
    AudioError
        A file cannot be read, the sampling rates differ, or no mixture can be made.
    """
    notes: list[str] = []
    others = [stem for stem in stems if stem != residual]
    parts = [name for name in song.files if name not in (MIXTURE, residual, *others)]
    if MIXTURE in song.files or residual in song.files:
        parts = []
    rate, sounds = _read_all(song, [MIXTURE, residual, *others, *parts], notes)
    if VOCALS in others and VOCALS not in sounds:
        notes.append("no vocals file: counted as instrumental")
        sounds[VOCALS] = np.zeros_like(next(iter(sounds.values())))
    complete = all(stem in sounds for stem in others)
    rest = sounds.get(residual)
    if parts:
        notes.append(f"{residual} is the sum of {', '.join(parts)}")
        rest = _sum([sounds[part] for part in parts])
    mixture = sounds.get(MIXTURE)
    if mixture is None:
        if rest is None or not complete:
            raise AudioError(
                f"The song {song.name} has no mixture, and its stems are not complete.", LAYOUT
            )
        notes.append("mixture is the sum of the stems")
        mixture = _sum([*(sounds[stem] for stem in others), rest])
    elif rest is None and complete:
        notes.append(f"{residual} is the mixture less {', '.join(others)}")
        rest = mixture - _sum([sounds[stem] for stem in others])
    elif rest is not None and complete:
        unexplained = mixture - _sum([*(sounds[stem] for stem in others), rest])
        if (gap := _level(unexplained, mixture)) > MISMATCH_DB:
            notes.append(f"the stems miss the mixture by {gap:.0f} dB: scores have a ceiling")
    truths = {stem: sounds[stem] for stem in others if stem in sounds}
    if rest is not None:
        truths[residual] = rest
    for stem, truth in truths.items():
        if truth.any() and _level(truth, mixture) < SILENCE_DB:
            notes.append(f"{stem} is all but silent: not scored")
            truths[stem] = np.zeros_like(truth)
    return TrueSong(song.name, rate, mixture, truths, tuple(notes))


def _audio_files(folder: Path) -> dict[str, Path]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return {path.stem.lower(): path for path in paths if path.is_file()}


def _read_all(
    song: SongFolder, wanted: Sequence[str], notes: list[str]
) -> tuple[int, dict[str, Samples]]:
    """Read the wanted files; cut all to the shortest, give all as many channels as the widest."""
    rates: dict[str, int] = {}
    sounds: dict[str, Samples] = {}
    for name in wanted:
        if name in song.files:
            rates[name], sounds[name] = _read(song.files[name])
    if not sounds:
        raise AudioError(f"The song {song.name} has none of the files that are needed.", LAYOUT)
    if len(set(rates.values())) > 1:
        described = ", ".join(f"{name} {rate} Hz" for name, rate in rates.items())
        raise AudioError(
            f"The files of the song {song.name} have different sampling rates.",
            f"Convert them to one rate: {described}.",
        )
    rate = next(iter(rates.values()))
    lengths = [len(samples) for samples in sounds.values()]
    shortest = min(lengths)
    if max(lengths) - shortest > _LENGTHS_DIFFER_SECONDS * rate:
        notes.append(f"files differ in length: only the first {shortest / rate:.1f} s are used")
    channels = max(samples.shape[1] for samples in sounds.values())
    return rate, {
        name: np.ascontiguousarray(np.broadcast_to(samples[:shortest], (shortest, channels)))
        for name, samples in sounds.items()
    }


def _read(path: Path) -> tuple[int, Samples]:
    with open_audio(path) as reader:
        blocks = []
        while len(block := reader.read(_READ_FRAMES)):
            blocks.append(block)
        return reader.rate, np.concatenate(blocks)


def _sum(sounds: Sequence[Samples]) -> Samples:
    total = np.zeros_like(sounds[0])
    for samples in sounds:
        total += samples
    return total


def _level(samples: Samples, reference: Samples) -> float:
    """Return the energy of samples in dB of a reference's."""
    energy = float(np.mean(np.square(samples, dtype=np.float64)))
    whole = float(np.mean(np.square(reference, dtype=np.float64)))
    if energy == 0.0 or whole == 0.0:
        return float("-inf")
    return 10.0 * float(np.log10(energy / whole))
