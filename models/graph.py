"""Write a Spleeter network as a TensorFlow Lite graph.

The graph maps a magnitude spectrogram (1, T, F, 2) to one mask (1, T, F, 2) per stem, between 0
and 1, not yet multiplied by the magnitude. Everything is a function of the input's own size, so F
and T can be resized to other multiples of 64 (except with transposed convolutions).

Batch norms cost one addition each instead of a multiplication and an addition: their factor moves
into the convolution before them and, undone, into the layers that read the result. The addition
stays, since a shift does not pass through zero padding.
"""

import numpy as np

from models.balance import balance
from models.family import Activation, Family
from models.layers import write_convolution
from models.recipe import LAYERS, Recipe
from models.rewrite import (
    BLOCK,
    block_kernel,
    block_kernel_of_phases,
    block_last_kernel,
    phase_kernel,
)
from models.tflite import GraphWriter, Tensor
from models.weights import LEVELS, Array, Convolution, Doubles, Norm, UNet

SIGNATURE = "separate"
INPUT = "magnitude"

_SLOPE = 0.2  # of LeakyReLU
_FLATTEST = 1e-3  # batch norms with smaller factors than this (relative) are not moved


def write_network(family: Family, unets: tuple[UNet, ...], recipe: Recipe) -> bytes:
    """Return the TFLite file of a network.

    Parameters
    ----------
    family
        Stems, activations, kind of masks, T and F.
    unets
        One per stem, in order.
    recipe
        Precision of the layers.
    """
    writer = GraphWriter()
    shape = (1, family.frames, family.bins, family.channels)
    magnitude = writer.input(INPUT, shape)
    build = _PlainUNet if recipe.transposed else _FastUNet
    logits = {
        stem: build(writer, family, unet, recipe, stem).write(magnitude)
        for stem, unet in zip(family.stems, unets, strict=True)
    }
    masks = _softmax(writer, logits) if family.softmax else _sigmoids(writer, logits)
    return writer.finish(
        signature=SIGNATURE,
        inputs={INPUT: magnitude},
        outputs=masks,
        description=f"{family.name}, {recipe.name}. Weights: copyright Deezer SA, MIT licence.",
    )


def _sigmoids(writer: GraphWriter, logits: dict[str, Tensor]) -> dict[str, Tensor]:
    return {stem: writer.sigmoid(stem, x) for stem, x in logits.items()}


def _softmax(writer: GraphWriter, logits: dict[str, Tensor]) -> dict[str, Tensor]:
    """Softmax over the stems; the largest is subtracted first, so that nothing overflows."""
    stems = list(logits)
    largest = logits[stems[0]]
    for stem in stems[1:]:
        largest = writer.maximum(f"{stem}/largest", largest, logits[stem])
    powers = {
        stem: writer.exponential(f"{stem}/exp", writer.subtract(f"{stem}/shifted", x, largest))
        for stem, x in logits.items()
    }
    total = powers[stems[0]]
    for stem in stems[1:]:
        total = writer.add(f"{stem}/total", total, powers[stem])
    return {stem: writer.divide(stem, power, total) for stem, power in powers.items()}


class _UNetWriter:
    """What both forms of a U-Net share."""

    def __init__(
        self, writer: GraphWriter, family: Family, unet: UNet, recipe: Recipe, stem: str
    ) -> None:
        self.writer = writer
        self.family = family
        self.unet = unet
        self.recipe = recipe
        self.stem = stem

    def vector(self, name: str, values: Array) -> Tensor:
        return self.writer.constant(name, np.asarray(values, dtype=np.float32))

    def shift(self, name: str, x: Tensor, shift: Array) -> Tensor:
        return self.writer.add(name, x, self.vector(f"{name}/shift", shift))

    def affine(self, name: str, x: Tensor, norm: Norm) -> Tensor:
        scaled = self.writer.multiply(f"{name}/scaled", x, self.vector(f"{name}/scale", norm.scale))
        return self.shift(name, scaled, norm.shift)

    def activate(self, name: str, x: Tensor, activation: Activation) -> Tensor:
        match activation:
            case Activation.LEAKY_RELU:
                return self.writer.leaky_relu(name, x, _SLOPE)
            case Activation.RELU:
                return self.writer.relu(name, x)
            case Activation.ELU:
                return self.writer.elu(name, x)


