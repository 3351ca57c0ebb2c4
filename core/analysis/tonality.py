"""The key of a song, from how much each pitch class sounds in it.

The distribution is compared with that of pieces in each of the 24 keys (correlation): C.
Krumhansl, "Cognitive Foundations of Musical Pitch", 1990.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.keys import Key, Mode

# How well each note fits a key, from its tonic on: D. Temperley, "What's Key for Key? The
# Krumhansl-Schmuckler Key-Finding Algorithm Reconsidered", Music Perception 17(1), 1999. On made
# songs it takes a fifth for the tonic less often than the profiles of Krumhansl and Kessler
# (1982), Albrecht and Shanahan (2013), Sha'ath (2011) and Faraldo (2016).
_PROFILES = {
    Mode.MAJOR: (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
    Mode.MINOR: (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0),
}

# Pitch classes whose amounts differ less than this (spread against mean) are noise.
_FLAT = 0.1

# A lead over the best key that does not go with it by this much correlation is all that can be had.
_CLEAR = 0.4


@dataclass(frozen=True, slots=True)
class Tonality:
    """A key and how sure it is, 0 to 1."""

    key: Key
    confidence: float


def find_key(chroma: NDArray[np.float32]) -> Tonality | None:
    """Tell the key.

    Parameters
    ----------
    chroma
        Shape (frames, 12), as `ChromaMeter` measures.

    Returns
    -------
    Tonality or None
        None where nothing sounds, or all pitch classes alike.
    """
    total = chroma.sum(axis=0, dtype=np.float64)
    if not total.any() or total.std() < _FLAT * total.mean():
        return None
    fits = {
        Key(tonic, mode): float(np.corrcoef(np.roll(one, tonic), total)[0, 1])
        for mode, one in _PROFILES.items()
        for tonic in range(12)
    }
    best = max(fits, key=lambda key: fits[key])
    # Its fifths and its relative share six or all notes with it and are often nearly as good.
    rival = max(fit for key, fit in fits.items() if key.distance(best) > 1)
    confidence = max(fits[best], 0.0) * min((fits[best] - rival) / _CLEAR, 1.0)
    return Tonality(best, confidence)
