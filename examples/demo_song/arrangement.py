"""Paper Lanterns: what is played and sung, as data.

G major, 4/4, ten bars: an introduction, a verse (G Em C D), a chorus (C G Em C-D) and a last chord.
Times are in beats from the first note of the song; pitches are MIDI note numbers (60 is middle C).
"""

from dataclasses import dataclass, replace

TITLE = "Paper Lanterns"
ARTIST = "minusone"
TEMPO = 108.0
"""Beats per minute."""
BEAT = 60.0 / TEMPO
"""Seconds per beat."""
LENGTH = 22.8
"""Seconds, the fading last chord included."""
SEED = 20_260
"""Of every random choice in the song."""

VERSE, CHORUS, ENDING = 4.0, 20.0, 36.0
"""First beats of the sections."""


@dataclass(frozen=True, slots=True)
class Chord:
    """One harmony, from `beat` on for `beats`: a bass note and the notes a guitar would finger."""

    beat: float
    beats: float
    root: int
    notes: tuple[int, ...]


G = (43, (43, 47, 50, 55, 59, 67))
EM = (40, (40, 47, 52, 55, 59, 64))
C = (36, (48, 52, 55, 60, 64))
D = (38, (50, 57, 62, 66))

CHORDS = tuple(
    Chord(beat, beats, root, notes)
    for beat, beats, (root, notes) in (
        (0.0, 2.0, G),
        (2.0, 2.0, D),
        (4.0, 4.0, G),
        (8.0, 4.0, EM),
        (12.0, 4.0, C),
        (16.0, 4.0, D),
        (20.0, 4.0, C),
        (24.0, 4.0, G),
        (28.0, 4.0, EM),
        (32.0, 2.0, C),
        (34.0, 2.0, D),
        (36.0, 4.0, G),
    )
)


@dataclass(frozen=True, slots=True)
class Syllable:
    """One sung syllable.

    Attributes
    ----------
    beat, beats
        Where its vowel begins and how long it lasts.
    pitches
        MIDI notes; several are sung one after the other, in equal parts, on the same vowel.
    sounds
        ARPAbet names: consonants, one vowel, consonants.
    level
        Loudness, linear, about 0.6 (soft) to 1.1 (full voice).
    """

    beat: float
    beats: float
    pitches: tuple[int, ...]
    sounds: str
    level: float = 1.0


LYRICS = """Paper lanterns on the water,
carry all I meant to say.
Let them float, float away,
over rivers out to sea;
all the lights come home to me."""

VERSE_LINES = (
    Syllable(4.0, 0.5, (59,), "P EY", 0.8),
    Syllable(4.5, 0.5, (59,), "P ER", 0.75),
    Syllable(5.0, 0.75, (62,), "L AE N", 0.9),
    Syllable(5.75, 0.75, (59,), "T ER N Z", 0.8),
    Syllable(6.5, 0.5, (57,), "AA N", 0.75),
    Syllable(7.0, 0.5, (55,), "DH AH", 0.75),
    Syllable(7.5, 1.5, (64,), "W AO", 1.0),
    Syllable(9.0, 1.75, (62,), "T ER", 0.85),
    Syllable(11.5, 0.5, (60,), "K EH", 0.8),
    Syllable(12.0, 0.5, (60,), "R IY", 0.8),
    Syllable(12.5, 1.0, (64,), "AO L", 0.95),
    Syllable(13.5, 0.5, (62,), "AY", 0.85),
    Syllable(14.0, 0.75, (60,), "M EH N T", 0.85),
    Syllable(14.75, 0.75, (59,), "T UW", 0.8),
    Syllable(15.5, 2.75, (57, 59, 57), "S EY", 0.9),
)

CHORUS_LINES = (
    Syllable(19.0, 0.5, (62,), "L EH T", 0.85),
    Syllable(19.5, 0.5, (64,), "DH EH M", 0.9),
    Syllable(20.0, 1.5, (67,), "F L OW T", 1.1),
    Syllable(21.5, 1.0, (64,), "F L OW T", 1.0),
    Syllable(22.5, 0.75, (62,), "AH", 0.9),
    Syllable(23.25, 2.25, (66, 67, 67), "W EY", 1.1),
    Syllable(26.5, 0.5, (62,), "OW", 0.9),
    Syllable(27.0, 0.5, (64,), "V ER", 0.95),
    Syllable(27.5, 1.0, (67,), "R IH", 1.1),
    Syllable(28.5, 0.5, (66,), "V ER Z", 1.0),
    Syllable(29.0, 1.0, (64,), "AW T", 1.0),
    Syllable(30.0, 0.5, (62,), "T UW", 0.9),
    Syllable(30.5, 1.5, (64,), "S IY", 1.05),
    Syllable(32.5, 0.5, (64,), "AO L", 0.95),
    Syllable(33.0, 0.5, (62,), "DH AH", 0.9),
    Syllable(33.5, 1.0, (67,), "L AY T S", 1.1),
    Syllable(34.5, 0.5, (66,), "K AH M", 1.05),
    Syllable(35.0, 0.5, (64,), "HH OW M", 1.0),
    Syllable(35.5, 0.5, (66,), "T UW", 1.0),
    Syllable(36.0, 3.0, (67,), "M IY", 1.1),
)

MELODY = VERSE_LINES + CHORUS_LINES

_THIRD_BELOW = {62: 59, 64: 60, 66: 62, 67: 64}
_ON_A_G_CHORD = {23.25: (62, 62, 62), 36.0: (59,)}
"""By beat: there a third below would leave the chord."""

HARMONY = tuple(
    replace(
        sung,
        pitches=_ON_A_G_CHORD.get(sung.beat, tuple(_THIRD_BELOW[pitch] for pitch in sung.pitches)),
    )
    for sung in CHORUS_LINES
)
"""The second voice of the chorus."""

DRUM_BARS = (
    # One string per bar and drum, a character per sixteenth: x loud, o soft, . nothing.
    # kick                snare               hat                 tom
    ("x.......x.......", "............oxxx", "x.o.x.o.x.o.x...", "............x.xx"),
    ("x.......x.x.....", "....x.......x...", "x.o.x.o.x.o.x.o.", "................"),
    ("x.....o.x.......", "....x.......x..o", "x.o.x.o.x.o.x.o.", "................"),
    ("x.......x.x.....", "....x.......x...", "x.o.x.o.x.o.x.o.", "................"),
    ("x.....o.x.......", "....x...o.xx.xxx", "x.o.x.o.x.......", "..........x.x.x."),
    ("x.....x.x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x.", "................"),
    ("x.....x.x.....x.", "....x.......x..o", "x.x.x.x.x.x.x.x.", "................"),
    ("x.....x.x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x.", "................"),
    ("x.....x.x.......", "....x...x.xxxxxx", "x.x.x.x.x.......", "..........xxxxxx"),
    ("x...............", "................", "................", "................"),
)
CRASHES = (CHORUS, ENDING)
"""Beats on which the crash cymbal is hit."""
