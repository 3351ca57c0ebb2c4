"""The models this installation knows: the bundled ones and those in the user's model folder.

A user's model is a folder `<user_models_dir>/<name>/` with a `manifest.toml` and the model file.
It appears there by one rename (see `core.catalog.install`), so a folder is a whole model or is
not there. Names that begin with a dot are work in progress and are never looked at.
"""

import difflib
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import platformdirs

from core.catalog.spleeter import RELEASES
from core.errors import ModelError
from core.separation.manifest import ModelEntry, read_manifest

MANIFEST_NAME = "manifest.toml"

MODELS_DIR_VARIABLE = "MINUSONE_MODELS_DIR"

INSTALLABLE = tuple(RELEASES)
"""Names that `minusone models install` can fetch and convert."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything found, and everything that could not be read.

    Attributes
    ----------
    entries
        Bundled models first, then installed ones by name. An installed model stands in for a
        bundled one of the same name: that is how a damaged built-in model is repaired.
    problems
        One error per manifest that could not be read, with the name of the folder it concerns.
    """

    entries: tuple[ModelEntry, ...]
    problems: tuple["BrokenModel", ...]


@dataclass(frozen=True, slots=True)
class BrokenModel:
    """A manifest that could not be read.

    Attributes
    ----------
    name
        The model's name where its folder tells it; empty for the bundled manifest.
    error
        What is wrong with it.
    """

    name: str
    error: ModelError


def bundled_manifest() -> Path:
    """Path of the manifest that comes with the program."""
    return Path(str(files("models").joinpath(MANIFEST_NAME)))


def user_models_dir() -> Path:
    """Folder of the installed models; need not exist yet.

    `MINUSONE_MODELS_DIR` overrides the place; otherwise it is `minusone/models` in the user's
    data folder (`~/.local/share` on Linux).
    """
    override = os.environ.get(MODELS_DIR_VARIABLE)
    if override:
        return Path(override).expanduser().absolute()
    return platformdirs.user_data_path("minusone", appauthor=False) / "models"


def read_catalog() -> Catalog:
    """Read the bundled manifest and every installed one.

    No model file is opened: use `ModelEntry.verify` for that.
    """
    problems: list[BrokenModel] = []
    entries: dict[str, ModelEntry] = {}
    try:
        entries.update((entry.name, entry) for entry in read_manifest(bundled_manifest()))
    except ModelError as error:
        problems.append(BrokenModel("", error))
    for folder in _installed_folders(problems):
        try:
            entry = read_installed(folder)
        except ModelError as error:
            problems.append(BrokenModel(folder.name, error))
        else:
            entries[entry.name] = entry
    return Catalog(tuple(entries.values()), tuple(problems))


def list_models() -> list[ModelEntry]:
    """Every model that can be asked for, bundled ones first.

    See Also
    --------
    read_catalog : also says which manifests could not be read.
    """
    return list(read_catalog().entries)


def find_model(name: str) -> ModelEntry:
    """Look a model up by name.

    Raises
    ------
    ModelError
        No such model (the message lists those there are, or how to install this one), or its
        manifest is broken.
    """
    catalog = read_catalog()
    for problem in catalog.problems:
        if problem.name == name:
            raise problem.error
    for entry in catalog.entries:
        if entry.name == name:
            return entry
    for problem in catalog.problems:
        if not problem.name:  # The bundled manifest, or the whole folder: this one may be there.
            raise problem.error
    known = [entry.name for entry in catalog.entries]
    if name in INSTALLABLE:
        raise ModelError(
            f"The model {name} is not installed.",
            f"Install it with: minusone models install {name}",
        )
    near = difflib.get_close_matches(name, [*known, *INSTALLABLE], n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    more = [installable for installable in INSTALLABLE if installable not in known]
    can_install = f" Can be installed: {', '.join(more)}." if more else ""
    raise ModelError(
        f"There is no model called {name!r}.",
        f"Installed: {', '.join(known) or 'none'}.{can_install}{hint}",
    )


def read_installed(folder: Path) -> ModelEntry:
    """Read the one entry of an installed model's folder.

    Raises
    ------
    ModelError
        The manifest cannot be read, or describes something else than this one model.
    """
    entries = read_manifest(folder / MANIFEST_NAME)
    if [entry.name for entry in entries] != [folder.name]:
        raise ModelError(
            f"The model manifest {folder / MANIFEST_NAME} does not describe "
            f"the one model {folder.name}.",
            f"Install it again: minusone models install {folder.name}",
        )
    return entries[0]


def _installed_folders(problems: list[BrokenModel]) -> list[Path]:
    root = user_models_dir()
    try:
        return sorted(
            folder
            for folder in root.iterdir()
            if not folder.name.startswith(".") and (folder / MANIFEST_NAME).exists()
        )
    except FileNotFoundError:
        return []
    except OSError as exc:
        problems.append(
            BrokenModel("", ModelError(f"The folder {root} cannot be read ({exc.strerror})."))
        )
        return []
