"""Ratios, in decibels, between what a separated stem should hold and what it should not.

All of them work in float64 on whole songs: no framing, no resampling, no optional mean removal.
An offset is an error like any other.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Doubles = NDArray[np.float64]


def sdr(estimate: ArrayLike, truth: ArrayLike) -> float | None:
    """Signal-to-distortion ratio of the waveforms as they are.

    Whatever differs from the truth is distortion: bleed, artefacts, a wrong level, a delay.

    Parameters
    ----------
    estimate, truth
        Samples of equal shape, (frames, channels) or (frames,), any real dtype, one scale.

    Returns
    -------
    float or None
        Decibels over all channels together, higher is better; `inf` where the estimate is the
        truth. None where the truth is silent: the ratio is then not defined.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    heard, true = _pair(estimate, truth)
    return _ratio(_energy(true), _energy(heard - true)) if true.any() else None


def si_sdr(estimate: ArrayLike, truth: ArrayLike) -> float | None:
    """Scale-invariant signal-to-distortion ratio.

    As `sdr`, after the truth has been scaled to fit the estimate best (one factor for all
    channels): a stem that is merely louder or softer loses nothing.

    Parameters
    ----------
    estimate, truth
        As in `sdr`; their scales may differ.

    Returns
    -------
    float or None
        Decibels; `-inf` where the estimate shares nothing with the truth. None where the truth
        is silent.

    Raises
    ------
    ValueError
        The shapes differ.

    References
    ----------
    J. Le Roux, S. Wisdom, H. Erdogan, J. R. Hershey, "SDR - half-baked or well done?",
    ICASSP 2019.
    """
    heard, true = _pair(estimate, truth)
    if not true.any():
        return None
    target = float(np.vdot(heard, true)) / _energy(true) * true
    return _ratio(_energy(target), _energy(heard - target))


def si_sir(estimate: ArrayLike, truths: Mapping[str, ArrayLike], stem: str) -> float | None:
    """Scale-invariant source-to-interferences ratio: how little is heard of the other stems.

    The estimate is projected on the span of all true stems; what lies there beside the stem's
    own direction came from the others. Artefacts, which no combination of the true stems
    explains, do not count: a stem can be dull or watery and still free of bleed.

    Every channel is projected on its own, on the same channel of the truths, and the energies are
    added: bleed that sits elsewhere in the stereo image than its source does counts as well.

    Parameters
    ----------
    estimate
        Samples of the separated stem, (frames, channels) or (frames,).
    truths
        Samples of every true stem by name, all of the estimate's shape.
    stem
        Which of them the estimate should be.

    Returns
    -------
    float or None
        Decibels, higher is better; `inf` where nothing is heard of the others. None where the
        stem itself or all others are silent.

    Raises
    ------
    ValueError
        The shapes differ.

    References
    ----------
    As `si_sdr`, section 2: SI-SIR from the orthogonal decomposition of the error that
    E. Vincent, R. Gribonval, C. Fevotte gave in "Performance measurement in blind audio source
    separation", IEEE TASLP 2006.
    """
    pairs = {name: _pair(estimate, truth) for name, truth in truths.items()}
    heard, own = pairs[stem]
    others = [true for name, (_, true) in pairs.items() if name != stem]
    if not own.any() or not any(other.any() for other in others):
        return None
    target_energy = interference_energy = 0.0
    for channel in range(heard.shape[1]):
        every = np.stack([own[:, channel], *(other[:, channel] for other in others)], axis=1)
        gram = every.T @ every
        fit = every.T @ heard[:, channel]
        # Least squares by the pseudo-inverse: a channel in which a source is silent has rank less.
        explained = float(fit @ np.linalg.pinv(gram, hermitian=True) @ fit)
        target = float(fit[0] ** 2 / gram[0, 0]) if gram[0, 0] else 0.0
        target_energy += target
        interference_energy += max(0.0, explained - target)
    # Below the rounding errors of the projection there is nothing to be heard.
    floor = np.finfo(np.float64).eps * (target_energy + interference_energy)
    return _ratio(target_energy, interference_energy if interference_energy > floor else 0.0)


def _pair(estimate: ArrayLike, truth: ArrayLike) -> tuple[_Doubles, _Doubles]:
    heard = np.asarray(estimate, dtype=np.float64)
    true = np.asarray(truth, dtype=np.float64)
    if heard.shape != true.shape:
        raise ValueError(f"shapes differ: estimate {heard.shape}, truth {true.shape}")
    return np.atleast_2d(heard.T).T, np.atleast_2d(true.T).T


def _energy(samples: _Doubles) -> float:
    return float(np.vdot(samples, samples))


def _ratio(wanted: float, unwanted: float) -> float:
    if wanted == 0.0:
        return float("-inf")
    return float("inf") if unwanted == 0.0 else 10.0 * float(np.log10(wanted / unwanted))
