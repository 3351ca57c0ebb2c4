"""The variables of one U-Net, under the names that Spleeter's checkpoints give them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.checkpoint import Checkpoint
from models.errors import ConversionError

LEVELS = 6
EPSILON = 1e-3  # of Keras' BatchNormalization
_NORMS = 2 * LEVELS
_CONVOLUTIONS = LEVELS + 1

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Convolution:
    """Kernel and bias.

    Attributes
    ----------
    kernel
        float32, (height, width, inputs, outputs) for transposed convolutions too.
    bias
        float32, (outputs,).
    """

    kernel: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class Norm:
    """A batch norm at inference time: x * scale + shift per channel, float32 (channels,)."""

    scale: Array
    shift: Array


@dataclass(frozen=True, slots=True)
class UNet:
    """One stem's network.

    Attributes
    ----------
    encoder
        Six 5 x 5 convolutions with stride 2, outermost first.
    encoder_norms
        The batch norms after the first five of them.
    decoder
        Six 5 x 5 transposed convolutions with stride 2, innermost first.
    decoder_norms
        The batch norms after each activation of the decoder.
    last
        The 4 x 4 convolution with dilation 2.
    """

    encoder: tuple[Convolution, ...]
    encoder_norms: tuple[Norm, ...]
    decoder: tuple[Convolution, ...]
    decoder_norms: tuple[Norm, ...]
    last: Convolution


def read_unets(checkpoint: Checkpoint, count: int) -> tuple[UNet, ...]:
    """Read the U-Nets of a Spleeter checkpoint, in the order of the stems.

    Raises
    ------
    ConversionError
        The checkpoint has another number of U-Nets, or its shapes do not fit together.
    """
    stored = sum(name.endswith("/kernel") and _is(name, "conv2d") for name in checkpoint.names)
    if stored != count * _CONVOLUTIONS:
        raise ConversionError(
            f"The checkpoint {checkpoint.prefix} holds {stored / _CONVOLUTIONS:g} U-Nets, "
            f"but {count} stems were asked for.",
            "Choose the model name that belongs to this checkpoint.",
        )
    unets = tuple(_read_unet(checkpoint, number) for number in range(count))
    for unet in unets:
        _check(unet, checkpoint)
    return unets


def _is(name: str, kind: str) -> bool:
    layer = name.partition("/")[0]
    return layer == kind or layer.removeprefix(kind + "_").isdecimal()


def _numbered(kind: str, number: int) -> str:
    return f"{kind}_{number}" if number else kind


def _read_unet(checkpoint: Checkpoint, number: int) -> UNet:
    def convolution(index: int) -> Convolution:
        layer = _numbered("conv2d", number * _CONVOLUTIONS + index)
        return Convolution(checkpoint.tensor(f"{layer}/kernel"), checkpoint.tensor(f"{layer}/bias"))

    def transposed(index: int) -> Convolution:
        layer = _numbered("conv2d_transpose", number * LEVELS + index)
        kernel = checkpoint.tensor(f"{layer}/kernel")
        # Keras keeps (height, width, outputs, inputs) here.
        return Convolution(
            np.ascontiguousarray(kernel.transpose(0, 1, 3, 2)),
            checkpoint.tensor(f"{layer}/bias"),
        )

    def norm(index: int) -> Norm:
        layer = _numbered("batch_normalization", number * _NORMS + index)
        gamma, beta, mean, variance = (
            checkpoint.tensor(f"{layer}/{part}").astype(np.float64)
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        return Norm(scale.astype(np.float32), (beta - mean * scale).astype(np.float32))

    return UNet(
        encoder=tuple(convolution(index) for index in range(LEVELS)),
        encoder_norms=tuple(norm(index) for index in range(LEVELS - 1)),
        decoder=tuple(transposed(index) for index in range(LEVELS)),
        decoder_norms=tuple(norm(LEVELS + index) for index in range(LEVELS)),
        last=convolution(LEVELS),
    )


def _check(unet: UNet, checkpoint: Checkpoint) -> None:
    outputs = [layer.kernel.shape[3] for layer in unet.encoder]
    encoder_inputs = [layer.kernel.shape[2] for layer in unet.encoder]
    decoder_inputs = [layer.kernel.shape[2] for layer in unet.decoder]
    decoder_outputs = [layer.kernel.shape[3] for layer in unet.decoder]
    skips = list(reversed(outputs[:-1]))
    fits = (
        encoder_inputs[1:] == outputs[:-1]
        and decoder_inputs[0] == outputs[-1]
        and decoder_inputs[1:] == [a + b for a, b in zip(skips, decoder_outputs, strict=False)]
        and unet.last.kernel.shape[:3] == (4, 4, decoder_outputs[-1])
        and all(layer.kernel.shape[:2] == (5, 5) for layer in (*unet.encoder, *unet.decoder))
        and [norm.scale.size for norm in unet.encoder_norms] == outputs[:-1]
        and [norm.scale.size for norm in unet.decoder_norms] == decoder_outputs
    )
    if not fits:
        raise ConversionError(
            f"The shapes in the checkpoint {checkpoint.prefix} are not a Spleeter U-Net's.",
            "Only U-Nets of six levels with 5 x 5 kernels can be converted.",
        )
