"""What holds up the queue."""

from pathlib import Path

import pytest

from core.library.root import create_library
from daemon.conditions import look

GB = 10**9


@pytest.fixture
def library(tmp_path: Path) -> tuple[Path, str]:
    folder = tmp_path / "library"
    return folder, create_library(folder)


def test_nothing_is_in_the_way(library: tuple[Path, str]) -> None:
    found = look(*library, reserve=GB, paused=False, free=lambda _: 5 * GB)
    assert (found.waiting, found.free_bytes, found.library_ready) == ("", 5 * GB, True)


def test_a_disk_that_is_nearly_full_says_how_much_is_wanted(library: tuple[Path, str]) -> None:
    found = look(*library, reserve=2 * GB, paused=False, free=lambda _: GB)
    assert "1.0 GB" in found.waiting
    assert "2.0 GB" in found.waiting
    assert found.library_ready


def test_a_paused_queue_says_how_to_go_on(library: tuple[Path, str]) -> None:
    assert "minusone jobs resume" in look(*library, reserve=0, paused=True).waiting


def test_the_real_disk_is_asked(library: tuple[Path, str]) -> None:
    assert (look(*library, reserve=0, paused=False).free_bytes or 0) > 0


@pytest.mark.parametrize("what", ["missing", "empty", "other"])
def test_a_library_that_is_away_is_waited_for(library: tuple[Path, str], what: str) -> None:
    folder, library_id = library
    folder.rename(folder.with_name("unplugged"))
    if what == "empty":
        folder.mkdir()
    if what == "other":
        create_library(folder)
    found = look(folder, library_id, 0, paused=False)
    assert found.waiting
    assert not found.library_ready
    assert found.free_bytes is None


def test_a_disk_that_does_not_answer_is_waited_for(library: tuple[Path, str]) -> None:
    def stumble(folder: Path) -> int:
        raise OSError(5, "Input/output error")

    found = look(*library, reserve=0, paused=False, free=stumble)
    assert "Input/output error" in found.waiting
    assert not found.library_ready
