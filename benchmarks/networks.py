"""Networks to time: the shipped model, and float32 forms of it built from the checkpoint."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core.catalog.registry import find_model
from core.separation.manifest import ModelEntry
from models.build import build_model
from models.family import OFFICIAL
from models.recipe import FLOAT, PLAIN, Recipe
from models.weights import LEVELS

CHECKPOINT_VARIABLE = "MINUSONE_CHECKPOINT"
PLAIN_NAME = "float32, plain"

_VARIANTS: tuple[tuple[str, Recipe], ...] = (
    (PLAIN_NAME, PLAIN),
    ("float32, rewritten", FLOAT),
)

# The family's own shapes: what the weights' shapes of every published checkpoint are.
_FILTERS = (16, 32, 64, 128, 256, 512)
_TAPS = 25
_LAST_TAPS = 16


@dataclass(frozen=True, slots=True)
class Variant:
    """One form of a model: its name in the table, and the file with its signal contract."""

    name: str
    entry: ModelEntry


@contextmanager
def variants(model: str, checkpoint: Path | None) -> Iterator[list[Variant]]:
    """Give the forms of a model, the plain one first where the checkpoint is known.

    Parameters
    ----------
    model
        Name of an installed model, one of Spleeter's.
    checkpoint
        Folder with `model.index`; None leaves the float32 forms out.
    """
    shipped = find_model(model)
    with TemporaryDirectory() as folder:
        found = []
        if checkpoint is not None:
            for number, (name, recipe) in enumerate(_VARIANTS):
                path = Path(folder) / f"{number}.tflite"
                built = build_model(checkpoint, OFFICIAL[model], path, recipe=recipe)
                entry = replace(shipped, name=name, path=path, sha256=built.sha256)
                found.append(Variant(name, entry))
        found.append(Variant("shipped", shipped))
        yield found


def checkpoint_from_environment() -> Path | None:
    """Return the folder that MINUSONE_CHECKPOINT names, None where it is not set."""
    value = os.environ.get(CHECKPOINT_VARIABLE)
    return Path(value) if value else None


def multiplications(frames: int, bins: int, channels: int, stems: int) -> int:
    """Count the multiply-accumulates of one patch in the network as it was trained.

    Rewriting adds taps that are zero and the quantization convolves twice: such work is not
    counted, so that achieved rates compare what the networks are for.

    Parameters
    ----------
    frames, bins, channels
        T, F and audio channels of the patch.
    stems
        Number of U-Nets.
    """
    total = 0
    inputs = channels
    for level, outputs in enumerate(_FILTERS, start=1):
        total += (frames >> level) * (bins >> level) * _TAPS * inputs * outputs
        inputs = outputs
    # A transposed convolution spreads each input over 25 outputs; its inputs are the decoder's
    # last outputs and, but for the innermost, the skip connection of the same level.
    for level in range(LEVELS, 0, -1):
        skip = 0 if level == LEVELS else _FILTERS[level - 1]
        outputs = 1 if level == 1 else _FILTERS[level - 2]
        decoded = _FILTERS[LEVELS - 1] if level == LEVELS else _FILTERS[level - 1]
        total += (frames >> level) * (bins >> level) * _TAPS * (skip + decoded) * outputs
    total += frames * bins * _LAST_TAPS * channels
    return total * stems
