"""How precisely each layer of a U-Net is stored and computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LAYERS = (
    *(f"conv{number}" for number in range(1, 7)),
    *(f"up{number}" for number in range(1, 7)),
    "last",
)
"""Names of a U-Net's layers: six convolutions, six transposed ones, the dilated one."""

_SMOOTH = 0.7


class Precision(StrEnum):
    """Storage and arithmetic of one convolution.

    The int8 kinds but WEIGHTS8 rest on the dynamic quantization of LiteRT's CPU kernels: float
    activations are rounded to 8 bits with the range they have in this very patch. Alone that
    destroys the separation, because the range of music is far wider than 8 bits. So the
    activations are split into two digits, each convolved in int8: see `layers.py`.
    """

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    """Stored as float16, computed in float32."""
    WEIGHTS8 = "int8 weights"
    """Stored as int8, computed in float32."""
    INT8 = "int8"
    """int8 weights, activations of two int8 digits: two int8 convolutions."""
    INT8_FINE = "int8 fine"
    """Weights of two int8 digits as well: three int8 convolutions (the product of both low
    digits is left out)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A precision for every layer.

    Attributes
    ----------
    name
        For people and for the file's description.
    precisions
        By layer name; a layer that is missing is FLOAT32.
    transposed
        True keeps the transposed convolutions as they are (the plain conversion, for
        comparison: slow, and at one size only); every layer is then FLOAT32.
    smoothness
        By layer name, how smooth the layer's input is taken to be when its weights are rounded
        (see `quantize`); 0.7 where nothing is said.
    """

    name: str
    precisions: Mapping[str, Precision]
    transposed: bool = False
    smoothness: Mapping[str, float] = field(default_factory=dict)

    def smoothness_of(self, layer: str) -> float:
        """Return the assumed correlation of neighbouring inputs of a layer."""
        return self.smoothness.get(layer, _SMOOTH)

    def __getitem__(self, layer: str) -> Precision:
        return self.precisions.get(layer, Precision.FLOAT32)


PLAIN = Recipe("float32, transposed convolutions", {}, transposed=True)
"""The network as it was trained, operation by operation."""

FLOAT = Recipe("float32", {})
"""All rewritings, no quantization."""

SHIPPED = Recipe(
    "int8 digits",
    {
        "conv4": Precision.INT8,
        "conv5": Precision.INT8_FINE,
        "conv6": Precision.INT8,
        "up1": Precision.INT8,
        "up2": Precision.INT8,
        "up3": Precision.INT8,
        "up4": Precision.INT8,
        "up5": Precision.INT8,
    },
    smoothness={"up2": 0.3},
)
"""The best of what was measured: MODEL_CARD.md has the table. It uses no recorded data, so it
holds for every network of the family."""

RECIPES: Mapping[str, Recipe] = {"plain": PLAIN, "float32": FLOAT, "int8": SHIPPED}
"""Recipes by the names that the command line takes."""
