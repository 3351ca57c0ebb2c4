"""Files and folders that appear whole, or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.library import durable
from core.library.durable import exchange_names, put_file, rename_new, write_new_file


@pytest.fixture(params=["renameat2", "rename"])
def every_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems that rename without replacing, and those that cannot."""
    if request.param == "rename":
        monkeypatch.setattr(durable, "_renameat2", lambda *_: False)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_new_file(path, b"one")
    with pytest.raises(FileExistsError):
        write_new_file(path, b"two")
    assert path.read_bytes() == b"one"
    link = tmp_path / "link"
    link.symlink_to("elsewhere")
    with pytest.raises(FileExistsError):
        write_new_file(link, b"two")
    assert names(tmp_path) == ["file", "link"]


@pytest.mark.parametrize(
    "function", ["write_new_file(path, data)", "put_file(path, data, replace=True)"]
)
def test_a_file_that_cannot_be_finished_is_not_there(tmp_path: Path, function: str) -> None:
    # A limit to the size of files stands for a disk that is full.
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from core.library.durable import put_file, write_new_file\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "path, data = Path(sys.argv[1]), bytes(5000)\n"
        f"try: {function}\n"
        "except OSError as exc: print(exc.strerror)\n"
    )
    child = [sys.executable, "-c", code, str(tmp_path / "file")]
    found = subprocess.run(child, capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("File too large\n", "")
    assert names(tmp_path) == []


@pytest.mark.usefixtures("every_system")
def test_a_file_is_replaced_only_when_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "file"
    put_file(path, b"one", replace=False)
    with pytest.raises(FileExistsError):
        put_file(path, b"two", replace=False)
    assert path.read_bytes() == b"one"
    put_file(path, b"three", replace=True)
    assert path.read_bytes() == b"three"
    assert names(tmp_path) == ["file"]


@pytest.mark.usefixtures("every_system")
def test_a_rename_replaces_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "a", tmp_path / "b")
    assert (names(tmp_path / "a"), names(tmp_path / "b")) == (["a"], ["b"])
    with pytest.raises(FileNotFoundError):
        rename_new(tmp_path / "none", tmp_path / "c")
    rename_new(tmp_path / "a", tmp_path / "c")
    assert names(tmp_path) == ["b", "c"]


def test_a_folder_that_somebody_fills_in_this_moment_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_renameat2", lambda *_: False)
    monkeypatch.setattr(durable.os.path, "lexists", lambda _: False)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "a", tmp_path / "b")
    assert (names(tmp_path / "a"), names(tmp_path / "b")) == (["a"], ["b"])


def test_two_names_are_exchanged(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").write_text("b")
    assert exchange_names(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").read_text() == "b"
    assert (tmp_path / "b").is_dir()
