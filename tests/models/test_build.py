import hashlib
import os
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

import models
from models.build import build_model
from models.errors import ConversionError
from models.family import OFFICIAL
from models.recipe import FLOAT, PLAIN, SHIPPED, Precision, Recipe

SHIPPED_FOLDER = Path(models.__file__).parent
INT8_LAYERS = {
    name
    for name, precision in SHIPPED.precisions.items()
    if precision in (Precision.INT8, Precision.INT8_FINE)
}


def _read(path: Path) -> schema.ModelT:
    return schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)


def _operators(model: schema.ModelT) -> Counter[str]:
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}
    codes = model.operatorCodes
    return Counter(names[codes[op.opcodeIndex].builtinCode] for op in model.subgraphs[0].operators)


def test_two_builds_are_the_same_bytes(network: Any, tmp_path: Path) -> None:
    one = network.build(SHIPPED, tmp_path / "one.tflite").read_bytes()
    two = network.build(SHIPPED, tmp_path / "two.tflite").read_bytes()
    assert one == two


def test_result_names_the_file_and_its_checksum(leaky: Any, tmp_path: Path) -> None:
    built = build_model(
        leaky.checkpoint, leaky.family, tmp_path / "tiny.tflite", measured={"fidelity_db": 40.5}
    )
    entry = tomllib.loads(built.manifest)["model"][0]
    assert built.sha256 == hashlib.sha256(built.path.read_bytes()).hexdigest() == entry["sha256"]
    assert entry["file"] == "tiny.tflite"
    assert entry["name"] == "leaky-2"
    assert entry["spec"]["stems"] == list(leaky.family.stems)
    assert entry["spec"]["residual"] == "stem1"
    assert entry["spec"]["bins"] == 128
    assert entry["measured"] == {"fidelity_db": 40.5}
    index = (leaky.checkpoint / "model.index").read_bytes()
    assert entry["source"]["model.index"] == hashlib.sha256(index).hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.tflite"]


def test_program_reads_the_manifest(elu: Any, tmp_path: Path) -> None:
    from core.separation.manifest import read_manifest

    built = build_model(elu.checkpoint, elu.family, tmp_path / "tiny.tflite")
    (tmp_path / "manifest.toml").write_text(built.manifest, encoding="utf-8")
    (entry,) = read_manifest(tmp_path / "manifest.toml")
    entry.verify()
    assert entry.spec.stems == elu.family.stems
    assert entry.licence == "MIT"
    assert "Deezer" in entry.attribution


def test_inner_layers_really_are_int8_with_a_scale_per_channel(leaky: Any, tmp_path: Path) -> None:
    model = _read(leaky.build(SHIPPED, tmp_path / "tiny.tflite"))
    int8 = [t for t in model.subgraphs[0].tensors if t.type == schema.TensorType.INT8]
    layers = {tensor.name.decode().split("/")[1] for tensor in int8}
    assert layers == INT8_LAYERS
    for tensor in int8:
        assert tensor.quantization.quantizedDimension == 0
        assert len(tensor.quantization.scale) == tensor.shape[0]
        assert not np.any(tensor.quantization.zeroPoint)
        assert model.buffers[tensor.buffer].data.size == np.prod(tensor.shape)


def test_int8_convolutions_take_float_activations(leaky: Any, tmp_path: Path) -> None:
    """Dynamic quantization: no int8 activations, and no weights blown up to float32."""
    model = _read(leaky.build(SHIPPED, tmp_path / "tiny.tflite"))
    graph = model.subgraphs[0]
    int8 = {i for i, t in enumerate(graph.tensors) if t.type == schema.TensorType.INT8}
    readers = [op for op in graph.operators if int8 & set(op.inputs)]
    assert len(readers) > len(int8)
    for operator in readers:
        code = model.operatorCodes[operator.opcodeIndex]
        assert code.builtinCode == schema.BuiltinOperator.CONV_2D
        assert graph.tensors[operator.inputs[0]].type == schema.TensorType.FLOAT32
        assert graph.tensors[operator.outputs[0]].type == schema.TensorType.FLOAT32


