"""Notices a model that loads but does not separate.

A damaged conversion or a broken GPU driver does not crash: it returns its input, silence, or
noise, and whole libraries are "separated" into copies before anybody listens. So every freshly
loaded network is shown one short made-up patch, and its answer must look like a separation.
"""

import numpy as np

from core.errors import ModelError
from core.separation.network import Magnitude, Network, RawMasks

# Masks of a working network differ from bin to bin; a copy or silence has the same value in all.
LEAST_SPREAD = 0.01
LEAST_DIFFERENCE = 0.01


def made_up_patch(frames: int, bins: int, channels: int) -> Magnitude:
    """Return a made-up patch: a gliding harmonic tone, a beat of noise, and a steady bass.

    Returns
    -------
    Magnitude
        Shape (frames, bins, channels), float32, about as strong as music is.
    """
    time = np.arange(frames)[:, np.newaxis]
    bin_ = np.arange(bins)[np.newaxis]
    pitch = 22.0 + 6.0 * np.sin(2 * np.pi * time / 90) + np.sin(2 * np.pi * time / 8)
    distance = bin_ - pitch * np.maximum(1, np.round(bin_ / pitch))
    tone = 60.0 * np.exp(-np.square(distance)) * np.exp(-bin_ / 150)
    beat = 15.0 * np.exp(-(time % 24) / 4) * np.random.default_rng(7).random((frames, bins))
    bass = 150.0 * np.exp(-np.square((bin_ - 6.0) / 1.5))
    patch = (tone + beat + bass).astype(np.float32)
    return np.repeat(patch[:, :, np.newaxis], channels, axis=2)


def check_masks(masks: RawMasks, magnitude: Magnitude, name: str) -> None:
    """Refuse a network whose answer to a patch is no separation.

    Parameters
    ----------
    masks
        Shape (stems, frames, bins, channels): the answer.
    magnitude
        The patch that was asked.
    name
        Of the model, for the error.

    Raises
    ------
    ModelError
        An answer is not finite, outside 0 to 1, the same everywhere, or the same for all stems.
    """
    problem = _problem(masks, magnitude)
    if problem:
        raise ModelError(
            f"The model {name} does not separate: {problem}.",
            f"Its file or the GPU driver is damaged. Try --backend cpu, or install the model "
            f"again: minusone models install {name}",
        )


def _problem(masks: RawMasks, magnitude: Magnitude) -> str | None:
    if not np.isfinite(masks).all():
        return "its masks are not numbers"
    if masks.min() < 0.0 or masks.max() > 1.0:
        return "its masks leave the range from 0 to 1"
    # Only where there is sound: what a network says of silence does not matter.
    heard = magnitude > 1.0
    shares = masks[:, heard]
    if (shares.std(axis=1) < LEAST_SPREAD).all():
        return "its stems are the song itself, or nothing"
    others = [np.abs(share - shares[0]).mean() for share in shares[1:]]
    if others and max(others) < LEAST_DIFFERENCE:
        return "its stems are all the same"
    return None


def run_self_test(network: Network, name: str) -> None:
    """Show a loaded network the made-up patch.

    Raises
    ------
    ModelError
        Its answer is no separation.
    """
    patch = made_up_patch(network.probe_frames, network.bins, network.spec.channels)
    check_masks(network.masks(patch), patch, name)
