"""The only file that imports LiteRT: loads a TFLite file and runs patches through it."""

import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from core.errors import BackendError, ModelError
from core.quiet import native_output_captured
from core.separation.manifest import ModelSpec
from core.separation.network import Magnitude, RawMasks

SIGNATURE = "separate"
INPUT = "magnitude"


def runtime_version() -> str:
    """Return the version of the installed LiteRT."""
    return version("ai-edge-litert")


class CpuNetwork:
    """A model on the CPU (XNNPACK).

    One interpreter, which works on one patch at a time with all threads: two on cores of their own
    were no faster, and each costs a quarter of a gigabyte.

    Parameters
    ----------
    path
        The TFLite file; its checksum has been verified.
    spec
        The signal contract; the file's signature is checked against it.
    bins
        F, a multiple of 64: other than the file's own, the network is resized.
    threads
        Threads that a patch may use.

    Raises
    ------
    ModelError
        The file is no model, or not the one that its manifest describes.
    """

    def __init__(self, path: Path, spec: ModelSpec, bins: int, threads: int) -> None:
        self.spec = spec
        self.bins = bins
        # Any multiple of 64 frames will do, and a short patch tells as much of a network's health.
        self.probe_frames = min(64, spec.frames)
        self._path = path
        self._shape: tuple[int, ...] | None = None
        self._turn = threading.Lock()
        with native_output_captured():
            try:
                self._interpreter: Any = Interpreter(model_path=str(path), num_threads=threads)
                inputs, outputs = _signature(self._interpreter)
            except (ValueError, RuntimeError) as exc:
                raise ModelError(
                    f"The model file {path} cannot be loaded: {exc}",
                    "It is no TensorFlow Lite model of this program, or needs a newer runtime.",
                ) from exc
            _check_signature(path, spec, inputs, outputs)
            self._input = int(inputs[INPUT]["index"])
            # TFLite orders outputs by its own rule: only the signature tells which is which.
            self._outputs = [int(outputs[stem]["index"]) for stem in spec.stems]

    def masks(self, magnitude: Magnitude, out: RawMasks | None = None) -> RawMasks:
        """See `Network.masks`; sets the network up for patches of the size that it is given."""
        if out is None:
            out = np.empty((len(self.spec.stems), *magnitude.shape), np.float32)
        with self._turn:
            if self._shape != magnitude.shape:
                self._resize(magnitude.shape)
            self._interpreter.set_tensor(self._input, magnitude[np.newaxis])
            self._interpreter.invoke()
            for mask, index in zip(out, self._outputs, strict=True):
                # `tensor` looks into the interpreter's memory; `get_tensor` would copy it first.
                mask[...] = self._interpreter.tensor(index)()[0]
        return out

    def close(self) -> None:
        """Drop the interpreter."""
        with self._turn:
            self._interpreter = None

    def _resize(self, shape: tuple[int, ...]) -> None:
        with native_output_captured():
            try:
                self._interpreter.resize_tensor_input(self._input, (1, *shape))
                self._interpreter.allocate_tensors()
            except (ValueError, RuntimeError) as exc:
                raise ModelError(
                    f"The model {self._path} does not run with {shape[1]} bins: {exc}",
                    "Leave --bandwidth out, or use a model that can be resized.",
                ) from exc
        self._shape = shape