def test_weights_only_precision_stores_int8(leaky: Any, tmp_path: Path) -> None:
    recipe = Recipe("weights", {"conv6": Precision.WEIGHTS8})
    model = _read(leaky.build(recipe, tmp_path / "tiny.tflite"))
    int8 = [t for t in model.subgraphs[0].tensors if t.type == schema.TensorType.INT8]
    assert [t.name for t in int8] == [b"stem0/conv6/weights", b"stem1/conv6/weights"]
    assert _operators(model)["DEQUANTIZE"] == 2


@pytest.mark.parametrize("recipe", [PLAIN, FLOAT, SHIPPED], ids=["plain", "float", "int8"])
def test_operations_are_ones_that_gpu_delegates_take(
    elu: Any, recipe: Recipe, tmp_path: Path
) -> None:
    model = _read(elu.build(recipe, tmp_path / "tiny.tflite"))
    for code in model.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.TRANSPOSE_CONV:
            assert code.version <= 3
        assert code.builtinCode != schema.BuiltinOperator.CUSTOM
    assert _operators(model)["TRANSPOSE_CONV"] == (24 if recipe is PLAIN else 0)


def test_buffers_are_aligned_for_vector_loads(leaky: Any, tmp_path: Path) -> None:
    data = leaky.build(SHIPPED, tmp_path / "tiny.tflite").read_bytes()
    model = schema.Model.GetRootAs(data)
    for number in range(model.BuffersLength()):
        buffer = model.Buffers(number)
        if not buffer.DataIsNone():
            field = buffer._tab.Offset(4)
            assert buffer._tab.Vector(field) % 16 == 0


def test_batch_norm_costs_one_addition_where_it_can_move(leaky: Any, tmp_path: Path) -> None:
    model = _read(leaky.build(FLOAT, tmp_path / "tiny.tflite"))
    names = [op.outputs[0] for op in model.subgraphs[0].operators]
    scaled = [
        model.subgraphs[0].tensors[i].name.decode()
        for i in names
        if model.subgraphs[0].tensors[i].name.endswith(b"/scaled")
    ]
    # The first U-Net's second norm has a gamma of zero, which no convolution can carry; the
    # outermost norm works on a map of one channel, where it costs next to nothing.
    assert scaled == ["stem0/conv2/norm/scaled", "stem0/up6/norm/scaled", "stem1/up6/norm/scaled"]


def test_wrong_number_of_stems_is_refused(leaky: Any, tmp_path: Path) -> None:
    family = replace(leaky.family, stems=("a", "b", "c"))
    with pytest.raises(ConversionError, match="holds 2 U-Nets, but 3 stems"):
        build_model(leaky.checkpoint, family, tmp_path / "x.tflite")


def test_checkpoint_that_is_not_the_official_one_is_refused(leaky: Any, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=r"model\.index is not the file"):
        build_model(leaky.checkpoint, OFFICIAL["spleeter-2stems"], tmp_path / "x.tflite")
    assert not list(tmp_path.iterdir())


def test_folder_that_does_not_exist_is_refused_without_a_trace(leaky: Any, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="cannot be written"):
        build_model(leaky.checkpoint, leaky.family, tmp_path / "missing" / "x.tflite")
    assert not list(tmp_path.iterdir())


def test_shipped_file_is_the_one_in_its_manifest() -> None:
    entry = tomllib.loads((SHIPPED_FOLDER / "manifest.toml").read_text("utf-8"))["model"][0]
    data = (SHIPPED_FOLDER / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    assert len(data) <= 30_000_000
    assert entry["spec"]["stems"] == ["vocals", "accompaniment"]


def test_shipped_file_is_built_again_byte_for_byte(tmp_path: Path) -> None:
    checkpoint = os.environ.get("MINUSONE_CHECKPOINT")
    if not checkpoint:
        pytest.skip("set MINUSONE_CHECKPOINT to the folder of Spleeter's 2-stem checkpoint")
    built = build_model(
        Path(checkpoint), OFFICIAL["spleeter-2stems"], tmp_path / "spleeter-2stems.tflite"
    )
    assert built.path.read_bytes() == (SHIPPED_FOLDER / "spleeter-2stems.tflite").read_bytes()
