"""From many channels to stereo.

The weights are those of ITU-R BS.775 (two-channel downmix of 3/2 surround): front left and
right at 1, centre and surrounds at -3 dB; a single back centre goes to both sides at -6 dB, which
is -3 dB twice. The low-frequency channel is left out, as BS.775 does. The matrix is
then scaled so that no sum of full-scale channels exceeds full scale.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

_HALF_POWER = sqrt(0.5)

# Speaker -> weight in (left, right).
_WEIGHTS: Mapping[str, tuple[float, float]] = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (_HALF_POWER, _HALF_POWER),
    "LFE": (0.0, 0.0),
    "BL": (_HALF_POWER, 0.0),
    "BR": (0.0, _HALF_POWER),
    "SL": (_HALF_POWER, 0.0),
    "SR": (0.0, _HALF_POWER),
    "BC": (0.5, 0.5),
    "FLC": (1.0, 0.0),
    "FRC": (0.0, 1.0),
}

# Orders that a format prescribes by the channel count alone (3 to 8 channels).
# WAV and FLAC: the order of the bits of dwChannelMask, with FLAC's choice of speakers (RFC 9639).
WAVE_LAYOUTS: Mapping[int, tuple[str, ...]] = {
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
# Ogg Vorbis (Vorbis I specification, 4.3.9) and Opus mapping family 1 (RFC 7845, 5.1.1.2).
VORBIS_LAYOUTS: Mapping[int, tuple[str, ...]] = {
    3: ("FL", "FC", "FR"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FC", "FR", "BL", "BR"),
    6: ("FL", "FC", "FR", "BL", "BR", "LFE"),
    7: ("FL", "FC", "FR", "SL", "SR", "BC", "LFE"),
    8: ("FL", "FC", "FR", "SL", "SR", "BL", "BR", "LFE"),
}


def downmix_matrix(channels: int, layout: Sequence[str] | None) -> NDArray[np.float32]:
    """Return the matrix that turns (frames, channels) into stereo by `samples @ matrix`.

    Parameters
    ----------
    channels
        Channels of the source, at least 2.
    layout
        Speaker of each channel. When it is None or names a speaker without a known weight, odd
        channels are averaged to the left and even ones to the right.

    Returns
    -------
    NDArray[np.float32]
        Shape (channels, 2); the absolute values of a column add up to at most 1.
    """
    if layout is not None and len(layout) == channels and all(name in _WEIGHTS for name in layout):
        matrix = np.array([_WEIGHTS[name] for name in layout])
    else:
        matrix = np.zeros((channels, 2))
        matrix[0::2, 0] = 1.0
        matrix[1::2, 1] = 1.0
    gain = float(np.abs(matrix).sum(axis=0).max())
    scaled: NDArray[np.float32] = (matrix / max(gain, 1.0)).astype(np.float32)
    return scaled
