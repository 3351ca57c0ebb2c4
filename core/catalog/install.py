"""Installing a published model: fetch, check, unpack, convert, register.

Everything is made in a folder whose name begins with a dot, inside the folder of the models, and
appears under the model's name by one rename when it is whole. A lock file, held for the whole
installation, keeps two installations apart; what a killed one left is therefore known to be dead
by whoever holds the lock, and is removed. Only the downloaded part is kept, to go on from.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from core.catalog.archive import extract_checkpoint
from core.catalog.download import Patience, fetch, fetch_text, forget
from core.catalog.registry import MANIFEST_NAME, read_installed, user_models_dir
from core.catalog.spleeter import (
    CHECKSUM_FILE,
    RELEASE_URL,
    Release,
    find_release,
    read_checksum,
)
from core.errors import ModelError
from core.separation.manifest import ModelEntry
from models.build import build_model
from models.errors import ConversionError
from models.family import OFFICIAL

BASE_URL_VARIABLE = "MINUSONE_MODEL_URL"

_LOCK = ".lock"
_DOWNLOADS = ".downloads"
_STAGING = ".install-"
_REPLACED = ".replaced-"


class Stage(StrEnum):
    """What an installation is doing."""

    WAITING = "waiting"
    """Another installation is under way."""
    DOWNLOADING = "downloading"
    CHECKING = "checking"
    UNPACKING = "unpacking"
    CONVERTING = "converting"
    REGISTERING = "registering"


@dataclass(frozen=True, slots=True)
class InstallProgress:
    """How far an installation has come.

    Attributes
    ----------
    stage
        The current step.
    done
        Bytes that are here, while downloading; 0 otherwise.
    total
        Bytes there will be, while downloading; None where that is not known.
    """

    stage: Stage
    done: int = 0
    total: int | None = None


Progress = Callable[[InstallProgress], None]


def install_model(
    name: str,
    *,
    base_url: str | None = None,
    archive: Path | None = None,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> ModelEntry:
    """Fetch a published model, convert it and make it known.

    A model of the same name that is already installed is replaced when the new one is whole.

    Parameters
    ----------
    name
        One of `core.catalog.spleeter.RELEASES`.
    base_url
        Where the archives and `checksum.json` are. Default: the environment variable
        `MINUSONE_MODEL_URL`, else Deezer's release page.
    archive
        An archive that is already here; nothing is fetched then. It is accepted when its
        checksum is the published one, or the one in a `checksum.json` beside it.
    progress
        Called at the beginning of each stage and after each downloaded block.
    patience
        How long to go on with a server that does not deliver.

    Returns
    -------
    ModelEntry
        The model as `find_model` gives it from now on.

    Raises
    ------
    ModelError
        Whatever went wrong. Then the models are as they were before.
    """
    release = find_release(name)
    report = progress or _silent
    root = user_models_dir()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root, report):
            _sweep(root)
            if archive is not None:
                report(InstallProgress(Stage.CHECKING))
                _check_local(archive, release)
                return _install(root, release, archive, report)
            url = base_url or os.environ.get(BASE_URL_VARIABLE) or RELEASE_URL
            fetched = _download(root, release, url.rstrip("/"), report, patience or Patience())
            entry = _install(root, release, fetched, report)
            forget(fetched)
            return entry
    except OSError as exc:
        raise ModelError(
            f"The model {name} could not be installed in {root} ({exc.strerror or exc}).",
            "Give this folder space and write permission, or name another one in "
            "MINUSONE_MODELS_DIR.",
        ) from exc


def _download(
    root: Path, release: Release, base_url: str, report: Progress, patience: Patience
) -> Path:
    """Bring the archive here, whole and with the checksum that its index promises."""
    url = f"{base_url}/{release.archive}"
    index_url = f"{base_url}/{CHECKSUM_FILE}"
    report(InstallProgress(Stage.DOWNLOADING))
    # The first contact tells whether there is a network at all: nobody waits long for that.
    brief = replace(patience, attempts=min(2, patience.attempts))
    expected = read_checksum(fetch_text(index_url, patience=brief), release, index_url)
    folder = root / _DOWNLOADS
    folder.mkdir(exist_ok=True)
    target = folder / f"{release.archive}.part"

    def count(done: int, total: int | None) -> None:
        report(InstallProgress(Stage.DOWNLOADING, done, total))

    kept = fetch(url, target, report=count, patience=patience)
    report(InstallProgress(Stage.CHECKING))
    if _sha256(target) != expected and kept:
        # The bytes of an earlier attempt may have suffered with the machine that wrote them.
        forget(target)
        fetch(url, target, report=count, patience=patience)
        report(InstallProgress(Stage.CHECKING))
    if _sha256(target) != expected:
        forget(target)
        raise ModelError(
            f"What {url} sent is not what {index_url} promises: the checksums differ.",
            "Try again later; if it stays so, the download is damaged or was replaced on its way.",
        )
    return target


def _check_local(archive: Path, release: Release) -> None:
    try:
        digest = _sha256(archive)
    except OSError as exc:
        raise ModelError(f"The archive {archive} cannot be read ({exc.strerror}).") from exc
    if digest == release.sha256:
        return
    index = archive.with_name(CHECKSUM_FILE)
    if not index.is_file():
        raise ModelError(
            f"The archive {archive} is not the published {release.archive}: "
            "its checksum is another one.",
            f"Fetch it again from {RELEASE_URL}/{release.archive}, or, if it comes from elsewhere "
            f"and you trust it, put that place's {CHECKSUM_FILE} beside it.",
        )
    if digest != read_checksum(index.read_text("utf-8", "replace"), release, str(index)):
        raise ModelError(
            f"The archive {archive} is damaged: its checksum is not the one in {index}.",
            "Fetch it again.",
        )


def _install(root: Path, release: Release, archive: Path, report: Progress) -> ModelEntry:
    """Make the model in a folder of its own, then let it appear."""
    staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=root))
    try:
        report(InstallProgress(Stage.UNPACKING))
        checkpoint = staging / "checkpoint"
        checkpoint.mkdir()
        extract_checkpoint(archive, checkpoint)
        report(InstallProgress(Stage.CONVERTING))
        folder = staging / release.name
        folder.mkdir(mode=0o755)
        _convert(release, checkpoint, folder)
        read_installed(folder).verify()
        report(InstallProgress(Stage.REGISTERING))
        _publish(folder, root / release.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return read_installed(root / release.name)


def _convert(release: Release, checkpoint: Path, folder: Path) -> None:
    """Write the model file and its manifest into a folder."""
    try:
        built = build_model(checkpoint, OFFICIAL[release.name], folder / f"{release.name}.tflite")
    except ConversionError as exc:
        raise ModelError(exc.title, exc.detail) from exc
    (folder / MANIFEST_NAME).write_text(built.manifest, encoding="utf-8")


def _publish(folder: Path, place: Path) -> None:
    for path in (*folder.iterdir(), folder):
        _sync(path)
    replaced = place.with_name(f"{_REPLACED}{place.name}")
    had_one = place.exists()
    if had_one:
        place.rename(replaced)
    try:
        folder.rename(place)
    except OSError:
        if had_one:
            replaced.rename(place)
        raise
    _sync(place.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _alone(root: Path, report: Progress) -> Iterator[None]:
    """Hold the lock of the model folder; it falls when the process ends, however it does."""
    with (root / _LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(InstallProgress(Stage.WAITING))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sweep(root: Path) -> None:
    """Remove what killed installations left; bring back what one of them had put aside."""
    for path in root.iterdir():
        if path.name.startswith(_REPLACED):
            place = root / path.name.removeprefix(_REPLACED)
            if not place.exists():
                path.rename(place)
                continue
        elif not path.name.startswith(_STAGING):
            continue
        shutil.rmtree(path, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _silent(progress: InstallProgress) -> None:
    """Report to nobody."""
