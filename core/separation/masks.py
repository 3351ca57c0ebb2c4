"""From a network's raw estimates to masks that share the mix out among the stems."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

# Keeps the ratio defined where every estimate is zero: silence is shared out evenly.
EPSILON = 1e-10


class MaskExtension(StrEnum):
    """What happens above the highest bin that the network sees."""

    ZEROS = "zeros"
    """Nothing is kept (the reference's default: stems end at 11 kHz)."""

    AVERAGE = "average"
    """Every frame goes on with its mean mask, as the reference's option of this name does."""

    EDGE = "edge"
    """Every frame goes on with the mean mask of the network's upper bins."""


def ratio_masks(
    estimates: NDArray[np.float32], exponent: float, out: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Turn magnitude estimates into ratio masks.

    The generalised Wiener mask of Liutkus and Badeau (2015): estimate^p over the sum of all
    estimates^p, with p = 2 in Spleeter.

    Parameters
    ----------
    estimates
        Shape (stems, ...), float32, non-negative magnitudes. Overwritten.
    exponent
        p. 2 separates harder, 1 leaves more bleed and fewer artefacts.
    out
        Shape (stems, ...), float32: receives the masks, 0 to 1, which add up to 1 over stems.
    """
    power = _power(estimates, exponent)
    power += EPSILON / len(power)
    total = power[0].copy()
    for stem in power[1:]:
        total += stem
    np.divide(power, total, out=out)
    return out


def _power(values: NDArray[np.float32], exponent: float) -> NDArray[np.float32]:
    # Squares and square roots run at memory speed; a general power costs ten times as much.
    if exponent == 2.0:
        return np.square(values, out=values)
    if exponent == 1.5:
        return np.multiply(values, np.sqrt(values), out=values)
    if exponent == 1.0:
        return values
    return np.power(values, np.float32(exponent), out=values)


def upper_mask(
    masks: NDArray[np.float32], extension: MaskExtension, bins: int
) -> NDArray[np.float32] | None:
    """Return the mask for the bins above the network's, constant over those bins.

    Parameters
    ----------
    masks
        Shape (..., bins), float32.
    extension
        How to extend.
    bins
        How many of the network's upper bins `EDGE` averages.

    Returns
    -------
    numpy.ndarray or None
        Shape (..., 1), float32; None when nothing is kept there.
    """
    if extension is MaskExtension.ZEROS:
        return None
    source = masks if extension is MaskExtension.AVERAGE else masks[..., -bins:]
    mean: NDArray[np.float32] = source.mean(axis=-1, keepdims=True, dtype=np.float32)
    return mean
