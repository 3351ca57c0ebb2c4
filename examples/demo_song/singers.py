"""The vocal part: a lead, its double and the harmony of the chorus, in one room."""

import numpy as np

from demo_song.arrangement import HARMONY, LENGTH, MELODY
from demo_song.diction import gestures
from demo_song.effects import (
    RATE,
    Sound,
    filtered,
    high_pass,
    levelled,
    panned,
    peak,
    reverberated,
)
from demo_song.voice import sing

LEAD_SIZE, DOUBLE_SIZE, HARMONY_SIZE = 1.05, 1.07, 1.0
"""Factors on the formants: how small each singer's head is."""


def _produced(voice: Sound) -> Sound:
    """The usual treatment of a recorded voice: rumble out, level evened, presence up."""
    even = levelled(filtered(voice, high_pass(110.0, 2)), 0.35, 0.45)
    return filtered(even, peak(4800.0, 4500.0, 2.0))


def vocals(impulse: Sound, rng: np.random.Generator) -> Sound:
    """All voices, stereo (frames, 2), LENGTH s long.

    Parameters
    ----------
    impulse
        Of the room; see `effects.room`.
    rng
        Source of the takes' differences and of the breath noise.
    """
    frames = round(LENGTH * RATE)
    dry = np.zeros((frames, 2))
    for line, size, lag, level, place in (
        (MELODY, LEAD_SIZE, 0.0, 1.0, 0.0),
        (MELODY, DOUBLE_SIZE, 0.013, 0.22, 0.3),
        (HARMONY, HARMONY_SIZE, 0.008, 0.3, -0.3),
    ):
        voice = _produced(sing(gestures(line, LENGTH, lag, rng), size, rng))
        dry += level * panned(voice[:frames], place)
    return reverberated(dry, impulse, 0.16)
