"""How close a separated stem comes to the true one."""

import numpy as np
from numpy.typing import ArrayLike


def si_sdr(estimate: ArrayLike, truth: ArrayLike) -> float:
    """Scale-invariant signal-to-distortion ratio.

    The truth is scaled by the factor that fits the estimate best; whatever the estimate holds
    besides that is distortion. One factor serves all channels, so a stem that wanders from left
    to right costs points. The mean is NOT removed: an offset counts as distortion.

    Parameters
    ----------
    estimate, truth
        Samples of equal shape, (frames,) or (frames, channels), any real dtype, any scale.

    Returns
    -------
    float
        Decibels; higher is better. ``inf`` where the estimate is exactly a scaled truth,
        ``-inf`` where it shares nothing with the truth (a silent estimate included).

    Raises
    ------
    ValueError
        If the shapes differ, a sample is not finite, or the truth is silent (the ratio is then
        not defined).

    References
    ----------
    J. Le Roux, S. Wisdom, H. Erdogan, J. R. Hershey: "SDR - half-baked or well done?",
    ICASSP 2019, equation 5.
    """
    heard = np.asarray(estimate, dtype=np.float64)
    true = np.asarray(truth, dtype=np.float64)
    if heard.shape != true.shape:
        raise ValueError(f"shapes differ: estimate {heard.shape}, truth {true.shape}")
    if not (np.isfinite(heard).all() and np.isfinite(true).all()):
        raise ValueError("samples must be finite")
    true_energy = float(np.sum(true * true))
    if true_energy == 0.0:
        raise ValueError("the truth is silent: SI-SDR is not defined")
    target = float(np.sum(heard * true)) / true_energy * true
    distortion = heard - target
    target_energy = float(np.sum(target * target))
    distortion_energy = float(np.sum(distortion * distortion))
    if target_energy == 0.0:
        return float("-inf")
    if distortion_energy == 0.0:
        return float("inf")
    return 10.0 * float(np.log10(target_energy / distortion_energy))
