"""TFLite files through LiteRT: sound ones, damaged ones, and ones that are something else."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError
from core.separation.backend import Backend, load_network
from core.separation.litert import CpuNetwork
from core.separation.manifest import ModelEntry, ModelSpec
from core.separation.selftest import made_up_patch
from models.tflite import GraphWriter


def entry_of(bundled: ModelEntry, path: Path, spec: ModelSpec | None = None) -> ModelEntry:
    """Register a file under the checksum that it has."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(bundled, path=path, sha256=digest, spec=spec or bundled.spec)


def tiny_model(
    path: Path,
    spec: ModelSpec,
    *,
    gains: tuple[float, ...] = (0.9, 0.1),
    signature: str = "separate",
    entrance: str = "magnitude",
) -> Path:
    """Write a model whose stem i is the input times a gain, squashed to 0..1."""
    graph = GraphWriter()
    x = graph.input("x", (1, spec.frames, spec.bins, spec.channels))
    outputs = {}
    for stem, gain in zip(spec.stems, gains, strict=True):
        factor = graph.constant(f"{stem}/gain", np.full((1, 1, 1, 1), gain, np.float32))
        outputs[stem] = graph.sigmoid(f"{stem}/mask", graph.multiply(f"{stem}/scaled", x, factor))
    path.write_bytes(
        graph.finish(
            signature=signature, inputs={entrance: x}, outputs=outputs, description="for tests"
        )
    )
    return path


@pytest.fixture
def tiny_spec(small_spec: ModelSpec) -> ModelSpec:
    # Names whose alphabetical order is not theirs: outputs are told apart by name alone.
    return replace(small_spec, stems=("vocals", "bass", "other"), residual="other")


def test_stems_are_told_apart_by_name(tmp_path: Path, tiny_spec: ModelSpec) -> None:
    path = tiny_model(tmp_path / "m.tflite", tiny_spec, gains=(0.5, -0.5, 2.0))
    network = CpuNetwork(path, tiny_spec, tiny_spec.bins, threads=1)
    magnitude = np.random.default_rng(0).random((128, 64, 2)).astype(np.float32)
    masks = network.masks(magnitude)
    assert masks.shape == (3, 128, 64, 2)
    for mask, gain in zip(masks, (0.5, -0.5, 2.0), strict=True):
        np.testing.assert_allclose(mask, 1 / (1 + np.exp(-gain * magnitude)), atol=1e-3)
    out = np.empty_like(masks)
    assert network.masks(magnitude, out=out) is out
    np.testing.assert_array_equal(out, masks)
    network.close()


def test_masks_are_the_callers_own(tmp_path: Path, tiny_spec: ModelSpec) -> None:
    path = tiny_model(tmp_path / "m.tflite", tiny_spec, gains=(0.5, -0.5, 2.0))
    network = CpuNetwork(path, tiny_spec, tiny_spec.bins, threads=1)
    first = network.masks(np.ones((128, 64, 2), np.float32))
    kept = first.copy()
    network.masks(np.full((128, 64, 2), 3.0, np.float32))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("bins", [64, 96, 128])
def test_network_is_set_up_for_other_bandwidths(
    bins: int, tmp_path: Path, tiny_spec: ModelSpec
) -> None:
    path = tiny_model(tmp_path / "m.tflite", tiny_spec, gains=(0.5, -0.5, 2.0))
    network = CpuNetwork(path, tiny_spec, bins, threads=1)
    magnitude = np.random.default_rng(0).random((128, bins, 2)).astype(np.float32)
    masks = network.masks(magnitude)
    np.testing.assert_allclose(masks[2], 1 / (1 + np.exp(-2 * magnitude)), atol=1e-3)


def test_threads_take_turns_at_the_interpreter(tmp_path: Path, tiny_spec: ModelSpec) -> None:
    path = tiny_model(tmp_path / "m.tflite", tiny_spec, gains=(0.5, -0.5, 2.0))
    network = CpuNetwork(path, tiny_spec, tiny_spec.bins, threads=1)
    songs = [np.full((128, 64, 2), value, np.float32) for value in np.linspace(0, 3, 40)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(network.masks, songs))
    for song, masks in zip(songs, answers, strict=True):
        np.testing.assert_allclose(masks[0], 1 / (1 + np.exp(-0.5 * song)), atol=1e-3)


@pytest.mark.parametrize("bandwidth", [1024, 1536])
def test_bundled_model_gives_masks_in_its_range(bandwidth: int, bundled: ModelEntry) -> None:
    network = load_network(bundled, bandwidth, Backend.CPU, 2).network
    masks = network.masks(made_up_patch(bundled.spec.frames, bandwidth, 2))
    assert masks.shape == (2, 512, bandwidth, 2)
    assert 0 <= masks.min() < 0.2
    assert 0.8 < masks.max() <= 1
    network.close()
    network.close()


CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from core.catalog.registry import find_model
from core.errors import ModelError
entry = replace(find_model("spleeter-2stems"), path=Path(sys.argv[1]))
try:
    entry.verify()
except ModelError as error:
    print(error.title)
print("ai_edge_litert" in sys.modules)
"""


@pytest.mark.parametrize("where", ["start", "middle", "end"])
def test_file_damaged_in_one_bit_is_refused_before_it_is_loaded(
    where: str, bundled: ModelEntry, tmp_path: Path
) -> None:
    data = bytearray(bundled.path.read_bytes())
    data[{"start": 0, "middle": len(data) // 2, "end": len(data) - 1}[where]] ^= 1
    path = tmp_path / "damaged.tflite"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"damaged\.tflite is damaged") as caught:
        load_network(replace(bundled, path=path), bundled.spec.bins, Backend.CPU, 2)
    assert "minusone models install spleeter-2stems" in caught.value.detail
    if where == "middle":
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=True
        )
        # The runtime was not even imported, let alone shown the file.
        said, imported = done.stdout.splitlines()
        assert "damaged.tflite is damaged" in said
        assert imported == "False"


def test_missing_file_is_refused(bundled: ModelEntry, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.tflite cannot be read") as caught:
        load_network(replace(bundled, path=tmp_path / "gone.tflite"), 1024, Backend.CPU, 2)
    assert caught.value.detail


@pytest.mark.parametrize("content", [b"These are words and no network.\n" * 100, b"", b"TFL3" * 9])
def test_file_that_is_no_model_is_refused(
    content: bytes, bundled: ModelEntry, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "words.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"words\.tflite cannot be loaded"):
        load_network(entry_of(bundled, path), bundled.spec.bins, Backend.CPU, 2)
    assert capfd.readouterr().err == ""


def test_half_of_a_model_is_refused(bundled: ModelEntry, tmp_path: Path) -> None:
    path = tmp_path / "half.tflite"
    data = bundled.path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match=r"half\.tflite"):
        load_network(entry_of(bundled, path), bundled.spec.bins, Backend.CPU, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"stems": ("vocals", "drums"), "residual": "drums"},
        {"stems": ("vocals",), "residual": "vocals"},
        {"frames": 256},
        {"bins": 128},
        {"channels": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_model_that_is_not_what_its_manifest_says_is_refused(
    change: dict[str, object], bundled: ModelEntry, tmp_path: Path, small_spec: ModelSpec
) -> None:
    path = tiny_model(tmp_path / "other.tflite", small_spec)
    spec = replace(small_spec, **change)
    with pytest.raises(ModelError, match=r"other\.tflite.*manifest"):
        load_network(entry_of(bundled, path, spec), spec.bins, Backend.CPU, 1)


@pytest.mark.parametrize("change", [{"signature": "predict"}, {"entrance": "spectrum"}])
def test_model_with_another_signature_is_refused(
    change: dict[str, str], bundled: ModelEntry, tmp_path: Path, small_spec: ModelSpec
) -> None:
    path = tiny_model(tmp_path / "other.tflite", small_spec, **change)
    with pytest.raises(ModelError, match=r"other\.tflite"):
        load_network(entry_of(bundled, path, small_spec), small_spec.bins, Backend.CPU, 1)


@pytest.mark.parametrize("gains", [(50.0, 50.0), (-1e6, -1e6), (0.02, 0.02)])
def test_model_file_that_does_not_separate_is_refused(
    gains: tuple[float, float], bundled: ModelEntry, tmp_path: Path, small_spec: ModelSpec
) -> None:
    # Its input, silence, equal stems: files that load and run, and are useless.
    path = tiny_model(tmp_path / "useless.tflite", small_spec, gains=gains)
    with pytest.raises(ModelError, match="does not separate"):
        load_network(entry_of(bundled, path, small_spec), small_spec.bins, Backend.CPU, 1)


def test_loading_and_running_prints_nothing(
    bundled: ModelEntry, capfd: pytest.CaptureFixture[str]
) -> None:
    network = load_network(bundled, bundled.spec.bins, Backend.CPU, 2).network
    network.masks(np.zeros((512, 1024, 2), np.float32))
    network.close()
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_network_needs_no_contiguous_input(
    tmp_path: Path, tiny_spec: ModelSpec, make_network: Callable
) -> None:
    path = tiny_model(tmp_path / "m.tflite", tiny_spec, gains=(0.5, -0.5, 2.0))
    network = CpuNetwork(path, tiny_spec, tiny_spec.bins, threads=1)
    magnitude = np.random.default_rng(0).random((2, 64, 128)).astype(np.float32).T
    expected = network.masks(np.ascontiguousarray(magnitude))
    np.testing.assert_array_equal(network.masks(magnitude.transpose(0, 1, 2)), expected)