class _PlainUNet(_UNetWriter):
    """The U-Net as it was trained."""

    def write(self, magnitude: Tensor) -> Tensor:
        unet, writer, stem = self.unet, self.writer, self.stem
        x, skips = magnitude, []
        for level, layer in enumerate(unet.encoder):
            name = f"{stem}/{LAYERS[level]}"
            x = self._convolution(name, x, layer, stride=2)
            if level < LEVELS - 1:
                skips.append(x)
                x = self.affine(f"{name}/norm", x, unet.encoder_norms[level])
                x = self.activate(f"{name}/activation", x, self.family.encoder)
        for level, layer in enumerate(unet.decoder):
            name = f"{stem}/{LAYERS[LEVELS + level]}"
            if level:
                x = writer.concatenate(f"{name}/both", (skips.pop(), x))
            weights = self.vector(f"{name}/weights", layer.kernel.transpose(3, 0, 1, 2))
            bias = self.vector(f"{name}/bias", layer.bias)
            x = writer.transposed_convolution(name, x, weights, bias, stride=2)
            x = self.activate(f"{name}/activation", x, self.family.decoder)
            x = self.affine(f"{name}/norm", x, unet.decoder_norms[level])
        return self._convolution(f"{stem}/last", x, unet.last, dilation=2)

    def _convolution(
        self, name: str, x: Tensor, layer: Convolution, *, stride: int = 1, dilation: int = 1
    ) -> Tensor:
        weights = self.vector(f"{name}/weights", layer.kernel.transpose(3, 0, 1, 2))
        bias = self.vector(f"{name}/bias", layer.bias)
        return self.writer.convolution(name, x, weights, bias, stride=stride, dilation=dilation)


