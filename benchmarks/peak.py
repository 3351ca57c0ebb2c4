"""How fast this machine multiplies: what a network's rate is compared with."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from core.separation.litert import INPUT, SIGNATURE, CpuNetwork
from core.separation.manifest import ModelSpec
from models.quantize import quantize
from models.tflite import GraphWriter

_ROUNDS = 9
_GEMM_SIZE = 2048
# A layer as favourable as convolutions get: many channels, and maps that fit the cache.
_SIDE, _CHANNELS, _TAPS = 64, 256, 3

_GEMM_PROGRAM = f"""
import json, time, numpy as np
a = np.random.default_rng(1).random(({_GEMM_SIZE}, {_GEMM_SIZE}), dtype=np.float32)
b, out, times = a.T.copy(), np.empty_like(a), []
for _ in range({_ROUNDS}):
    begin = time.perf_counter()
    np.matmul(a, b, out=out)
    times.append(time.perf_counter() - begin)
print(json.dumps(times))
"""


@dataclass(frozen=True, slots=True)
class Peak:
    """Rates that this machine reaches, 10^9 multiply-accumulates a second.

    Attributes
    ----------
    threads
        How many were used.
    gemm
        NumPy's float32 matrix product (a BLAS): close to what the processor can do.
    convolution
        LiteRT's float32 convolution, on a layer as favourable as they get.
    convolution_int8
        The same layer with int8 weights and activations: the practical int8 peak. No instruction
        count is behind it; it is what the same library's int8 kernels reach.
    """

    threads: int
    gemm: float
    convolution: float
    convolution_int8: float


def measure_peak(threads: int) -> Peak:
    """Measure all rates with a number of threads; takes a few seconds."""
    return Peak(
        threads=threads,
        gemm=_GEMM_SIZE**3 / _gemm_seconds(threads) / 1e9,
        convolution=_convolution_rate(threads, int8=False),
        convolution_int8=_convolution_rate(threads, int8=True),
    )


def _gemm_seconds(threads: int) -> float:
    # A BLAS reads its number of threads when it is loaded: hence a process of its own.
    limits = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), str(threads))
    done = subprocess.run(
        [sys.executable, "-c", _GEMM_PROGRAM],
        env={**os.environ, **limits},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(median(json.loads(done.stdout)))


def _convolution_rate(threads: int, *, int8: bool) -> float:
    shape = (1, _SIDE, _SIDE, _CHANNELS)
    random = np.random.default_rng(1)
    weights = random.standard_normal((_CHANNELS, _TAPS, _TAPS, _CHANNELS), dtype=np.float32)
    writer = GraphWriter()
    x = writer.input(INPUT, shape)
    stored = (
        writer.quantized_constant("weights", quantize(weights, smoothness=0.0))
        if int8
        else writer.constant("weights", weights)
    )
    bias = writer.constant("bias", np.zeros(_CHANNELS, np.float32))
    y = writer.convolution("y", x, stored, bias)
    data = writer.finish(
        signature=SIGNATURE, inputs={INPUT: x}, outputs={"y": y}, description="one layer"
    )
    spec = ModelSpec(("y",), "y", 44100, 4096, 1024, _SIDE, _SIDE, _CHANNELS)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "layer.tflite"
        path.write_bytes(data)
        network = CpuNetwork(path, spec, _SIDE, threads)
        patch = random.random(shape[1:], dtype=np.float32)
        out = network.masks(patch)
        times = []
        for _ in range(_ROUNDS):
            begin = time.perf_counter()
            network.masks(patch, out)
            times.append(time.perf_counter() - begin)
        network.close()
    return _SIDE**2 * _TAPS**2 * _CHANNELS**2 / median(times) / 1e9
