"""Only a checkpoint comes out of an archive, and only into its folder."""

import io
import tarfile
from pathlib import Path

import pytest

from core.catalog.archive import extract_checkpoint
from core.errors import ModelError

CONTENT = {
    "model.index": b"index",
    "model.data-00000-of-00001": b"data" * 1000,
    "model.meta": b"graph",
    "checkpoint": b"text",
}


def member(name: str, data: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def write_tar(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return path


def good_members(prefix: str = "") -> list[tuple[tarfile.TarInfo, bytes]]:
    return [member(prefix + name, data) for name, data in CONTENT.items()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "inner" / "out"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("prefix", ["", "./"])
def test_checkpoint_is_unpacked(tmp_path: Path, folder: Path, prefix: str) -> None:
    top = [member("./", type=tarfile.DIRTYPE)] if prefix else []
    archive = write_tar(tmp_path / "a.tar.gz", *top, *good_members(prefix))
    extract_checkpoint(archive, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: CONTENT[name] for name in ("model.index", "model.data-00000-of-00001")
    }


def test_files_of_an_apple_archiver_stay_in_the_archive(tmp_path: Path, folder: Path) -> None:
    junk = member("./._model.index", b"resource fork")
    extract_checkpoint(write_tar(tmp_path / "a.tar.gz", junk, *good_members("./")), folder)
    assert not (folder / "._model.index").exists()


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (member("../model.index", b"x"), "leads out"),
        (member("sub/../../model.index", b"x"), "leads out"),
        (member("/tmp/model.index", b"x"), "leads out"),
        (member("model.index", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "a link"),
        (member("model.index", type=tarfile.LNKTYPE, linkname="../../x"), "a link"),
        (member("model.index", type=tarfile.CHRTYPE, devmajor=1, devminor=3), "neither"),
        (member("model.index", type=tarfile.FIFOTYPE), "neither"),
    ],
    ids=["parent", "hidden parent", "absolute", "symlink", "hard link", "device", "fifo"],
)
def test_unsafe_member_is_refused(
    tmp_path: Path, folder: Path, bad: tuple[tarfile.TarInfo, bytes], word: str
) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", bad, *good_members())
    with pytest.raises(ModelError, match=word):
        extract_checkpoint(archive, folder)
    assert list(folder.iterdir()) == []
    assert list(folder.parent.iterdir()) == [folder]


def test_member_twice_is_refused(tmp_path: Path, folder: Path) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", *good_members(), *good_members("./"))
    with pytest.raises(ModelError, match="twice"):
        extract_checkpoint(archive, folder)


def test_archive_that_unpacks_to_too_much_is_stopped_early(tmp_path: Path, folder: Path) -> None:
    bomb = member("model.data-00000-of-00001", bytes(8 << 20))
    archive = write_tar(tmp_path / "a.tar.gz", bomb, member("model.index", b"x"))
    assert archive.stat().st_size < 1 << 20
    with pytest.raises(ModelError, match="more than 1 MiB"):
        extract_checkpoint(archive, folder, max_unpacked=1 << 20)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 1 << 20


def test_bomb_in_a_member_that_is_skipped_is_stopped(tmp_path: Path, folder: Path) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", member("model.meta", bytes(8 << 20)))
    with pytest.raises(ModelError, match="more than 1 MiB"):
        extract_checkpoint(archive, folder, max_unpacked=1 << 20)


def test_too_many_members_are_refused(tmp_path: Path, folder: Path) -> None:
    crowd = [member(f"file{number}") for number in range(65)]
    with pytest.raises(ModelError, match="more than 64 members"):
        extract_checkpoint(write_tar(tmp_path / "a.tar.gz", *crowd), folder)


def test_truncated_archive_is_damaged(tmp_path: Path, folder: Path) -> None:
    whole = write_tar(tmp_path / "whole.tar.gz", *good_members()).read_bytes()
    for size in range(0, len(whole) - 8, 7):
        archive = tmp_path / "a.tar.gz"
        archive.write_bytes(whole[:size])
        with pytest.raises(ModelError, match=r"damaged|no checkpoint"):
            extract_checkpoint(archive, folder)
        for path in folder.iterdir():
            path.unlink()


def test_archive_that_is_no_archive_is_damaged(tmp_path: Path, folder: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_text("<html>Sign in to the hotel network</html>")
    with pytest.raises(ModelError, match="damaged"):
        extract_checkpoint(archive, folder)


@pytest.mark.parametrize("missing", ["model.index", "model.data-00000-of-00001"])
def test_archive_without_checkpoint_is_told(tmp_path: Path, folder: Path, missing: str) -> None:
    rest = [member(name, data) for name, data in CONTENT.items() if name != missing]
    with pytest.raises(ModelError, match="no checkpoint"):
        extract_checkpoint(write_tar(tmp_path / "a.tar.gz", *rest), folder)
