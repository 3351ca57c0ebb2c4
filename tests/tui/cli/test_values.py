"""Option values beyond click's own types."""

from pathlib import Path

import click
import pytest

from tui.cli.values import bitrate, folder, names, path, seconds, some_seconds


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("90", 90.0), ("90.5", 90.5), (".5", 0.5), ("1:30", 90.0), ("1:02:03.5", 3723.5), ("0", 0.0)],
)
def test_times(typed: str, expected: float) -> None:
    assert seconds(typed) == expected


@pytest.mark.parametrize(
    "typed", ["", "-1", "x", "1:", ":30", "1:2:3:4", "1e3", "nan", "inf", "٣", "9" * 400]
)
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="not a time"):
        seconds(typed)


def test_a_length_of_nothing_is_refused() -> None:
    assert some_seconds("0:01") == 1.0
    with pytest.raises(click.BadParameter, match="more than 0"):
        some_seconds("0:00")


@pytest.mark.parametrize("typed", ["192", "192k", "192K", "192 k"])
def test_bitrates(typed: str) -> None:
    assert bitrate(typed) == 192


@pytest.mark.parametrize("typed", ["0", "-5", "fast", "19.2k", "192000000", ""])
def test_what_is_no_bitrate_is_refused(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="not a bitrate"):
        bitrate(typed)


def test_names_are_split_at_commas() -> None:
    assert names("vocals, drums,,") == ("vocals", "drums")
    with pytest.raises(click.BadParameter, match="names nothing"):
        names(" , ")


def test_nothing_typed_is_no_path(tmp_path: Path) -> None:
    assert path(str(tmp_path)) == tmp_path
    with pytest.raises(click.BadParameter, match="empty"):
        path("")


def test_folder_may_be_missing_but_not_a_file(tmp_path: Path) -> None:
    assert folder(str(tmp_path)) == tmp_path
    assert folder(str(tmp_path / "new")) == tmp_path / "new"
    (tmp_path / "song.mp3").touch()
    with pytest.raises(click.BadParameter, match="is a file"):
        folder(str(tmp_path / "song.mp3"))
