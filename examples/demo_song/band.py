"""The accompaniment: drums, bass, strummed guitar, electric piano and strings."""

import numpy as np

from demo_song.arrangement import (
    BEAT,
    CHORDS,
    CHORUS,
    CRASHES,
    DRUM_BARS,
    ENDING,
    LENGTH,
    VERSE,
    Chord,
)
from demo_song.drums import drum_track
from demo_song.effects import (
    RATE,
    Sound,
    add,
    ceiling,
    filtered,
    high_pass,
    panned,
    reverberated,
    silence,
)
from demo_song.instruments import bass_note, electric_piano, guitar_body, pad, pluck

STRUMS = (
    (0.0, 1.0, 1),
    (1.0, 0.7, 1),
    (1.5, 0.5, -1),
    (2.5, 0.6, -1),
    (3.0, 0.85, 1),
    (3.5, 0.5, -1),
)
"""Beat within the bar, force, direction: 1 down (low strings first), -1 up."""

BASS_VERSE = ((0.0, 1.4, 0), (1.5, 0.4, 0), (2.0, 1.4, 0), (3.5, 0.45, 7))
BASS_CHORUS = tuple((0.5 * step, 0.46, 12 if step == 7 else 0) for step in range(8))
"""Beat within the bar, beats, semitones above the root."""


def chord_at(beat: float) -> Chord:
    """The harmony on that beat of the song."""
    return next(chord for chord in reversed(CHORDS) if chord.beat <= beat + 1e-6)


def _guitar(rng: np.random.Generator) -> Sound:
    strings = silence(LENGTH, 1)[:, 0]
    for bar in range(10):
        for offset, force, direction in STRUMS if bar < 9 else STRUMS[:1]:
            beat = 4 * bar + offset
            notes = chord_at(beat).notes[::direction]
            # An upstroke catches the thin strings only, and the hand damps short strums.
            notes = notes if direction > 0 else notes[:4]
            ring = 3.2 if bar == 9 else 0.9 if force > 0.6 else 0.45
            for place, note in enumerate(notes):
                when = round((beat * BEAT + 0.011 * place + abs(rng.normal(0.0, 0.003))) * RATE)
                sound = 0.22 * force * rng.uniform(0.85, 1.1) * pluck(note, ring, 0.004, rng)
                piece = strings[when : when + len(sound)]
                piece += sound[: len(piece)]
    return guitar_body(strings)


def _bass() -> Sound:
    track = silence(LENGTH)
    for bar in range(10):
        pattern = BASS_CHORUS if CHORUS <= 4 * bar < ENDING else BASS_VERSE
        for offset, beats, interval in pattern:
            beat = 4.0 * bar + offset
            if bar == 9 and offset > 0.0:
                continue
            note = chord_at(beat).root + interval
            # Below E the instrument has no string.
            note += 12 if note < 40 else 0
            length = 3.2 if bar == 9 else beats * BEAT
            add(track, panned(0.5 * bass_note(note - 12, length), 0.0), beat * BEAT)
    return track


def _piano(rng: np.random.Generator) -> Sound:
    track = silence(LENGTH)
    for chord in CHORDS:
        if chord.beat < VERSE:
            continue
        voicing = sorted({note for note in chord.notes if note >= 50})[:4]
        stabs = (0.0, 1.5) if chord.beats > 2.0 and chord.beat < ENDING else (0.0,)
        for stab in stabs:
            seconds = (chord.beats - stab if stab else 1.4) * BEAT if chord.beat < ENDING else 3.0
            for place, note in enumerate(voicing):
                sound = panned(0.12 * electric_piano(note, seconds), 0.45 + 0.05 * place)
                add(track, sound, (chord.beat + stab) * BEAT + abs(rng.normal(0.0, 0.006)))
    return track


def _strings(rng: np.random.Generator) -> Sound:
    track = silence(LENGTH)
    for chord in CHORDS:
        if chord.beat < CHORUS:
            continue
        seconds = chord.beats * BEAT + (0.25 if chord.beat < ENDING else -0.2)
        for note in chord.notes[-3:]:
            add(track, 0.06 * pad(note, seconds, rng), chord.beat * BEAT - 0.1)
    return track


def accompaniment(impulse: Sound, rng: np.random.Generator) -> Sound:
    """All instruments, panned and in their room, stereo (frames, 2), LENGTH s long.

    Parameters
    ----------
    impulse
        Of the room; see `effects.room`.
    rng
        Source of the noises and of the players' small unevenness.
    """
    drums = drum_track(DRUM_BARS, CRASHES, BEAT, LENGTH, rng)
    guitar = panned(_guitar(rng), -0.5)
    backing = guitar + _piano(rng) + _strings(rng)
    dry = 0.9 * drums + filtered(backing, high_pass(80.0))
    mixed = reverberated(dry, impulse, 0.12) + _bass()
    # As from a cassette: hardly audible, and what is not there need not be stored.
    return filtered(mixed, ceiling(13_000.0))
