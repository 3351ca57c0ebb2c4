"""Songs with known beats, bars and keys, made by rule: drums, bass, chords and a sung line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.instruments import Sound, hat, kick, play_tone, snare
from core.analysis.keys import Key, Mode

# Steps in eighths of a beat's half: (beat, stroke); "k" bass drum, "s" snare, "h" hat.
_PATTERNS: dict[str, dict[str, tuple[float, ...]]] = {
    "rock": {"k": (0, 2, 2.5), "s": (1, 3), "h": (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)},
    "house": {"k": (0, 1, 2, 3), "s": (1, 3), "h": (0.5, 1.5, 2.5, 3.5)},
    "breakbeat": {
        "k": (0, 1.5, 2.5),
        "s": (1, 2.25, 3),
        "h": (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 3.75),
    },
    "half time": {"k": (0, 1.5), "s": (2,), "h": (0, 1, 2, 3)},
    "swing": {"k": (0, 2), "s": (), "h": (0, 1, 1.5, 2, 3, 3.5)},
    "waltz": {"k": (0,), "s": (), "h": (1, 2)},
    "no drums": {"k": (), "s": (), "h": ()},
}

STYLES = tuple(_PATTERNS)
"""Names of the styles."""

# Degrees of the scale on which the chords of four bars stand.
_PROGRESSIONS = {
    Mode.MAJOR: ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (5, 3, 0, 4), (0, 1, 4, 0)),
    Mode.MINOR: ((0, 5, 2, 6), (0, 3, 4, 0), (0, 6, 5, 6), (0, 3, 6, 2), (0, 5, 3, 4)),
}
_SCALES = {Mode.MAJOR: (0, 2, 4, 5, 7, 9, 11), Mode.MINOR: (0, 2, 3, 5, 7, 8, 10)}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a song shall be.

    Attributes
    ----------
    bpm
        Tempo at the start.
    key
        Its key.
    style
        One of `STYLES`; ``"waltz"`` has three beats in a bar, all others four.
    swing
        Where the second half of a beat begins: 0.5 straight, 0.67 triplets.
    detune
        Cents above A = 440 Hz.
    drift
        Change of tempo from start to end, as a share (0.02: 2 % faster).
    noise
        Level of white noise against the loudest sample, dB.
    seconds
        Length.
    seed
        Of everything that is drawn by lot.
    """

    bpm: float
    key: Key
    style: str
    swing: float = 0.5
    detune: float = 0.0
    drift: float = 0.0
    noise: float = -50.0
    seconds: float = 30.0
    seed: int = 0

    @property
    def beats_per_bar(self) -> int:
        """3 or 4."""
        return 3 if self.style == "waltz" else 4


@dataclass(frozen=True, slots=True)
class MadeSong:
    """A song and the truth about it.

    Attributes
    ----------
    recipe
        What it was made by.
    stems
        Sound of each stem, mono float32 at `rate`.
    rate
        Hz.
    beats, downbeats
        Times in seconds.
    singing
        Start and end of each sung part, seconds.
    """

    recipe: Recipe
    stems: dict[str, Sound]
    rate: int
    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    singing: tuple[tuple[float, float], ...]

    def write(self, folder: Path) -> dict[str, Path]:
        """Write each stem, and the sum as ``mixture``; return the files by name."""
        folder.mkdir(parents=True, exist_ok=True)
        files = {}
        mixture = np.sum(list(self.stems.values()), axis=0)
        for name, sound in {**self.stems, "mixture": mixture}.items():
            files[name] = folder / f"{name}.wav"
            soundfile.write(files[name], sound, self.rate, "FLOAT")
        return files


def make_song(recipe: Recipe, rate: int = 22050) -> MadeSong:
    """Play a recipe."""
    random = np.random.default_rng(recipe.seed)
    grid = _Grid(recipe)
    frames = round(recipe.seconds * rate)
    stems = {name: np.zeros(frames, np.float32) for name in ("vocals", "drums", "bass", "other")}
    _play_drums(stems["drums"], rate, grid, random)
    chords = [_chord(recipe, bar, random) for bar in range(grid.bars + 1)]
    _play_bass(stems["bass"], rate, grid, chords)
    _play_chords(stems["other"], rate, grid, chords, random)
    singing = _sing(stems["vocals"], rate, grid, chords, random)
    loudest = float(np.abs(np.sum(list(stems.values()), axis=0)).max())
    for stem in stems.values():
        stem *= 0.7 / loudest
    level = 0.7 * 10 ** (recipe.noise / 20)
    stems["other"] += (level * random.standard_normal(frames)).astype(np.float32)
    return MadeSong(recipe, stems, rate, grid.beats, grid.downbeats, singing)


def recipes(count: int, *, seconds: float = 30.0, seed: int = 1) -> Iterator[Recipe]:
    """Draw recipes: tempi from 60 to 200 evenly, all styles, keys, tunings, some drift."""
    random = np.random.default_rng(seed)
    tempi = random.permutation(np.linspace(60, 200, count))
    for number in range(count):
        style = STYLES[number % len(STYLES)]
        swung = style == "swing" or random.random() < 0.15
        yield Recipe(
            bpm=round(float(tempi[number]), 1),
            key=Key(int(random.integers(12)), list(Mode)[int(random.integers(2))]),
            style=style,
            swing=0.66 if swung else 0.5,
            detune=float(random.choice([0, 0, random.uniform(-40, 40)])),
            drift=float(random.choice([0, 0, random.uniform(-0.03, 0.03)])),
            noise=float(random.choice([-60, -40, -30])),
            seconds=seconds,
            seed=seed * 1000 + number,
        )


