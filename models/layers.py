"""Write one convolution at the precision that the recipe gives it.

The heart of the quantization is here. A dynamic int8 convolution rounds its input x to a grid of
256 steps between the smallest and the largest value of this patch (zero included). Music has
loud and quiet bins side by side, and the quiet ones, which decide what belongs to the voice,
drown in one such step. So x is written as hi + lo: hi is x rounded by this graph to exactly the
grid that the convolution would choose, which then has nothing left to round; lo is the rest, at
most half a step wide, and gets 256 steps of its own. conv(x) = conv(hi) + conv(lo) with inputs of
16 bits for two int8 convolutions, which cost less than half of one float convolution.
On a device whose convolutions are not dynamic (a GPU) hi + lo is still x.
"""

import numpy as np

from models.quantize import quantize, quantize_residual
from models.recipe import Precision
from models.tflite import GraphWriter, Tensor
from models.weights import Array

_STEPS = 255  # from the smallest to the largest of 256 values
_TINY = 1e-20  # keeps a silent patch from dividing by zero


def write_convolution(
    writer: GraphWriter,
    name: str,
    x: Tensor,
    kernel: Array,
    bias: Array,
    precision: Precision,
    *,
    smoothness: float,
    stride: int = 1,
    relu: bool = False,
) -> Tensor:
    """Add a convolution with SAME padding.

    Parameters
    ----------
    writer
        The graph.
    name
        Prefix of the names of all tensors that this adds.
    x
        Input, (batch, T, F, inputs).
    kernel
        float32, (height, width, inputs, outputs).
    bias
        float32, (outputs,).
    precision
        How to store the kernel and compute.
    smoothness
        For `quantize`.
    stride
        In both directions.
    relu
        Apply ReLU to the result.
    """
    weights = np.ascontiguousarray(kernel.transpose(3, 0, 1, 2), dtype=np.float32)
    bias_tensor = writer.constant(f"{name}/bias", bias.astype(np.float32))
    if precision in (Precision.FLOAT32, Precision.FLOAT16, Precision.WEIGHTS8):
        stored = _stored(writer, name, weights, precision, smoothness)
        return writer.convolution(name, x, stored, bias_tensor, stride=stride, relu=relu)

    nothing = writer.constant(f"{name}/no_bias", np.zeros_like(bias, dtype=np.float32))
    first = quantize(weights, smoothness)
    high, low = _write_digits(writer, name, x)
    stored = writer.quantized_constant(f"{name}/weights", first)
    total = writer.add(
        f"{name}/sum",
        writer.convolution(f"{name}/high", high, stored, bias_tensor, stride=stride),
        writer.convolution(f"{name}/low", low, stored, nothing, stride=stride),
        relu=relu and precision is Precision.INT8,
    )
    if precision is Precision.INT8:
        return total
    rest = writer.quantized_constant(f"{name}/fine_weights", quantize_residual(weights, first))
    fine = writer.convolution(f"{name}/fine", high, rest, nothing, stride=stride)
    return writer.add(f"{name}/fine_sum", total, fine, relu=relu)


def _stored(
    writer: GraphWriter, name: str, weights: Array, precision: Precision, smoothness: float
) -> Tensor:
    if precision is Precision.FLOAT16:
        half = writer.constant(f"{name}/weights", weights.astype(np.float16))
        return writer.dequantize(f"{name}/weights32", half)
    if precision is Precision.WEIGHTS8:
        whole = writer.quantized_constant(f"{name}/weights", quantize(weights, smoothness))
        return writer.dequantize(f"{name}/weights32", whole)
    return writer.constant(f"{name}/weights", weights)


def _write_digits(writer: GraphWriter, name: str, x: Tensor) -> tuple[Tensor, Tensor]:
    """Split x into the part on the convolution's own 8-bit grid and the rest."""

    def scalar(label: str, value: float) -> Tensor:
        return writer.constant(f"{name}/{label}", np.full((1, 1, 1, 1), value, dtype=np.float32))

    zero = scalar("zero", 0.0)
    top = writer.maximum(f"{name}/top", writer.largest(f"{name}/largest", x), zero)
    bottom = writer.minimum(f"{name}/bottom", writer.smallest(f"{name}/smallest", x), zero)
    extent = writer.subtract(f"{name}/extent", top, bottom)
    step = writer.add(
        f"{name}/step",
        writer.multiply(f"{name}/extent_255", extent, scalar("steps", 1 / _STEPS)),
        scalar("tiny", _TINY),
    )
    inverse = writer.divide(f"{name}/inverse", scalar("one", 1.0), step)
    grid = writer.round(f"{name}/grid", writer.multiply(f"{name}/scaled", x, inverse))
    high = writer.multiply(f"{name}/high_digit", grid, step)
    return high, writer.subtract(f"{name}/low_digit", x, high)
