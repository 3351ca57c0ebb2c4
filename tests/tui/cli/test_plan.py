"""Two songs never write to one file, and none writes over a song."""

from collections.abc import Iterable
from pathlib import Path

from core.errors import AudioError
from tui.cli.plan import Refused, Task, make_plan
from tui.cli.songs import Found, Missing


def spleeter_names(song: Path) -> Iterable[Path]:
    return [Path("/out", song.stem, f"{stem}.wav") for stem in ("vocals", "accompaniment")]


def in_place(song: Path) -> Iterable[Path]:
    return [song.with_name("vocals.wav")]


def named(*songs: str) -> list[Found | Missing]:
    return [Found(Path(song), named=True) for song in songs]


def test_songs_of_different_names_are_all_taken() -> None:
    plan = make_plan(named("/m/a.mp3", "/m/b.mp3"), spleeter_names)
    assert plan == [Task(Path("/m/a.mp3")), Task(Path("/m/b.mp3"))]


def test_second_song_with_the_same_outputs_is_refused() -> None:
    first, second, third = make_plan(named("/m/a.mp3", "/m/a.flac", "/m/b.mp3"), spleeter_names)
    assert first == Task(Path("/m/a.mp3"))
    assert third == Task(Path("/m/b.mp3"))
    assert isinstance(second, Refused)
    assert second.path == Path("/m/a.flac")
    for expected in ("/m/a.mp3", "/m/a.flac", "/out/a/vocals.wav"):
        assert expected in second.error.title
    assert "--filename-format" in second.error.detail


def test_same_name_in_two_folders_is_told_the_pattern_that_helps() -> None:
    _, second = make_plan(named("/one/a.mp3", "/two/a.mp3"), spleeter_names)
    assert isinstance(second, Refused)
    assert "{foldername}/{filename}/{instrument}.{codec}" in second.error.detail


def test_song_is_never_written_over() -> None:
    (refused,) = make_plan(named("/m/vocals.wav"), in_place)
    assert isinstance(refused, Refused)
    assert "written over the song /m/vocals.wav" in refused.error.title


def test_song_named_beside_one_that_would_overwrite_it_is_still_done() -> None:
    first, second = make_plan(named("/m/a.mp3", "/out/a/vocals.wav"), spleeter_names)
    assert isinstance(first, Refused)
    assert second == Task(Path("/out/a/vocals.wav"))


def test_stems_of_an_earlier_run_found_in_a_folder_are_no_songs() -> None:
    song, stem = Path("/out/a.mp3"), Path("/out/a/vocals.wav")
    items: list[Found | Missing] = [Found(song, named=False), Found(stem, named=False)]
    assert make_plan(items, spleeter_names) == [Task(song)]


def test_what_is_missing_keeps_its_place_and_error() -> None:
    error = AudioError("nothing here")
    items: list[Found | Missing] = [Missing(Path("/empty"), error), *named("/m/a.mp3")]
    assert make_plan(items, spleeter_names) == [
        Refused(Path("/empty"), error),
        Task(Path("/m/a.mp3")),
    ]