class _FastUNet(_UNetWriter):
    """The same function in fewer and faster operations."""

    def write(self, magnitude: Tensor) -> Tensor:
        x, skips, skip_scales = self._write_encoder(magnitude)
        unet = self.unet
        factor: Array = np.ones(unet.decoder[0].kernel.shape[2], dtype=np.float32)
        for level in range(LEVELS - 1):
            name = f"{self.stem}/{LAYERS[LEVELS + level]}"
            kernel = unet.decoder[level].kernel
            if level:
                x = self.writer.concatenate(f"{name}/both", (skips[-level], x))
                factor = np.concatenate((1 / skip_scales[-level], factor))
            kernel = kernel * factor[None, None, :, None]
            following = unet.decoder[level + 1].kernel
            reach = balance(following, skip_scales[-level - 1]) if level < LEVELS - 2 else None
            x, factor = self._write_up(name, x, level, kernel, reach)
            if level < LEVELS - 2:
                x = self.writer.depth_to_space(f"{name}/up", x, 2)
        return self._write_outermost(x, skips[0], skip_scales[0], factor)

    def _write_encoder(self, x: Tensor) -> tuple[Tensor, list[Tensor], list[Array]]:
        """Return the innermost map, the skip maps, and what these were multiplied by."""
        skips, scales = [], []
        for level, layer in enumerate(self.unet.encoder):
            name = LAYERS[level]
            if level == LEVELS - 1:
                x = self._convolution(name, x, layer.kernel, layer.bias, stride=2)
                break
            norm = self.unet.encoder_norms[level]
            moved = _can_move(norm)
            scale = norm.scale if moved else np.ones_like(norm.scale)
            skip = self._convolution(name, x, layer.kernel * scale, layer.bias * scale, stride=2)
            skips.append(skip)
            scales.append(scale)
            full = f"{self.stem}/{name}"
            if moved:
                x = self.shift(f"{full}/norm", skip, norm.shift)
            else:
                x = self.affine(f"{full}/norm", skip, norm)
            x = self.activate(f"{full}/activation", x, self.family.encoder)
        return x, skips, scales

    def _write_up(
        self, name: str, x: Tensor, level: int, kernel: Array, reach: Doubles | None
    ) -> tuple[Tensor, Array]:
        """Write a transposed convolution, still in phases, with activation and norm.

        Returns the map divided by some factor per channel, and that factor.
        """
        layer, norm = self.unet.decoder[level], self.unet.decoder_norms[level]
        activation = self.family.decoder
        scale = norm.scale.astype(np.float64)
        factor = np.ones_like(scale) if reach is None else reach
        moved = _can_move(norm) and activation.homogeneous
        if moved:
            # |scale| / factor passes through the activation; a negative scale changes the sign
            # of the factor instead.
            factor = factor * np.sign(scale)
            gain = (scale / factor).astype(np.float32)
        else:
            gain = np.ones_like(norm.scale)
        phases = phase_kernel((kernel * gain).astype(np.float32))
        bias = np.tile(layer.bias * gain, 4)
        fused = activation is Activation.RELU
        x = self._convolution(LAYERS[LEVELS + level], x, phases, bias, relu=fused)
        if not fused:
            x = self.activate(f"{name}/activation", x, activation)
        shift = np.tile((norm.shift / factor).astype(np.float32), 4)
        if moved:
            x = self.shift(f"{name}/norm", x, shift)
        else:
            scaled = np.tile((scale / factor).astype(np.float32), 4)
            x = self.affine(f"{name}/norm", x, Norm(scaled, shift))
        return x, factor.astype(np.float32)

    def _write_outermost(self, x: Tensor, skip: Tensor, skip_scale: Array, factor: Array) -> Tensor:
        """Write the sixth transposed convolution and the last one, on blocks of 4 x 4 bins."""
        layer, norm = self.unet.decoder[-1], self.unet.decoder_norms[-1]
        skips, blocks = skip_scale.size, BLOCK * BLOCK
        skip_kernel = layer.kernel[:, :, :skips] / skip_scale[None, None, :, None]
        kernel = layer.kernel[:, :, skips:] * factor[None, None, :, None]
        name = LAYERS[2 * LEVELS - 1]
        bias = np.tile(layer.bias, blocks)
        nothing = np.zeros_like(bias)
        from_skip = self._convolution(
            name, skip, block_kernel(skip_kernel), bias, stride=2, part="skip"
        )
        from_below = self._convolution(
            name, x, block_kernel_of_phases(kernel), nothing, part="below"
        )
        full = f"{self.stem}/{name}"
        fused = self.family.decoder is Activation.RELU
        x = self.writer.add(full, from_skip, from_below, relu=fused)
        if not fused:
            x = self.activate(f"{full}/activation", x, self.family.decoder)
        x = self.affine(f"{full}/norm", x, norm)
        last = self.unet.last
        x = self._convolution("last", x, block_last_kernel(last.kernel), np.tile(last.bias, blocks))
        return self.writer.depth_to_space(f"{self.stem}/logit", x, BLOCK)

    def _convolution(
        self,
        layer: str,
        x: Tensor,
        kernel: Array,
        bias: Array,
        *,
        stride: int = 1,
        relu: bool = False,
        part: str = "",
    ) -> Tensor:
        name = "/".join(filter(None, (self.stem, layer, part)))
        return write_convolution(
            self.writer,
            name,
            x,
            kernel,
            bias,
            self.recipe[layer],
            smoothness=self.recipe.smoothness_of(layer),
            stride=stride,
            relu=relu,
        )


def _can_move(norm: Norm) -> bool:
    """Whether dividing by the norm's factors is harmless."""
    size = np.abs(norm.scale)
    return bool(size.min() > _FLATTEST * size.max())
