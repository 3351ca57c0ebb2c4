"""The speech sounds that the singer knows.

Vowel formants follow G. E. Peterson, H. L. Barney: "Control methods used in a study of the
vowels", JASA 24 (1952), rounded and moved a little for singing; consonant targets follow the
kind of table given by D. H. Klatt: "Software for a cascade/parallel formant synthesizer",
JASA 67 (1980). Names are ARPAbet; a name in lower case is a part of a sound.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phoneme:
    """What the mouth does while one sound lasts.

    Attributes
    ----------
    formants
        The first three resonances in Hz.
    voice
        Level of the vocal folds, linear, 1 for a vowel.
    breath
        Level of noise made at the folds and shaped by the formants, linear.
    hiss, hiss_centre, hiss_width
        Level (linear), centre and half-width (Hz) of noise made at the teeth or lips.
    nasal_zero
        The notch in Hz that the closed mouth makes while the nose is open; 270 cancels the
        nose's own resonance, as in sounds without the nose.
    seconds
        Length of a consonant; of no meaning for vowels, which last as long as their note.
    """

    formants: tuple[float, float, float]
    voice: float = 1.0
    breath: float = 0.0
    hiss: float = 0.0
    hiss_centre: float = 5000.0
    hiss_width: float = 1500.0
    nasal_zero: float = 270.0
    seconds: float = 0.06


REST = Phoneme((500.0, 1500.0, 2500.0), voice=0.0)
INHALE = Phoneme((650.0, 1500.0, 2500.0), voice=0.0, breath=0.28, seconds=0.28)


VOWELS: dict[str, tuple[Phoneme, ...]] = {
    # A diphthong lists where the mouth starts and where it ends.
    "AA": (Phoneme((730.0, 1120.0, 2500.0)),),
    "AE": (Phoneme((680.0, 1700.0, 2450.0)),),
    "AH": (Phoneme((620.0, 1220.0, 2450.0)),),
    "AO": (Phoneme((580.0, 880.0, 2450.0)),),
    "EH": (Phoneme((550.0, 1800.0, 2500.0)),),
    "ER": (Phoneme((490.0, 1350.0, 1750.0)),),
    "IH": (Phoneme((400.0, 1950.0, 2580.0)),),
    "IY": (Phoneme((300.0, 2200.0, 2850.0)),),
    "UW": (Phoneme((330.0, 950.0, 2300.0)),),
    "AW": (Phoneme((720.0, 1250.0, 2480.0)), Phoneme((430.0, 950.0, 2350.0))),
    "AY": (Phoneme((720.0, 1220.0, 2500.0)), Phoneme((400.0, 1950.0, 2600.0))),
    "EY": (Phoneme((500.0, 1850.0, 2520.0)), Phoneme((340.0, 2180.0, 2750.0))),
    "OW": (Phoneme((530.0, 950.0, 2420.0)), Phoneme((380.0, 860.0, 2350.0))),
}

CONSONANTS: dict[str, tuple[Phoneme, ...]] = {
    "L": (Phoneme((350.0, 1050.0, 2750.0), 0.6, seconds=0.075),),
    "R": (Phoneme((340.0, 1100.0, 1550.0), 0.6, seconds=0.08),),
    "W": (Phoneme((300.0, 640.0, 2200.0), 0.5, seconds=0.08),),
    "M": (Phoneme((280.0, 1000.0, 2200.0), 0.5, nasal_zero=1000.0, seconds=0.08),),
    "N": (Phoneme((280.0, 1450.0, 2500.0), 0.5, nasal_zero=600.0, seconds=0.07),),
    # Columns from the third on: breath, hiss, its centre, its half-width.
    "DH": (Phoneme((300.0, 1350.0, 2600.0), 0.35, 0.0, 0.05, 6000.0, 3000.0, seconds=0.05),),
    "V": (Phoneme((300.0, 1050.0, 2250.0), 0.4, 0.0, 0.06, 6500.0, 3500.0, seconds=0.06),),
    "Z": (Phoneme((300.0, 1500.0, 2500.0), 0.3, 0.0, 0.2, 6800.0, 1600.0, seconds=0.09),),
    "S": (Phoneme((330.0, 1500.0, 2550.0), 0.0, 0.0, 0.36, 7000.0, 1700.0, seconds=0.13),),
    "F": (Phoneme((340.0, 1100.0, 2250.0), 0.0, 0.1, 0.16, 6500.0, 4000.0, seconds=0.11),),
    "HH": (Phoneme((500.0, 1400.0, 2400.0), 0.0, 0.8, seconds=0.08),),
    # Stops: the mouth shuts, then the pent-up air bursts out.
    "P": (
        Phoneme((250.0, 900.0, 2200.0), 0.0, seconds=0.07),
        Phoneme((400.0, 1000.0, 2250.0), 0.0, 0.7, 0.25, 900.0, 700.0, seconds=0.045),
    ),
    "T": (
        Phoneme((250.0, 1750.0, 2600.0), 0.0, seconds=0.06),
        Phoneme((400.0, 1750.0, 2600.0), 0.0, 0.5, 0.45, 4600.0, 1800.0, seconds=0.045),
    ),
    "K": (
        Phoneme((250.0, 1900.0, 2300.0), 0.0, seconds=0.07),
        Phoneme((400.0, 1850.0, 2350.0), 0.0, 0.6, 0.4, 2000.0, 700.0, seconds=0.055),
    ),
}
