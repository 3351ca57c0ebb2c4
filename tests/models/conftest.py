"""The tiny networks under golden/: their family, TensorFlow's input and TensorFlow's masks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from models.build import build_model
from models.family import Activation, Family
from models.recipe import Recipe

_FOLDER = Path(__file__).parent / "golden"


@dataclass(frozen=True, slots=True)
class GoldenNetwork:
    """One checkpoint that TensorFlow wrote, with what TensorFlow computes from it.

    Attributes
    ----------
    family
        What it is.
    checkpoint
        Its folder.
    magnitude
        float32, (1, 64, 128, 2).
    expected
        Every fourth frame of the masks, (stems, 1, 16, 128, 2).
    """

    family: Family
    checkpoint: Path
    magnitude: NDArray[np.float32]
    expected: NDArray[np.float64]

    def build(self, recipe: Recipe, path: Path) -> Path:
        return build_model(self.checkpoint, self.family, path, recipe=recipe).path

    def run(self, path: Path, magnitude: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run a model file, resized to the magnitude; return the masks, (stems, 1, T, F, 2)."""
        interpreter: Any = Interpreter(model_path=str(path), num_threads=1)
        number = interpreter.get_input_details()[0]["index"]
        interpreter.resize_tensor_input(number, magnitude.shape)
        masks = interpreter.get_signature_runner("separate")(magnitude=magnitude)
        assert set(masks) == set(self.family.stems)
        return np.stack([masks[stem] for stem in self.family.stems])


def _network(name: str, stems: int, *, elu: bool, softmax: bool = False) -> GoldenNetwork:
    names = tuple(f"stem{number}" for number in range(stems))
    family = Family(
        name=name,
        stems=names,
        residual=names[-1],
        encoder=Activation.ELU if elu else Activation.LEAKY_RELU,
        decoder=Activation.ELU if elu else Activation.RELU,
        softmax=softmax,
        frames=64,
        bins=128,
    )
    with np.load(_FOLDER / name / "expected.npz") as stored:
        magnitude = (stored["loudness"].astype(np.float32) / 64) ** 2
        return GoldenNetwork(family, _FOLDER / name, magnitude, stored["masks"] / 65535)


@pytest.fixture(scope="session")
def leaky() -> GoldenNetwork:
    return _network("leaky-2", 2, elu=False)


@pytest.fixture(scope="session")
def elu() -> GoldenNetwork:
    return _network("elu-4", 4, elu=True)


@pytest.fixture(scope="session")
def softmax() -> GoldenNetwork:
    return _network("elu-softmax-2", 2, elu=True, softmax=True)


@pytest.fixture(params=["leaky", "elu", "softmax"])
def network(request: pytest.FixtureRequest) -> GoldenNetwork:
    found: GoldenNetwork = request.getfixturevalue(request.param)
    return found