class _Grid:
    """Times of beats, and of places between them."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.per_bar = recipe.beats_per_bar
        times = [0.35]
        while times[-1] < recipe.seconds:
            share = times[-1] / recipe.seconds
            times.append(times[-1] + 60 / (recipe.bpm * (1 + recipe.drift * share)))
        self._times = np.array(times)
        self.beats = tuple(time for time in times if time < recipe.seconds - 0.1)
        self.downbeats = self.beats[:: self.per_bar]
        self.bars = len(times) // self.per_bar

    def at(self, bar: int, beat: float) -> float:
        """Return the time of a place in a bar, swung, seconds; past the end for later ones."""
        whole, part = divmod(bar * self.per_bar + beat, 1)
        swing = self.recipe.swing
        part = part / 0.5 * swing if part <= 0.5 else swing + (part - 0.5) / 0.5 * (1 - swing)
        if whole + 1 >= len(self._times):
            return self.recipe.seconds
        here, there = self._times[int(whole)], self._times[int(whole) + 1]
        return float(here + part * (there - here))


def _add(target: Sound, rate: int, time: float, sound: Sound) -> None:
    start = round(time * rate)
    piece = sound[: max(len(target) - start, 0)]
    target[start : start + len(piece)] += piece


def _play_drums(target: Sound, rate: int, grid: _Grid, random: np.random.Generator) -> None:
    strokes: dict[str, Callable[[], Sound]] = {
        "k": lambda: kick(rate),
        "s": lambda: snare(rate, random),
        "h": lambda: hat(rate, random),
    }
    for bar in range(grid.bars + 1):
        for name, places in _PATTERNS[grid.recipe.style].items():
            for place in places:
                time = grid.at(bar, place) + random.normal(0, 0.003)
                _add(target, rate, max(time, 0), strokes[name]() * random.uniform(0.7, 1.0))


def _chord(recipe: Recipe, bar: int, random: np.random.Generator) -> list[int]:
    """Return semitones above the lowest C of the notes of a bar's chord, the root first."""
    choices = _PROGRESSIONS[recipe.key.mode]
    degrees = choices[recipe.seed % len(choices)]
    root = degrees[bar % len(degrees)]
    scale = _SCALES[recipe.key.mode]
    notes = [scale[(root + step) % 7] for step in (0, 2, 4)]
    if recipe.key.mode is Mode.MINOR and root == 4 and random.random() < 0.7:
        # The major dominant of harmonic minor.
        notes[1] = 11
    return [(recipe.key.tonic + note) % 12 for note in notes]


def _play_bass(target: Sound, rate: int, grid: _Grid, chords: list[list[int]]) -> None:
    walking = grid.recipe.style in ("swing", "house")
    beats = range(grid.per_bar) if walking else (0, grid.per_bar - 2)
    for bar, chord in enumerate(chords):
        for number, beat in enumerate(beats):
            note = chord[(0, 1, 2, 1)[number]] if grid.recipe.style == "swing" else chord[0]
            length = min(60 / grid.recipe.bpm * (1 if walking else 1.8), 1.5)
            tone = play_tone(grid.recipe.detune, rate, 36 + note, length, 0.5, 0.6)
            _add(target, rate, grid.at(bar, beat), 0.5 * tone)


def _play_chords(
    target: Sound,
    rate: int,
    grid: _Grid,
    chords: list[list[int]],
    random: np.random.Generator,
) -> None:
    arpeggio = grid.recipe.style in ("no drums", "half time")
    off_beats = grid.recipe.style == "house"
    for bar, chord in enumerate(chords):
        voiced = [60 + (note + 4) % 12 - 4 for note in chord]
        if arpeggio:
            for step in range(2 * grid.per_bar):
                note = voiced[(0, 1, 2, 1)[step % 4]]
                force = 0.3 if step % 2 == 0 else 0.2
                tone = play_tone(grid.recipe.detune, rate, note, 0.8, 0.6, 0.5)
                _add(target, rate, grid.at(bar, step / 2), force * tone)
        for beat in range(grid.per_bar):
            if arpeggio and beat:
                continue
            place = beat + 0.5 if off_beats else beat
            time = grid.at(bar, place)
            for note in voiced:
                tone = play_tone(grid.recipe.detune, rate, note, 60 / grid.recipe.bpm, 0.6, 0.7)
                _add(target, rate, time + random.uniform(0, 0.012), 0.14 * tone)


def _sing(
    target: Sound,
    rate: int,
    grid: _Grid,
    chords: list[list[int]],
    random: np.random.Generator,
) -> tuple[tuple[float, float], ...]:
    """Sing in two of four bars, gliding a little; return when."""
    parts: list[tuple[float, float]] = []
    scale = {(grid.recipe.key.tonic + step) % 12 for step in _SCALES[grid.recipe.key.mode]}
    pitch = 67
    for bar, chord in enumerate(chords):
        if bar % 4 >= 2:
            continue
        start, end = grid.at(bar, 0), min(grid.at(bar + 1, 0), grid.recipe.seconds)
        if end - start < 0.3:
            continue
        place = 0.0
        while place < grid.per_bar:
            length = float(random.choice([0.5, 1.0, 1.5]))
            wanted = set(chord) if place % 2 == 0 else scale
            near = [pitch + step for step in range(-5, 6) if (pitch + step) % 12 in wanted]
            pitch = int(np.clip(random.choice(near), 60, 76))
            until = min(grid.at(bar, min(place + length, grid.per_bar)), end)
            seconds = until - grid.at(bar, place)
            if seconds > 0.03:
                tone = play_tone(grid.recipe.detune, rate, pitch, seconds, 0.7, 3.0)
                _add(target, rate, grid.at(bar, place), 0.22 * tone)
            place += length
        if parts and start - parts[-1][1] < 0.01:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((start, end))
    return tuple(parts)
