"""What the networks of the Spleeter family share, and what sets the official ones apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Activation(StrEnum):
    """Activations that Spleeter's configurations name; LeakyReLU has a slope of 0.2."""

    LEAKY_RELU = "leaky_relu"
    RELU = "relu"
    ELU = "elu"

    @property
    def homogeneous(self) -> bool:
        """Whether f(a x) = a f(x) for every a > 0, so that scales pass through it."""
        return self is not Activation.ELU


@dataclass(frozen=True, slots=True)
class Family:
    """A Spleeter network: everything about it that its checkpoint does not say.

    Attributes
    ----------
    name
        What the model is called.
    stems
        One U-Net each, in the order in which the checkpoint numbers its variables.
    residual
        The stem that takes what the others leave of a mix.
    encoder, decoder
        Activations after the convolutions and after the transposed convolutions.
    softmax
        True when the masks are a softmax over the stems, False for a sigmoid each.
    rate, frame, hop, frames, bins, channels
        The signal contract: sampling rate in Hz, STFT frame and hop in samples, T and F of one
        patch, audio channels.
    sha256
        Checksums of the official checkpoint's files, by file name; empty when unknown.
    origin
        Where the checkpoint comes from, for people.
    """

    name: str
    stems: tuple[str, ...]
    residual: str
    encoder: Activation = Activation.LEAKY_RELU
    decoder: Activation = Activation.RELU
    softmax: bool = False
    rate: int = 44100
    frame: int = 4096
    hop: int = 1024
    frames: int = 512
    bins: int = 1024
    channels: int = 2
    sha256: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""


_RELEASE = "https://github.com/deezer/spleeter/releases/download/v1.4.0"

OFFICIAL: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family(
            name="spleeter-2stems",
            stems=("vocals", "accompaniment"),
            residual="accompaniment",
            sha256={
                "model.index": "55661a09f79c86071fc7077b44b4cf1f01b6d82bbbb83ed94cb68a2f9944e378",
                "model.data-00000-of-00001": (
                    "7747f9fd2c782306dbec1504360fbb645a097a48446f23486c3ff9c89bc11788"
                ),
            },
            origin=f"{_RELEASE}/2stems.tar.gz",
        ),
        Family(
            name="spleeter-4stems",
            stems=("vocals", "drums", "bass", "other"),
            residual="other",
            encoder=Activation.ELU,
            decoder=Activation.ELU,
            origin=f"{_RELEASE}/4stems.tar.gz",
        ),
        Family(
            name="spleeter-5stems",
            stems=("vocals", "piano", "drums", "bass", "other"),
            residual="other",
            encoder=Activation.ELU,
            decoder=Activation.ELU,
            softmax=True,
            origin=f"{_RELEASE}/5stems.tar.gz",
        ),
    )
}
"""The networks that Deezer published, by name."""
