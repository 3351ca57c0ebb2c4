"""Write a TensorFlow Lite file operation by operation, without TensorFlow.

Only the operations that a Spleeter U-Net needs, each in the version that the CPU delegate
(XNNPACK) and the GPU delegate both accept. The same calls give the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

_IDENTIFIER = b"TFL3"
_SCHEMA_VERSION = 3
_ALIGNMENT = 16  # force_align of Buffer.data in TensorFlow Lite's schema.fbs
_TYPES: Mapping[str, int] = {
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "int32": schema.TensorType.INT32,
    "int8": schema.TensorType.INT8,
}


class _AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A buffer whose data start at a multiple of 16 bytes, as kernels expect."""

    def Pack(self, builder: Any) -> Any:  # noqa: N802  # the schema's name
        raw = self.data.tobytes()
        builder.StartVector(1, len(raw), _ALIGNMENT)
        builder.head -= len(raw)
        builder.Bytes[builder.head : builder.head + len(raw)] = raw
        data = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the graph being written: its number and its shape (batch, T, F, channels)."""

    index: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class QuantizedArray:
    """Symmetric int8 values with one scale for each index of an axis.

    Attributes
    ----------
    values
        int8, -127 to 127.
    scales
        float32, one for each index of `axis`.
    axis
        The axis of the output channels.
    """

    values: NDArray[np.int8]
    scales: NDArray[np.float32]
    axis: int


class GraphWriter:
    """Collects tensors and operations; `finish` gives the file's bytes."""

    def __init__(self) -> None:
        self._codes: list[tuple[int, int]] = []
        self._buffers: list[Any] = [schema.BufferT()]
        self._tensors: list[Any] = []
        self._operators: list[Any] = []

    def input(self, name: str, shape: Sequence[int]) -> Tensor:
        """Add a float32 input."""
        return self._tensor(name, shape)

    def constant(self, name: str, values: NDArray[Any]) -> Tensor:
        """Add a constant of float32, float16 or int32."""
        return self._tensor(name, values.shape, str(values.dtype), self._buffer(values))

    def quantized_constant(self, name: str, array: QuantizedArray) -> Tensor:
        """Add an int8 constant with its scales."""
        parameters = schema.QuantizationParametersT()
        parameters.scale = np.ascontiguousarray(array.scales, dtype=np.float32)
        parameters.zeroPoint = np.zeros(array.scales.size, dtype=np.int64)
        parameters.quantizedDimension = array.axis
        tensor = self._tensor(name, array.values.shape, "int8", self._buffer(array.values))
        self._tensors[tensor.index].quantization = parameters
        return tensor

    def convolution(
        self,
        name: str,
        x: Tensor,
        weights: Tensor,
        bias: Tensor,
        *,
        stride: int = 1,
        dilation: int = 1,
        relu: bool = False,
    ) -> Tensor:
        """CONV_2D with SAME padding; weights are (outputs, height, width, inputs)."""
        options = schema.Conv2DOptionsT()
        options.padding = schema.Padding.SAME
        options.strideH = options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = dilation
        options.fusedActivationFunction = (
            schema.ActivationFunctionType.RELU if relu else schema.ActivationFunctionType.NONE
        )
        batch, rows, columns, _ = x.shape
        shape = (batch, -(-rows // stride), -(-columns // stride), weights.shape[0])
        # Version 5 is float activations with int8 weights and a scale per output channel.
        hybrid = self._tensors[weights.index].type == schema.TensorType.INT8
        inputs, version = (x, weights, bias), 5 if hybrid else 1
        code = schema.BuiltinOperator.CONV_2D
        return self._operation(name, code, inputs, shape, options, version)

    def transposed_convolution(
        self, name: str, x: Tensor, weights: Tensor, bias: Tensor, *, stride: int
    ) -> Tensor:
        """TRANSPOSE_CONV with SAME padding; weights are (outputs, height, width, inputs).

        Version 3 has no fused activation: the GPU delegate takes no later one.
        """
        options = schema.TransposeConvOptionsT()
        options.padding = schema.Padding.SAME
        options.strideH = options.strideW = stride
        batch, rows, columns, _ = x.shape
        shape = (batch, rows * stride, columns * stride, weights.shape[0])
        size = self.constant(f"{name}/shape", np.array(shape, dtype=np.int32))
        inputs = (size, weights, x, bias)
        code = schema.BuiltinOperator.TRANSPOSE_CONV
        return self._operation(name, code, inputs, shape, options, version=3)

    def depth_to_space(self, name: str, x: Tensor, block: int) -> Tensor:
        """DEPTH_TO_SPACE: channel (i * block + j) * n + c goes to row i, column j, channel c."""
        options = schema.DepthToSpaceOptionsT()
        options.blockSize = block
        batch, rows, columns, channels = x.shape
        shape = (batch, rows * block, columns * block, channels // block**2)
        return self._operation(name, schema.BuiltinOperator.DEPTH_TO_SPACE, (x,), shape, options)

    def add(self, name: str, x: Tensor, y: Tensor, *, relu: bool = False) -> Tensor:
        """ADD, broadcasting the smaller one."""
        options = schema.AddOptionsT()
        if relu:
            options.fusedActivationFunction = schema.ActivationFunctionType.RELU
        return self._elementwise(name, schema.BuiltinOperator.ADD, x, y, options)

    def subtract(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        """SUB: x - y."""
        return self._elementwise(name, schema.BuiltinOperator.SUB, x, y, schema.SubOptionsT())

    def multiply(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        """MUL, broadcasting the smaller one."""
        return self._elementwise(name, schema.BuiltinOperator.MUL, x, y, schema.MulOptionsT())

    def divide(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        """DIV: x / y."""
        return self._elementwise(name, schema.BuiltinOperator.DIV, x, y, schema.DivOptionsT())

    def minimum(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        """MINIMUM of each pair."""
        options = schema.MaximumMinimumOptionsT()
        return self._elementwise(name, schema.BuiltinOperator.MINIMUM, x, y, options)

    def maximum(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        """MAXIMUM of each pair."""
        options = schema.MaximumMinimumOptionsT()
        return self._elementwise(name, schema.BuiltinOperator.MAXIMUM, x, y, options)

    def smallest(self, name: str, x: Tensor) -> Tensor:
        """REDUCE_MIN over everything, shape (1, 1, 1, 1)."""
        return self._reduce(name, schema.BuiltinOperator.REDUCE_MIN, x)

    def largest(self, name: str, x: Tensor) -> Tensor:
        """REDUCE_MAX over everything, shape (1, 1, 1, 1)."""
        return self._reduce(name, schema.BuiltinOperator.REDUCE_MAX, x)

    def round(self, name: str, x: Tensor) -> Tensor:
        """ROUND, halves to even."""
        return self._operation(name, schema.BuiltinOperator.ROUND, (x,), x.shape)

    def leaky_relu(self, name: str, x: Tensor, slope: float) -> Tensor:
        """LEAKY_RELU."""
        options = schema.LeakyReluOptionsT()
        options.alpha = slope
        return self._operation(name, schema.BuiltinOperator.LEAKY_RELU, (x,), x.shape, options)

    def relu(self, name: str, x: Tensor) -> Tensor:
        """RELU."""
        return self._operation(name, schema.BuiltinOperator.RELU, (x,), x.shape)

    def elu(self, name: str, x: Tensor) -> Tensor:
        """ELU."""
        return self._operation(name, schema.BuiltinOperator.ELU, (x,), x.shape)

    def exponential(self, name: str, x: Tensor) -> Tensor:
        """EXP."""
        options = schema.ExpOptionsT()
        return self._operation(name, schema.BuiltinOperator.EXP, (x,), x.shape, options)

    def sigmoid(self, name: str, x: Tensor) -> Tensor:
        """LOGISTIC."""
        return self._operation(name, schema.BuiltinOperator.LOGISTIC, (x,), x.shape)

    def concatenate(self, name: str, parts: Sequence[Tensor]) -> Tensor:
        """CONCATENATION along the channels."""
        options = schema.ConcatenationOptionsT()
        options.axis = len(parts[0].shape) - 1
        shape = (*parts[0].shape[:-1], sum(part.shape[-1] for part in parts))
        return self._operation(name, schema.BuiltinOperator.CONCATENATION, parts, shape, options)

    def dequantize(self, name: str, x: Tensor) -> Tensor:
        """DEQUANTIZE: int8 or float16 to float32."""
        code = schema.BuiltinOperator.DEQUANTIZE
        return self._operation(name, code, (x,), x.shape, schema.DequantizeOptionsT(), version=5)

    def finish(
        self,
        *,
        signature: str,
        inputs: Mapping[str, Tensor],
        outputs: Mapping[str, Tensor],
        description: str,
    ) -> bytes:
        """Return the file.

        Parameters
        ----------
        signature
            Name of the one signature.
        inputs, outputs
            Tensors by the names that the signature gives them.
        description
            Stored in the file, for people.
        """
        graph = schema.SubGraphT()
        graph.name = signature
        graph.tensors = self._tensors
        graph.operators = self._operators
        graph.inputs = [tensor.index for tensor in inputs.values()]
        graph.outputs = [tensor.index for tensor in outputs.values()]
        entry = schema.SignatureDefT()
        entry.signatureKey = signature
        entry.subgraphIndex = 0
        entry.inputs = [_named(name, tensor) for name, tensor in inputs.items()]
        entry.outputs = [_named(name, tensor) for name, tensor in outputs.items()]
        model = schema.ModelT()
        model.version = _SCHEMA_VERSION
        model.description = description
        model.operatorCodes = [_operator_code(code, version) for code, version in self._codes]
        model.subgraphs = [graph]
        model.buffers = self._buffers
        model.signatureDefs = [entry]
        data = sum(buffer.data.nbytes for buffer in self._buffers if buffer.data is not None)
        builder = flatbuffers.Builder(data + (1 << 20))
        builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
        return bytes(builder.Output())

    def _buffer(self, values: NDArray[Any]) -> int:
        buffer = _AlignedBuffer()
        buffer.data = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        self._buffers.append(buffer)
        return len(self._buffers) - 1

    def _tensor(
        self, name: str, shape: Sequence[int], dtype: str = "float32", buffer: int = 0
    ) -> Tensor:
        tensor = schema.TensorT()
        tensor.name = name
        tensor.shape = [int(size) for size in shape]
        tensor.type = _TYPES[dtype]
        tensor.buffer = buffer
        tensor.hasRank = True
        self._tensors.append(tensor)
        return Tensor(len(self._tensors) - 1, tuple(int(size) for size in shape))

    def _elementwise(self, name: str, code: int, x: Tensor, y: Tensor, options: Any) -> Tensor:
        shape = np.broadcast_shapes(x.shape, y.shape)
        return self._operation(name, code, (x, y), shape, options)

    def _reduce(self, name: str, code: int, x: Tensor) -> Tensor:
        options = schema.ReducerOptionsT()
        options.keepDims = True
        axes = self.constant(f"{name}/axes", np.arange(len(x.shape), dtype=np.int32))
        return self._operation(name, code, (x, axes), (1,) * len(x.shape), options)

    def _operation(
        self,
        name: str,
        code: int,
        inputs: Sequence[Tensor],
        shape: Sequence[int],
        options: Any = None,
        version: int = 1,
    ) -> Tensor:
        output = self._tensor(name, shape)
        operator = schema.OperatorT()
        if (code, version) not in self._codes:
            self._codes.append((code, version))
        operator.opcodeIndex = self._codes.index((code, version))
        operator.inputs = [tensor.index for tensor in inputs]
        operator.outputs = [output.index]
        if options is not None:
            operator.builtinOptions = options
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        self._operators.append(operator)
        return output


def _named(name: str, tensor: Tensor) -> Any:
    entry = schema.TensorMapT()
    entry.name = name
    entry.tensorIndex = tensor.index
    return entry


def _operator_code(code: int, version: int) -> Any:
    entry = schema.OperatorCodeT()
    entry.builtinCode = code
    # Readers from before 2020 look at the old field, one byte wide.
    entry.deprecatedBuiltinCode = min(code, 127)
    entry.version = version
    return entry
