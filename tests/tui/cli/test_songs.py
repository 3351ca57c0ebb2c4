"""Which files a typed path stands for."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tui.cli.songs import Found, Missing, find_songs, natural_key


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names_in(folder: Path, *, recursive: bool = False) -> list[str]:
    found = find_songs([folder], recursive=recursive)
    assert all(isinstance(item, Found) for item in found)
    return [str(item.path.relative_to(folder)) for item in found]


def test_folder_gives_its_songs_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "10 Finale.mp3", "2 Aria.flac", "1 overture.WAV", "notes.txt", "cover.jpg")
    assert names_in(tmp_path) == ["1 overture.WAV", "2 Aria.flac", "10 Finale.mp3"]


def test_inner_folders_only_when_asked(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3", "disc 2/b.mp3", "disc 10/c.mp3")
    assert names_in(tmp_path) == ["a.mp3"]
    assert names_in(tmp_path, recursive=True) == ["a.mp3", "disc 2/b.mp3", "disc 10/c.mp3"]


def test_junk_folders_are_not_looked_into(tmp_path: Path) -> None:
    touch(tmp_path, "@eaDir/a.mp3", ".stversions/b.mp3", "kept/c.mp3")
    assert names_in(tmp_path, recursive=True) == ["kept/c.mp3"]


def test_named_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    touch(tmp_path, ".secret", "song.xyz")
    songs = [tmp_path / ".secret", tmp_path / "song.xyz", tmp_path / "not there.mp3"]
    assert find_songs(songs, recursive=False) == [Found(song, named=True) for song in songs]


def test_folder_without_songs_says_so_and_names_recursive(tmp_path: Path) -> None:
    touch(tmp_path, "inner/a.mp3")
    (missing,) = find_songs([tmp_path], recursive=False)
    assert isinstance(missing, Missing)
    assert "holds no songs" in missing.error.title
    assert "--recursive" in missing.error.detail


def test_same_song_twice_is_one_song(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3", "b.mp3")
    (tmp_path / "link.mp3").symlink_to("a.mp3")
    dotted = tmp_path / "." / "a.mp3"
    found = find_songs([tmp_path / "a.mp3", dotted, tmp_path], recursive=False)
    assert [item.path.name for item in found] == ["a.mp3", "b.mp3"]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    touch(tmp_path, "music/a.mp3")
    (tmp_path / "music" / "loop").symlink_to(tmp_path / "music")
    assert names_in(tmp_path / "music", recursive=True) == ["a.mp3"]


def test_output_folder_inside_the_music_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3", "separated/a/vocals.wav")
    found = find_songs([tmp_path], recursive=True, leave_out=tmp_path / "separated")
    assert [item.path.name for item in found] == ["a.mp3"]


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder to write in, without the superuser's power to read everything."""
    with TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        nobody = 65534
        os.chown(name, nobody, nobody)
        os.seteuid(nobody)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


def test_unreadable_folder_does_not_hide_the_others(unprivileged: Path) -> None:
    touch(unprivileged, "closed/a.mp3", "open/b.mp3")
    (unprivileged / "closed").chmod(0)
    broken, song = find_songs([unprivileged], recursive=True)
    assert isinstance(broken, Missing)
    assert "Permission denied" in broken.error.title
    assert song.path.name == "b.mp3"


def test_paths_that_cannot_be_looked_at_are_left_to_whoever_opens_them(unprivileged: Path) -> None:
    touch(unprivileged, "closed/a.mp3")
    (unprivileged / "closed").chmod(0)
    (unprivileged / "loop").symlink_to("loop")
    paths = [unprivileged / "closed" / "a.mp3", unprivileged / "loop", unprivileged / ("x" * 300)]
    assert find_songs(paths, recursive=False) == [Found(path, named=True) for path in paths]


def test_natural_order_takes_numbers_by_value_and_ignores_capitals() -> None:
    names = ["b10", "B2", "a", "10", "9", "²"]
    assert sorted(names, key=natural_key) == ["9", "10", "a", "B2", "b10", "²"]
