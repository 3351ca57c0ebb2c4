"""The library's folder, and how tracks come into it."""

import contextlib
import errno
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import LibraryError, OutputError
from core.library import durable
from core.library.root import (
    LIBRARY_MARK,
    STAGING,
    RootState,
    adopt_library,
    clear_staging,
    create_library,
    exchange_folder,
    found_library,
    publish_folder,
    staging_folder,
)
from core.transient import is_transient_error


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "library"
    create_library(path)
    return path


@pytest.fixture(params=["renameat2", "rename"])
def every_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems that rename without replacing, and those that cannot."""
    if request.param == "rename":
        monkeypatch.setattr(durable, "_renameat2", lambda *_: False)


@pytest.fixture
def without_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "_renameat2", lambda *_: False)


def staged(library: Path, job: int = 1, text: str = "new") -> Path:
    folder = staging_folder(library, job)
    folder.mkdir(parents=True)
    (folder / "vocals.flac").write_text(text)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_library_is_made_and_found(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "library"
    library_id = create_library(path)
    assert str(uuid.UUID(library_id)) == library_id
    assert names(path) == [LIBRARY_MARK]
    found = found_library(path, library_id)
    assert (found.state, found.text, found.library_id) == (RootState.READY, "", library_id)


def test_a_folder_that_is_there_becomes_a_library(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    assert found_library(tmp_path, create_library(tmp_path)).state is RootState.READY


def test_an_unmounted_drive_is_no_empty_library(tmp_path: Path) -> None:
    missing = found_library(tmp_path / "gone", "x")
    assert missing.state is RootState.MISSING
    assert "is not there" in missing.text
    empty = found_library(tmp_path, "x")
    assert (empty.state, empty.library_id) == (RootState.STRANGE, None)
    assert "mounted" in empty.text
    assert names(tmp_path) == []


def test_another_library_is_told_apart(library: Path) -> None:
    for wanted in (str(uuid.uuid4()), None):
        found = found_library(library, wanted)
        assert found.state is RootState.STRANGE
        assert found.library_id is not None
        assert "not the one" in found.text


def test_a_file_is_no_library(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    assert found_library(path, "x").state is RootState.STRANGE
    with pytest.raises(LibraryError, match="no folder"):
        create_library(path)
    path.unlink()
    path.symlink_to("nowhere")
    assert found_library(path, "x").state is RootState.MISSING, "a link to a drive, perhaps"


@pytest.mark.parametrize("mark", [b"", b"\n", b"no id\n", b"\xff" * 3000])
def test_a_mark_that_says_nothing_is_strange(library: Path, mark: bytes) -> None:
    (library / LIBRARY_MARK).write_bytes(mark)
    assert found_library(library, "x").state is RootState.STRANGE


def test_a_library_that_does_not_answer_is_missing(tmp_path: Path) -> None:
    found = found_library(tmp_path / ("x" * 300), "x")
    assert found.state is RootState.MISSING
    assert "cannot be reached" in found.text
    (tmp_path / LIBRARY_MARK).mkdir()
    assert found_library(tmp_path, "x").state is RootState.MISSING


def test_a_library_is_not_made_twice(library: Path) -> None:
    before = (library / LIBRARY_MARK).read_bytes()
    with pytest.raises(LibraryError, match="another database"):
        create_library(library)
    assert (library / LIBRARY_MARK).read_bytes() == before
    assert names(library) == [LIBRARY_MARK]


def test_only_one_of_many_makes_the_library(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    made: list[str] = []

    def make() -> None:
        barrier.wait(10)
        with contextlib.suppress(LibraryError):
            made.append(create_library(tmp_path / "library"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert found_library(tmp_path / "library", made[0]).state is RootState.READY
    assert names(tmp_path / "library") == [LIBRARY_MARK]


def test_a_folder_can_be_adopted(library: Path) -> None:
    other = str(uuid.uuid4())
    adopt_library(library, other)
    assert found_library(library, other).state is RootState.READY
    assert names(library) == [LIBRARY_MARK]
    with pytest.raises(OutputError, match="cannot be written"):
        adopt_library(library / "gone", other)


def test_each_attempt_has_a_folder_of_its_own(library: Path) -> None:
    one, other = staging_folder(library, 7), staging_folder(library, 7)
    assert one != other
    assert one.parent == other.parent == library / STAGING
    assert one.name.startswith("7-")
    assert not one.exists()


@pytest.mark.usefixtures("every_system")
class TestPublish:
    def test_a_folder_gets_its_name(self, library: Path) -> None:
        folder = staged(library)
        publish_folder(folder, library, "Queen - Innuendo")
        assert names(library / "Queen - Innuendo") == ["vocals.flac"]
        assert names(library / STAGING) == []

    @pytest.mark.parametrize("kind", ["full", "file", "link"])
    def test_nothing_is_replaced(self, library: Path, kind: str) -> None:
        place = library / "Song"
        if kind == "full":
            place.mkdir()
            (place / "old").touch()
        elif kind == "file":
            place.touch()
        else:
            place.symlink_to("nowhere")
        folder = staged(library)
        with pytest.raises(FileExistsError):
            publish_folder(folder, library, "Song")
        assert names(folder) == ["vocals.flac"]
        assert os.path.lexists(place)
        assert not (place / "vocals.flac").exists()

    @pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", ".hidden", "a\0b"])
    def test_a_name_that_leads_elsewhere_is_refused(self, library: Path, name: str) -> None:
        folder = staged(library)
        with pytest.raises(LibraryError, match="no name"):
            publish_folder(folder, library, name)
        assert names(folder) == ["vocals.flac"]

    def test_a_library_that_has_gone_is_an_error(self, library: Path, tmp_path: Path) -> None:
        folder = staged(library)
        with pytest.raises(LibraryError, match="not there any more"):
            publish_folder(folder, tmp_path / "gone", "Song")
        with pytest.raises(LibraryError, match="not there any more"):
            publish_folder(library / STAGING / "gone", library, "Song")
        assert names(folder) == ["vocals.flac"]

    def test_another_disk_is_an_error(self, library: Path) -> None:
        folder = staged(library)
        elsewhere = Path("/dev/shm") / f"minusone-{uuid.uuid4()}"
        elsewhere.mkdir()
        try:
            assert elsewhere.stat().st_dev != folder.stat().st_dev
            with pytest.raises(OutputError, match="Song cannot be written"):
                publish_folder(folder, elsewhere, "Song")
        finally:
            elsewhere.rmdir()
        assert names(folder) == ["vocals.flac"]


def test_one_of_many_gets_the_name(library: Path) -> None:
    folders = [staged(library, job, str(job)) for job in range(8)]
    barrier = threading.Barrier(len(folders))
    taken: list[Path] = []

    def publish(folder: Path) -> None:
        barrier.wait(10)
        try:
            publish_folder(folder, library, "Song")
        except FileExistsError:
            taken.append(folder)

    threads = [threading.Thread(target=publish, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(folders) - 1
    assert len({path.read_text() for path in library.rglob("vocals.flac")}) == len(folders)


@pytest.mark.usefixtures("every_system")
class TestExchange:
    def test_the_former_folder_is_in_the_staging_area_afterwards(self, library: Path) -> None:
        publish_folder(staged(library, 1, "old"), library, "Song")
        folder = staged(library, 2, "new")
        exchange_folder(folder, library / "Song")
        assert (library / "Song" / "vocals.flac").read_text() == "new"
        assert (folder / "vocals.flac").read_text() == "old"
        assert names(library / STAGING) == [folder.name]
        assert clear_staging(library) == 1
        assert names(library) == sorted([STAGING, LIBRARY_MARK, "Song"])

    def test_a_folder_that_is_not_there_is_an_error(self, library: Path) -> None:
        folder = staged(library)
        with pytest.raises(LibraryError, match="not there any more"):
            exchange_folder(folder, library / "Song")
        assert names(folder) == ["vocals.flac"]
        publish_folder(folder, library, "Song")
        with pytest.raises(LibraryError, match="not there any more"):
            exchange_folder(folder, library / "Song")
        assert names(library / "Song") == ["vocals.flac"]


@pytest.mark.usefixtures("without_exchange")
def test_an_exchange_that_fails_half_way_is_undone(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_folder(staged(library, 1, "old"), library, "Song")
    folder = staged(library, 2, "new")
    rename = Path.rename

    def full(source: Path, target: Path) -> Path:
        if source == folder:
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OutputError, match="the disk is full") as caught:
        exchange_folder(folder, library / "Song")
    assert is_transient_error(caught.value)
    assert (library / "Song" / "vocals.flac").read_text() == "old"
    assert (folder / "vocals.flac").read_text() == "new"


def test_a_folder_whose_replacement_never_came_goes_back(library: Path) -> None:
    old = staged(library, 1, "old").rename(library / STAGING / "Song.replaced")
    new = staged(library, 2, "new")
    assert clear_staging(library) == 1
    assert not old.exists()
    assert not new.exists()
    assert (library / "Song" / "vocals.flac").read_text() == "old"


def test_a_folder_whose_replacement_came_is_removed(library: Path) -> None:
    publish_folder(staged(library, 2, "new"), library, "Song")
    staged(library, 1, "old").rename(library / STAGING / "Song.replaced")
    assert clear_staging(library) == 1
    assert (library / "Song" / "vocals.flac").read_text() == "new"
    assert names(library / STAGING) == []


def test_leftovers_are_removed_and_folders_in_use_are_kept(library: Path) -> None:
    kept = staged(library, 1)
    staged(library, 2)
    (library / STAGING / "file.part").touch()
    assert clear_staging(library, keep=[kept]) == 2
    assert names(library / STAGING) == [kept.name]
    assert names(kept) == ["vocals.flac"]


def test_nothing_to_clear(library: Path, tmp_path: Path) -> None:
    assert clear_staging(library) == 0
    assert clear_staging(tmp_path / "gone") == 0


def test_links_are_removed_and_not_followed(library: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    folder = staged(library)
    (folder / "inside").symlink_to(precious)
    (library / STAGING / "link").symlink_to(precious)
    (library / STAGING / "Song.replaced").symlink_to(precious)
    assert clear_staging(library) == 3
    assert names(precious) == ["file"]
    assert names(library / STAGING) == []


def test_a_staging_area_that_is_a_link_is_refused(library: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (library / STAGING).symlink_to(precious)
    with pytest.raises(LibraryError, match="is a link"):
        clear_staging(library)
    assert names(precious) == ["file"]


_PUBLISHING = """
import sys
from pathlib import Path
from core.library import durable
from core.library.root import exchange_folder, publish_folder, staging_folder