def _signature(interpreter: Interpreter) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the details of inputs and outputs by name.

    A function of its own because the interpreter cannot be resized while a runner lives.
    """
    runner = interpreter.get_signature_runner(SIGNATURE)
    return runner.get_input_details(), runner.get_output_details()


def _check_signature(
    path: Path, spec: ModelSpec, inputs: dict[str, Any], outputs: dict[str, Any]
) -> None:
    shape = (1, spec.frames, spec.bins, spec.channels)
    if set(inputs) != {INPUT} or set(outputs) != set(spec.stems):
        raise ModelError(
            f"The model file {path} has inputs {sorted(inputs)} and outputs {sorted(outputs)}; "
            f"its manifest says {INPUT} and {', '.join(spec.stems)}."
        )
    for name, tensor in [*inputs.items(), *outputs.items()]:
        if tuple(tensor["shape"]) != shape or tensor["dtype"] is not np.float32:
            raise ModelError(
                f"Tensor {name} of the model file {path} is {tensor['dtype'].__name__} "
                f"{tuple(tensor['shape'])}; its manifest says float32 {shape}."
            )


class GpuNetwork:
    """A model on the GPU, through LiteRT's WebGPU delegate over Vulkan.

    Parameters
    ----------
    path, spec, bins
        As in `CpuNetwork`.

    Raises
    ------
    BackendError
        This LiteRT has no GPU support, no adapter takes the model, or only part of it.
    """

    def __init__(self, path: Path, spec: ModelSpec, bins: int) -> None:
        self.spec = spec
        self.bins = bins
        self.probe_frames = spec.frames
        self._shape = (1, spec.frames, bins, spec.channels)
        try:
            from ai_edge_litert.compiled_model import CompiledModel
            from ai_edge_litert.hardware_accelerator import HardwareAccelerator

            gpu = HardwareAccelerator.GPU
        except (ImportError, AttributeError) as exc:  # LiteRT 1 has another API, or none.
            raise BackendError(
                f"LiteRT {runtime_version()} has no GPU support.",
                "Install ai-edge-litert 2 or newer (on 64-bit Arm: Python 3.12 or newer).",
            ) from exc
        with native_output_captured():
            try:
                self._model: Any = CompiledModel.from_file(str(path), hardware_accel=gpu)
                # Asked before resizing: the delegate takes the graph anew at the first run.
                accelerated = self._model.is_fully_accelerated()
                if bins != spec.bins:
                    self._model.resize_input_tensor_by_name(
                        SIGNATURE, INPUT, list(self._shape), strict=False
                    )
                self._input = self._model.create_input_buffer_by_name(SIGNATURE, INPUT)
                self._outputs = {
                    stem: self._model.create_output_buffer_by_name(SIGNATURE, stem)
                    for stem in spec.stems
                }
            except (RuntimeError, ValueError) as exc:
                reason = str(exc).strip().splitlines()[0] if str(exc).strip() else "no reason given"
                raise BackendError(
                    f"The GPU cannot run the model {path.name}: {reason}",
                    "Use --backend cpu; `minusone doctor` shows which Vulkan adapters there are.",
                ) from exc
        if not accelerated:
            raise BackendError(
                f"The GPU takes only a part of the model {path.name}.", "Use --backend cpu."
            )
        self._fresh = True
        # One command queue: patches of several threads go through in turn.
        self._turn = threading.Lock()

    def masks(self, magnitude: Magnitude, out: RawMasks | None = None) -> RawMasks:
        """See `Network.masks`."""
        if out is None:
            out = np.empty((len(self.spec.stems), *magnitude.shape), np.float32)
        size = int(np.prod(self._shape))
        with self._turn:
            if self._fresh:  # The delegate comes up at the first run, and tells the terminal.
                with native_output_captured():
                    self._run(magnitude)
                self._fresh = False
            else:
                self._run(magnitude)
            for mask, stem in zip(out, self.spec.stems, strict=True):
                mask[...] = self._outputs[stem].read(size, np.float32).reshape(mask.shape)
        return out

    def _run(self, magnitude: Magnitude) -> None:
        self._input.write(np.ascontiguousarray(magnitude[np.newaxis]))
        self._model.run_by_name(SIGNATURE, {INPUT: self._input}, self._outputs)

    def close(self) -> None:
        """Release the model and its buffers."""
        if self._model is not None:
            # Its environment goes with the last reference, and its accelerators say good-bye.
            with native_output_captured():
                for buffer in (self._input, *self._outputs.values()):
                    buffer.destroy()
                self._outputs.clear()
                self._input = None
                self._model.close()
                self._model = None
