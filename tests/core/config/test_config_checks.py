"""Settings that contradict each other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import Settings
from core.config.checks import check_settings
from core.errors import ConfigError

Load = Callable[..., Settings]


@pytest.mark.parametrize(
    ("library", "inbox"),
    [("/m/in", "/m/in"), ("/m/in/lib", "/m/in"), ("/m", "/m/in"), ("/m/x/../in/", "/m/in")],
)
def test_library_and_inbox_are_kept_apart(load: Load, file: Path, library: str, inbox: str) -> None:
    with pytest.raises(ConfigError, match="same folder, or one is inside the other") as caught:
        load(f'library = "{library}"\n[inbox]\nfolders = ["{inbox}"]')
    assert caught.value.title.startswith(f"{file}, line 1: ")


def test_names_that_begin_alike_are_not_inside_each_other(load: Load) -> None:
    load('library = "/m/inbox2"\n[inbox]\nfolders = ["/m/inbox", "/m/inbox3"]')


def test_links_do_not_hide_one_folder_in_another(load: Load, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to("in")
    with pytest.raises(ConfigError, match="same folder"):
        load(f'library = "{tmp_path}/link/lib"\n[inbox]\nfolders = ["{tmp_path}/in"]')
    with pytest.raises(ConfigError, match="are the same"):
        load(f'[inbox]\nfolders = ["{tmp_path}/in", "{tmp_path}/link"]')


def test_an_inbox_in_an_inbox_is_refused(load: Load, file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load('[inbox]\nfolders = ["/m/in/deep", "/m/in"]')
    assert caught.value.title == (
        f"{file}, line 2: the inbox /m/in/deep is inside the inbox /m/in."
    )


def test_an_error_names_the_variable_that_it_comes_from(load: Load) -> None:
    with pytest.raises(ConfigError, match=r"^MINUSONE_LIBRARY: the library /m/in/x"):
        load('[inbox]\nfolders = ["/m/in"]', MINUSONE_LIBRARY="/m/in/x")


@pytest.mark.parametrize("place", ["/m/in", "/m/in/done", "/m/lib", "/m/lib/done"])
def test_songs_are_not_moved_into_inbox_or_library(load: Load, place: str) -> None:
    text = f'library = "/m/lib"\n[inbox]\nfolders = ["/m/in"]\nmove_to = "{place}"\n'
    assert load(text).inbox.move_to == Path(place), "which nobody asked for"
    with pytest.raises(ConfigError, match="line 4: songs are to be moved to"):
        load(f'{text}after = "move"')


def test_the_default_place_for_moved_songs_is_checked_too(load: Load, file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load('library = "/l"\n[inbox]\nfolders = ["~/Music"]\nafter = "move"')
    assert caught.value.title.startswith(f"{file}, line 4: songs are to be moved to ")


@pytest.mark.parametrize(
    ("text", "line", "title"),
    [
        ("bits = 32", 2, "flac cannot be written with 32 bits."),
        ('format = "wav"\nbitrate = 128', 3, "wav is lossless and takes no bit rate."),
        ('format = "mp3"\nbitrate = 900', 3, "mp3 cannot be written at 900 kbit/s."),
    ],
)
def test_a_format_that_cannot_be_is_refused(
    load: Load, file: Path, text: str, line: int, title: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(f"[separation]\n{text}")
    assert caught.value.title == f"{file}, line {line}: {title}"
    assert caught.value.detail


def test_bits_of_a_lossy_format_are_odd(load: Load, file: Path) -> None:
    settings = load('[separation]\nformat = "opus"\nbits = 24')
    assert settings.warnings == (f"{file}, line 3: 'bits' means nothing for opus.",)
    assert load('[separation]\nformat = "opus"').warnings == ()


def test_more_work_than_cores_is_odd(load: Load) -> None:
    settings = load("[jobs]\nworkers = 4\n[separation]\nthreads = 4")
    assert check_settings(settings, {}, cores=8) == []
    (warning,) = check_settings(settings, {}, cores=4)
    assert "4 workers with 4 threads each are more than the 4 cores" in warning
    assert check_settings(load("[jobs]\nworkers = 8"), {}, cores=4) == []
    assert check_settings(load("[jobs]\nworkers = 9"), {}, cores=4) != []