library = Path(sys.argv[1])
if sys.argv[2] == "rename":
    durable._renameat2 = lambda *_: False
for number in range(10**6):
    folder = staging_folder(library, number)
    folder.mkdir(parents=True)
    for stem in ("vocals", "accompaniment"):
        (folder / stem).write_text("x" * 10000)
    (folder / "whole").touch()
    if number % 3 == 2:
        exchange_folder(folder, library / f"Song {number - 1}")
    else:
        publish_folder(folder, library, f"Song {number}")
    if number == 5:
        print("under way", flush=True)
"""


@pytest.fixture(params=["renameat2", "rename"])
def publishing(library: Path, request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[str]"]:
    child = subprocess.Popen(
        [sys.executable, "-c", _PUBLISHING, str(library), request.param],
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        yield child
        child.kill()


def test_a_kill_leaves_only_whole_folders(
    library: Path, publishing: "subprocess.Popen[str]"
) -> None:
    assert publishing.stdout is not None
    assert publishing.stdout.readline() == "under way\n"
    publishing.kill()
    publishing.wait(10)
    clear_staging(library)
    assert names(library / STAGING) == []
    songs = [folder for folder in library.iterdir() if folder.name.startswith("Song")]
    assert len(songs) >= 4
    for song in songs:
        assert names(song) == ["accompaniment", "vocals", "whole"]
