"""Exact rewritings of a U-Net's layers into forms that run faster.

XNNPACK and most GPUs run plain convolutions near the machine's peak and transposed ones far from
it. So every transposed convolution becomes a convolution at the resolution of its input whose
channels are the phases of the output; DEPTH_TO_SPACE then puts the phases in their places. The
two outermost layers have one output channel and would leave most vector lanes empty: they work
on blocks of 4 x 4 bins instead.
"""

import numpy as np

from models.weights import Array

BLOCK = 4
"""Bins a side that the outermost decoder layers compute at once."""

# Where a 5-tap kernel with stride 2 and SAME padding reads, per output phase: output 2m takes
# input m with tap 1 and m-1 with tap 3; output 2m+1 takes m+1 with 0, m with 2, m-1 with 4.
# Pairs are (position among m-1, m, m+1; tap).
_TAPS = (((1, 1), (0, 3)), ((2, 0), (1, 2), (0, 4)))


def phase_kernel(kernel: Array) -> Array:
    """Turn a 5 x 5 stride-2 transposed convolution into a 3 x 3 convolution over its input.

    Parameters
    ----------
    kernel
        float32, (5, 5, inputs, outputs).

    Returns
    -------
    Array
        float32, (3, 3, inputs, 4 * outputs): the four output phases (row, column) one after the
        other, as DEPTH_TO_SPACE with block 2 expects them. Taps that a phase lacks are zero.
    """
    inputs, outputs = kernel.shape[2:]
    phases = np.zeros((3, 3, inputs, 2, 2, outputs), dtype=np.float32)
    for row, row_taps in enumerate(_TAPS):
        for column, column_taps in enumerate(_TAPS):
            for i, tap_i in row_taps:
                for j, tap_j in column_taps:
                    phases[i, j, :, row, column] = kernel[tap_i, tap_j]
    return phases.reshape(3, 3, inputs, 4 * outputs)


def block_kernel(kernel: Array) -> Array:
    """Turn the outermost transposed convolution into a 4 x 4 convolution with stride 2.

    Each of its positions covers 2 x 2 inputs and gives the 4 x 4 outputs above them.

    Parameters
    ----------
    kernel
        float32, (5, 5, inputs, 1).

    Returns
    -------
    Array
        float32, (4, 4, inputs, 16), outputs in the order of DEPTH_TO_SPACE with block 4.
    """
    inputs = kernel.shape[2]
    blocks = np.zeros((BLOCK, BLOCK, inputs, BLOCK, BLOCK), dtype=np.float32)
    for row in range(BLOCK):
        for column in range(BLOCK):
            for i, tap_i in _TAPS[row % 2]:
                for j, tap_j in _TAPS[column % 2]:
                    at = (row // 2 + i, column // 2 + j)
                    blocks[at[0], at[1], :, row, column] = kernel[tap_i, tap_j, :, 0]
    return blocks.reshape(BLOCK, BLOCK, inputs, BLOCK * BLOCK)


def block_kernel_of_phases(kernel: Array) -> Array:
    """Like `block_kernel`, for an input that is still in phases (before DEPTH_TO_SPACE).

    Parameters
    ----------
    kernel
        float32, (5, 5, inputs, 1).

    Returns
    -------
    Array
        float32, (3, 3, 4 * inputs, 16), stride 1.
    """
    inputs = kernel.shape[2]
    blocks = block_kernel(kernel)
    phases = np.zeros((3, 3, 2, 2, inputs, BLOCK * BLOCK), dtype=np.float32)
    for i in range(BLOCK):
        for j in range(BLOCK):
            (row, row_phase), (column, column_phase) = divmod(i - 1, 2), divmod(j - 1, 2)
            phases[row + 1, column + 1, row_phase, column_phase] = blocks[i, j]
    return phases.reshape(3, 3, 4 * inputs, BLOCK * BLOCK)


def block_last_kernel(kernel: Array) -> Array:
    """Turn the last convolution, 4 x 4 with dilation 2 and SAME padding, to work on blocks.

    Parameters
    ----------
    kernel
        float32, (4, 4, 1, outputs).

    Returns
    -------
    Array
        float32, (3, 3, 16, 16 * outputs), in the order of DEPTH_TO_SPACE with block 4.
    """
    taps, outputs = kernel.shape[0], kernel.shape[3]
    blocks = np.zeros((3, 3, BLOCK, BLOCK, BLOCK, BLOCK, outputs), dtype=np.float32)
    before = taps - 1  # SAME: the dilated kernel spans 7 bins, three of them before its centre
    for row in range(BLOCK):
        for column in range(BLOCK):
            for i in range(taps):
                for j in range(taps):
                    block_i, sub_i = divmod(row + 2 * i - before, BLOCK)
                    block_j, sub_j = divmod(column + 2 * j - before, BLOCK)
                    blocks[block_i + 1, block_j + 1, sub_i, sub_j, row, column] = kernel[i, j, 0]
    return blocks.reshape(3, 3, BLOCK * BLOCK, BLOCK * BLOCK * outputs)
