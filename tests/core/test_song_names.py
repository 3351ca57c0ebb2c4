"""What names say of files."""

import pytest

from core.song_names import SONG_SUFFIXES, is_junk


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.mp3",
        "._resource.mp3",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "song.mp3.part",
        "song.mp3.partial",
        "song.mp3.filepart",
        "song.mp3.crdownload",
        "song.mp3.tmp",
        "song.mp3.!qB",
        ".syncthing.song.mp3.tmp",
        "song.mp3~",
        "@eaDir",
        "#recycle",
        "lost+found",
        ".stfolder",
        ".stversions",
    ],
)
def test_litter_and_unfinished_downloads_are_junk(name: str) -> None:
    assert is_junk(name)


@pytest.mark.parametrize("name", ["song.mp3", "part.mp3", "tmp.wav", "recycle", "a~b.mp3"])
def test_ordinary_names_are_not_junk(name: str) -> None:
    assert not is_junk(name)


def test_suffixes_are_lower_case_and_none_of_them_looks_unfinished() -> None:
    assert {suffix.lower() for suffix in SONG_SUFFIXES} == SONG_SUFFIXES
    assert not any(is_junk(f"song{suffix}") for suffix in SONG_SUFFIXES)
