"""From float samples to whole numbers.

Values are rounded to the nearest step, without dither. Dither would make two runs differ and add
its noise once per stem; with plain rounding every stem is within half a step of its true
value, so that stems add up to the mix within one step, and silence stays silence. The
reference implementation rounds plainly too, so its files can be compared with ours.

libsndfile's own conversion is not used: it scales by 2^23 - 1 and cuts the lower bits off, a bias
of half a step that adds up over the stems.
"""

import numpy as np
from numpy.typing import NDArray

from core.audio.waveform import Samples


def quantize(samples: Samples, bits: int) -> NDArray[np.int32]:
    """Round samples to `bits` bits; what exceeds full scale is clipped.

    Parameters
    ----------
    samples
        Any shape, float32, full scale -1 to 1, finite.
    bits
        16 or 24.

    Returns
    -------
    NDArray[np.int32]
        Same shape, from -2^(bits-1) to 2^(bits-1) - 1. A reader that divides by 2^(bits-1), as
        all common ones do, gets the samples back within 2^-bits.
    """
    # float32 holds every whole number up to 2^24, so that nothing is lost on the way.
    scale = np.float32(2 ** (bits - 1))
    steps = np.rint(samples * scale)
    clipped: NDArray[np.int32] = np.clip(steps, -scale, scale - 1, out=steps).astype(np.int32)
    return clipped
