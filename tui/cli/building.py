"""From a checkpoint on disk to a model file and its manifest."""

import re
from pathlib import Path

from core.errors import ModelError, OutputError, UsageError
from models.build import BuiltModel, build_model
from models.checkpoint import open_checkpoint
from models.errors import ConversionError
from models.family import OFFICIAL, Family

MANIFEST = "manifest.toml"

CONVOLUTIONS = 7
"""Ordinary convolutions in one U-Net; a network has one U-Net for each stem."""


def build(checkpoint: Path, name: str | None, output: Path | None, *, overwrite: bool) -> Path:
    """Convert and quantize a checkpoint.

    Parameters
    ----------
    checkpoint
        Folder with `model.index` and its data file.
    name
        Which of the published networks it is; None tells them apart by their number of stems.
    output
        Folder for the model file and its manifest; made if it is not there. None: a folder called
        like the model, in the current one.
    overwrite
        Whether a model that is there already may be replaced.

    Returns
    -------
    Path
        The model file.

    Raises
    ------
    UsageError
        There is no such network.
    ModelError
        The checkpoint cannot be converted.
    OutputError
        The result is there already, or cannot be written.
    """
    try:
        family = _named(name) if name is not None else _recognized(checkpoint)
        folder = output if output is not None else Path(family.name)
        file = folder / f"{family.name}.tflite"
        for path in (file, folder / MANIFEST):
            if path.exists() and not overwrite:
                raise OutputError(
                    f"{path} is there already.",
                    "Use --overwrite to replace it, or another --output.",
                )
        built = _build_in(folder, checkpoint, family, file)
        (folder / MANIFEST).write_text(built.manifest, encoding="utf-8")
    except ConversionError as exc:
        raise ModelError(exc.title, exc.detail) from exc
    except OSError as exc:
        raise OutputError(
            f"{exc.filename or folder} cannot be written ({exc.strerror}).",
            "Choose a folder with enough space that you may write to.",
        ) from exc
    return built.path


def _build_in(folder: Path, checkpoint: Path, family: Family, file: Path) -> BuiltModel:
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return build_model(checkpoint, family, file)
    except ConversionError:
        if is_new:
            folder.rmdir()
        raise


def _named(name: str) -> Family:
    if name not in OFFICIAL:
        raise UsageError(f"There is no network {name!r}.", f"Choose from {', '.join(OFFICIAL)}.")
    return OFFICIAL[name]


def _recognized(checkpoint: Path) -> Family:
    kernels = [
        name
        for name in open_checkpoint(checkpoint).names
        if re.fullmatch(r"conv2d(_\d+)?/kernel", name)
    ]
    for family in OFFICIAL.values():
        if len(kernels) == CONVOLUTIONS * len(family.stems):
            return family
    raise ModelError(
        f"The checkpoint in {checkpoint} is none of the networks that can be built: "
        f"it has {len(kernels)} convolutions.",
        f"Known networks: {', '.join(OFFICIAL)}.",
    )
