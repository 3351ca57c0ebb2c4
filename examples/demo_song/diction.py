"""From notes and words to the movements of a singer's mouth and voice.

A score of syllables becomes one value per control frame (`HOP` samples) of every quantity that
`voice` needs. Targets jump from sound to sound; the mouth cannot, so the jumps are smoothed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demo_song.arrangement import BEAT, Syllable
from demo_song.effects import RATE, Real
from demo_song.phonemes import CONSONANTS, INHALE, REST, VOWELS, Phoneme

HOP = 64
"""Samples per control frame (1.45 ms)."""

BREATH_PAUSE = 0.3
"""A silence between syllables of at least this many s is a place to breathe in."""


@dataclass(frozen=True, slots=True)
class Gestures:
    """What the singer does, per control frame.

    Attributes
    ----------
    pitch
        Hz, shape (n,).
    formants
        Hz, shape (n, 3).
    nasal_zero, hiss_centre, hiss_width
        Hz, shape (n,).
    voice, breath, hiss
        Linear levels, shape (n,).
    """

    pitch: Real
    formants: Real
    nasal_zero: Real
    voice: Real
    breath: Real
    hiss: Real
    hiss_centre: Real
    hiss_width: Real


@dataclass(frozen=True, slots=True)
class Spoken:
    """A phoneme in time: from `start` s until the next one, at a linear level."""

    start: float
    phoneme: Phoneme
    level: float


def smoothed(values: Real, seconds: float) -> Real:
    """`values` (n,) or (n, k) under a moving Hann window of that length; edges are held."""
    half = max(1, round(seconds * RATE / HOP / 2))
    window = np.hanning(2 * half + 1)
    window /= window.sum()
    columns = values.reshape(len(values), -1)
    held = np.pad(columns, ((half, half), (0, 0)), mode="edge")
    moved = [np.convolve(column, window, mode="valid") for column in held.T]
    return np.stack(moved, axis=1).reshape(values.shape)


def _wander(rng: np.random.Generator, count: int, seconds: float, deviation: float) -> Real:
    """Noise (count,) that changes within about `seconds`, of that standard deviation."""
    noise = smoothed(rng.standard_normal(count), seconds)
    wandering: Real = noise * (deviation / noise.std())
    return wandering


def _split(sounds: str) -> tuple[list[Phoneme], tuple[Phoneme, ...], list[Phoneme]]:
    names = sounds.split()
    nucleus = next(place for place, name in enumerate(names) if name in VOWELS)
    onset = [part for name in names[:nucleus] for part in CONSONANTS[name]]
    coda = [part for name in names[nucleus + 1 :] for part in CONSONANTS[name]]
    return onset, VOWELS[names[nucleus]], coda


def spoken(line: Sequence[Syllable], lag: float) -> list[Spoken]:
    """The sounds of a line in time, every vowel on its note plus `lag` s, with breaths between.

    Onset consonants come before the note and shorten the vowel before, as singers do.
    """
    sequence = [Spoken(0.0, REST, 1.0)]
    free_from = 0.0
    for place, syllable in enumerate(line):
        onset, vowel, coda = _split(syllable.sounds)
        note = syllable.beat * BEAT + lag
        start = note - sum(part.seconds for part in onset)
        if start - free_from > BREATH_PAUSE:
            sequence.append(Spoken(start - INHALE.seconds - 0.03, INHALE, syllable.level))
            sequence.append(Spoken(start - 0.03, REST, 1.0))
        for part in onset:
            sequence.append(Spoken(start, part, syllable.level))
            start += part.seconds
        end = note + syllable.beats * BEAT
        if place + 1 < len(line):
            following = line[place + 1]
            next_onset = sum(part.seconds for part in _split(following.sounds)[0])
            end = min(end, following.beat * BEAT + lag - next_onset)
        close = end - sum(part.seconds for part in coda)
        sequence.append(Spoken(note, vowel[0], syllable.level))
        if len(vowel) == 2:
            # A singer stays on the first vowel of a diphthong and leaves it late.
            turn = max(note + 0.55 * (close - note), close - 0.22)
            sequence.append(Spoken(turn, vowel[1], syllable.level))
        for part in coda:
            sequence.append(Spoken(close, part, syllable.level))
            close += part.seconds
        sequence.append(Spoken(end, REST, 1.0))
        free_from = end
    return sequence


def _pitch(line: Sequence[Syllable], time: Real, lag: float, rng: np.random.Generator) -> Real:
    """Fundamental in Hz: glides between notes, scoops, vibrato on long ones, and unsteadiness.

    Computed in semitones; the drift's standard deviation is 12 cents, the jitter's 6.
    """
    semitones = np.full(len(time), float(line[0].pitches[0]))
    vibrato = np.zeros(len(time))
    scoop = np.zeros(len(time))
    free_from = 0.0
    for syllable in line:
        start = syllable.beat * BEAT + lag
        part = syllable.beats * BEAT / len(syllable.pitches)
        for place, pitch in enumerate(syllable.pitches):
            semitones[time >= start + place * part - 0.04] = pitch
        end = start + syllable.beats * BEAT
        since = time - start
        depth = 0.33 * np.clip((since - 0.25) / 0.45, 0.0, 1.0) * (time < end)
        vibrato = np.where((since > 0.0), depth, vibrato)
        if start - free_from > BREATH_PAUSE:
            near = (since > -0.2) & (since < 0.6)
            scoop -= near * 1.1 * np.exp(-np.maximum(since + 0.08, 0.0) / 0.06)
        free_from = end
    count = len(time)
    rate = 5.5 + _wander(rng, count, 0.4, 0.3)
    phase = 2.0 * np.pi * np.cumsum(rate) * HOP / RATE + rng.uniform(0.0, 2.0 * np.pi)
    drift = _wander(rng, count, 0.35, 0.12)
    jitter = _wander(rng, count, 0.012, 0.06)
    curve = smoothed(semitones, 0.1) + smoothed(scoop, 0.05)
    curve += smoothed(vibrato, 0.1) * np.sin(phase) + drift + jitter
    hertz: Real = 440.0 * 2.0 ** ((curve - 69.0) / 12.0)
    return hertz


def gestures(
    line: Sequence[Syllable], seconds: float, lag: float, rng: np.random.Generator
) -> Gestures:
    """How a singer performs a line within a song of that many `seconds`.

    Parameters
    ----------
    line
        Syllables in order of time, not overlapping.
    lag
        By how many s the singer is late (negative: early).
    rng
        Source of the take's unsteadiness: another state is another take.
    """
    time = np.arange(round(seconds * RATE / HOP) + 1) * HOP / RATE
    sequence = spoken(line, lag)
    starts = np.array([item.start for item in sequence])
    place = np.searchsorted(starts, time, side="right") - 1

    def track(values: list[float], smoothing: float) -> Real:
        return smoothed(np.array(values)[place], smoothing)

    mouths = [item.phoneme for item in sequence]
    # In a rest the mouth waits in the shape of the sound that follows.
    for index in range(len(mouths) - 2, -1, -1):
        if mouths[index] is REST:
            waiting = mouths[index + 1]
            mouths[index] = Phoneme(waiting.formants, 0.0, nasal_zero=waiting.nasal_zero)
    shimmer = 1.0 + _wander(rng, len(time), 0.02, 0.05)
    levels = [item.level for item in sequence]
    pitch = _pitch(line, time, lag, rng)
    formants = smoothed(np.array([mouth.formants for mouth in mouths])[place], 0.07)
    # Singers open the jaw rather than let the pitch pass the first formant: J. Sundberg,
    # "Formant technique in a professional female singer", Acustica 32 (1975).
    formants[:, 0] = np.maximum(formants[:, 0], pitch)
    return Gestures(
        pitch=pitch,
        formants=formants,
        nasal_zero=track([mouth.nasal_zero for mouth in mouths], 0.04),
        voice=shimmer * track([m.voice * v for m, v in zip(mouths, levels, strict=True)], 0.05),
        breath=track([m.breath * v for m, v in zip(mouths, levels, strict=True)], 0.02),
        hiss=track([m.hiss * v for m, v in zip(mouths, levels, strict=True)], 0.016),
        hiss_centre=track([mouth.hiss_centre for mouth in mouths], 0.01),
        hiss_width=track([mouth.hiss_width for mouth in mouths], 0.01),
    )
