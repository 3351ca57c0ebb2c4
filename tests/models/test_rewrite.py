"""The rewritten kernels against direct sums over the definition of the original layers."""

import numpy as np
from numpy.typing import NDArray

from models.rewrite import (
    block_kernel,
    block_kernel_of_phases,
    block_last_kernel,
    phase_kernel,
)

Grid = NDArray[np.float64]


def _random(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def _convolve(x: Grid, kernel: Grid, *, stride: int = 1, dilation: int = 1) -> Grid:
    """SAME convolution as TensorFlow defines it; x is (rows, columns, inputs)."""
    size = kernel.shape[0]
    span = (size - 1) * dilation + 1
    rows, columns = (-(-n // stride) for n in x.shape[:2])
    before = max((rows - 1) * stride + span - x.shape[0], 0) // 2
    padded = np.pad(x, ((before, span), (before, span), (0, 0)))
    out = np.zeros((rows, columns, kernel.shape[3]))
    for i in range(size):
        for j in range(size):
            part = padded[i * dilation :, j * dilation :][: rows * stride, : columns * stride]
            out += part[::stride, ::stride] @ kernel[i, j]
    return out


def _transposed(x: Grid, kernel: Grid) -> Grid:
    """5 x 5, stride 2, SAME: every input adds its kernel to the output, cropped by 1 and 2."""
    rows, columns = x.shape[:2]
    out = np.zeros((2 * rows + 3, 2 * columns + 3, kernel.shape[3]))
    for i in range(5):
        for j in range(5):
            out[i : i + 2 * rows : 2, j : j + 2 * columns : 2] += x @ kernel[i, j]
    return out[1 : 2 * rows + 1, 1 : 2 * columns + 1]


def _depth_to_space(x: Grid, block: int) -> Grid:
    rows, columns, channels = x.shape
    cells = x.reshape(rows, columns, block, block, channels // block**2)
    # (rows, row in block, columns, column in block, channels)
    return cells.transpose(0, 2, 1, 3, 4).reshape(rows * block, columns * block, -1)


def test_phases_of_a_transposed_convolution() -> None:
    x, kernel = _random(6, 10, 3).astype(float), _random(5, 5, 3, 4)
    fast = _depth_to_space(_convolve(x, phase_kernel(kernel)), 2)
    np.testing.assert_allclose(fast, _transposed(x, kernel), atol=1e-5)


def test_outermost_layer_on_blocks() -> None:
    x, kernel = _random(6, 10, 3).astype(float), _random(5, 5, 3, 1)
    fast = _depth_to_space(_convolve(x, block_kernel(kernel), stride=2), 4)
    np.testing.assert_allclose(fast, _transposed(x, kernel), atol=1e-5)


def test_outermost_layer_on_phases() -> None:
    phases, kernel = _random(6, 10, 12).astype(float), _random(5, 5, 3, 1)
    fast = _depth_to_space(_convolve(phases, block_kernel_of_phases(kernel)), 4)
    np.testing.assert_allclose(fast, _transposed(_depth_to_space(phases, 2), kernel), atol=1e-5)


def test_last_layer_on_blocks() -> None:
    blocks, kernel = _random(5, 6, 16).astype(float), _random(4, 4, 1, 2)
    fast = _depth_to_space(_convolve(blocks, block_last_kernel(kernel)), 4)
    direct = _convolve(_depth_to_space(blocks, 4), kernel, dilation=2)
    np.testing.assert_allclose(fast, direct, atol=1e-5)
