"""Build a separation model from a Spleeter checkpoint: the one call that the program uses."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.checkpoint import Checkpoint, open_checkpoint
from models.errors import ConversionError
from models.family import Family
from models.graph import write_network
from models.recipe import SHIPPED, Recipe
from models.weights import read_unets

MANIFEST_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class BuiltModel:
    """A model file that was just written.

    Attributes
    ----------
    path
        The TFLite file.
    sha256
        Its checksum, hexadecimal.
    manifest
        Its manifest: a whole TOML document with one `[[model]]` entry, to be written as
        `manifest.toml` beside the file.
    """

    path: Path
    sha256: str
    manifest: str


def build_model(
    checkpoint: Path,
    family: Family,
    output: Path,
    *,
    recipe: Recipe = SHIPPED,
    measured: Mapping[str, float] | None = None,
) -> BuiltModel:
    """Convert and quantize a checkpoint. The same checkpoint gives the same bytes.

    Parameters
    ----------
    checkpoint
        Folder with `model.index` and `model.data-00000-of-00001`.
    family
        Which network it is: an entry of `models.family.OFFICIAL`, or one's own.
    output
        The TFLite file to write: beside it first, then renamed into place.
    recipe
        Precision of the layers.
    measured
        Figures for the manifest, by name.

    Raises
    ------
    ConversionError
        The checkpoint is missing, damaged, of another network, or not the official one although
        the family's checksums are known; or the result cannot be written.
    """
    opened = open_checkpoint(checkpoint)
    source = _checksums(opened)
    for name, expected in family.sha256.items():
        if source.get(name) != expected:
            raise ConversionError(
                f"{checkpoint / name} is not the file that {family.name} was published with: "
                "its checksum differs.",
                "Copy or download the checkpoint again.",
            )
    data = write_network(family, read_unets(opened, len(family.stems)), recipe)
    _write(output, data)
    digest = hashlib.sha256(data).hexdigest()
    manifest = manifest_text(family, output.name, digest, source, measured or {})
    return BuiltModel(output, digest, manifest)


def manifest_text(
    family: Family,
    file: str,
    sha256: str,
    source: Mapping[str, str],
    measured: Mapping[str, float],
) -> str:
    """Return the manifest of one model file, TOML."""
    stems = ", ".join(_quoted(stem) for stem in family.stems)
    lines = [
        f"schema = {MANIFEST_SCHEMA}",
        "",
        "[[model]]",
        f"name = {_quoted(family.name)}",
        f"file = {_quoted(file)}",
        f"sha256 = {_quoted(sha256)}",
        'licence = "MIT"',
        "attribution = "
        + _quoted(
            "Spleeter by Deezer (https://github.com/deezer/spleeter). "
            "Copyright (c) 2019-present, Deezer SA."
        ),
        f"description = {_quoted(f'Spleeter, {len(family.stems)} stems: {_listed(family.stems)}')}",
        "",
        "[model.spec]",
        f"stems = [{stems}]",
        f"residual = {_quoted(family.residual)}",
        f"rate = {family.rate}",
        f"frame = {family.frame}",
        f"hop = {family.hop}",
        f"frames = {family.frames}",
        f"bins = {family.bins}",
        f"channels = {family.channels}",
        "",
        "[model.source]",
        *(f"{_quoted(name)} = {_quoted(digest)}" for name, digest in source.items()),
        *([f"origin = {_quoted(family.origin)}"] if family.origin else []),
    ]
    if measured:
        lines += [
            "",
            "[model.measured]",
            *(f"{name} = {value}" for name, value in measured.items()),
        ]
    return "\n".join(lines) + "\n"


def _checksums(checkpoint: Checkpoint) -> dict[str, str]:
    digests = {}
    for path in checkpoint.files():
        try:
            with path.open("rb") as file:
                digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as exc:
            raise ConversionError(
                f"The checkpoint file {path} cannot be read ({exc.strerror}).",
                "A checkpoint is a folder with model.index and model.data-00000-of-00001.",
            ) from exc
    return digests


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise ConversionError(
            f"The model file {path} cannot be written ({exc.strerror}).",
            "Choose a folder with enough space that you may write to.",
        ) from exc


def _quoted(text: str) -> str:
    """Return a TOML string; names and checksums hold neither control characters nor more."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _listed(stems: tuple[str, ...]) -> str:
    return f"{', '.join(stems[:-1])} and {stems[-1]}"
