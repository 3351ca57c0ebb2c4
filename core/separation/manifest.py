"""What a model file is: its manifest entry, read from TOML and checked before it is loaded."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelError

MANIFEST_SCHEMA = 1

_REINSTALL = (
    "For a built-in model, install minusone again; for another, delete its folder and run: "
    "minusone models install NAME"
)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The contract between a mask network and the signal path around it.

    Attributes
    ----------
    stems
        Names of the outputs, in the order of the network.
    residual
        The stem that takes what the others leave of the mix (resampling losses, ultrasound).
    rate
        Sampling rate of the network, Hz.
    frame, hop
        STFT frame and hop, samples.
    frames, bins
        T and F of one patch as the file was written (F can be resized: the network is fully
        convolutional).
    channels
        Audio channels of one patch.
    """

    stems: tuple[str, ...]
    residual: str
    rate: int
    frame: int
    hop: int
    frames: int
    bins: int
    channels: int


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model that this installation knows.

    Attributes
    ----------
    name
        What `--model` takes.
    path
        The TFLite file.
    sha256
        Checksum of that file, hexadecimal.
    spec
        The signal contract.
    licence, attribution, description, source
        For people: shown by `minusone models list`.
    measured
        Figures measured when the model was made, by name.
    """

    name: str
    path: Path
    sha256: str
    spec: ModelSpec
    licence: str
    attribution: str
    description: str
    source: Mapping[str, str]
    measured: Mapping[str, float]

    def verify(self) -> None:
        """Compare the file with its checksum.

        Raises
        ------
        ModelError
            The file is missing or differs from its manifest.
        """
        try:
            with self.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as exc:
            raise ModelError(
                f"The model file {self.path} cannot be read ({exc.strerror}).",
                f"Install it again: minusone models install {self.name}",
            ) from exc
        if digest != self.sha256:
            raise ModelError(
                f"The model file {self.path} is damaged: its checksum is not the manifest's.",
                "Install minusone again for the built-in model, or run: "
                f"minusone models install {self.name}",
            )


def read_manifest(path: Path) -> list[ModelEntry]:
    """Read every entry of a manifest file; model files stand beside it.

    Raises
    ------
    ModelError
        The manifest is missing, is not TOML, has an unknown schema, or an entry lacks a key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ModelError(
            f"The model manifest {path} cannot be read ({exc.strerror}).", _REINSTALL
        ) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ModelError(f"The model manifest {path} is not valid TOML: {exc}", _REINSTALL) from exc
    if document.get("schema") != MANIFEST_SCHEMA:
        raise ModelError(
            f"The model manifest {path} has schema {document.get('schema')!r}; "
            f"this version reads schema {MANIFEST_SCHEMA}.",
            _REINSTALL,
        )
    return [_entry(table, path) for table in document.get("model", [])]


def _entry(table: Mapping[str, Any], manifest: Path) -> ModelEntry:
    try:
        spec = table["spec"]
        entry = ModelEntry(
            name=str(table["name"]),
            path=manifest.parent / str(table["file"]),
            sha256=str(table["sha256"]).lower(),
            spec=ModelSpec(
                stems=tuple(str(stem) for stem in spec["stems"]),
                residual=str(spec["residual"]),
                rate=int(spec["rate"]),
                frame=int(spec["frame"]),
                hop=int(spec["hop"]),
                frames=int(spec["frames"]),
                bins=int(spec["bins"]),
                channels=int(spec["channels"]),
            ),
            licence=str(table["licence"]),
            attribution=str(table["attribution"]),
            description=str(table["description"]),
            source={str(k): str(v) for k, v in table.get("source", {}).items()},
            measured={str(k): float(v) for k, v in table.get("measured", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise ModelError(
            f"An entry of the model manifest {manifest} is incomplete or malformed: {exc!r}",
            _REINSTALL,
        ) from exc
    if entry.spec.residual not in entry.spec.stems:
        raise ModelError(
            f"The model manifest {manifest} names a residual stem "
            f"{entry.spec.residual!r} that {entry.name} does not have.",
            _REINSTALL,
        )
    return entry
