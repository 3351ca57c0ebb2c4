"""The program's presets and the user's."""

from pathlib import Path

import pytest

from core.errors import OutputError, UsageError
from core.mix.presets import (
    PRESETS,
    delete_preset,
    find_preset,
    fitting,
    list_presets,
    save_preset,
)
from core.mix.settings import Mix


def test_presets_for_singers_need_vocals_and_no_other_stem() -> None:
    for preset in PRESETS.values():
        assert preset.mix.applies_to(["vocals", "accompaniment"])
        assert preset.mix.applies_to(["vocals", "drums", "bass", "other"])
    named = {preset.name for preset in fitting(list(PRESETS.values()), ["drums", "other"])}
    assert named == {"original", "nightcore", "slowed"}


def test_unknown_presets_name_the_nearest() -> None:
    with pytest.raises(UsageError, match="karaoke"):
        find_preset("kareoke")


def test_own_presets_are_saved_found_listed_and_removed(tmp_path: Path) -> None:
    folder = tmp_path / "presets"
    mix = Mix(key=-3)
    save_preset("for Anna", mix, folder)
    assert find_preset("for Anna", folder).mix == Mix("for Anna", key=-3)
    assert [preset.name for preset in list_presets(folder)] == [*PRESETS, "for Anna"]
    with pytest.raises(OutputError):
        save_preset("for Anna", mix, folder)
    save_preset("for Anna", Mix(key=1), folder, overwrite=True)
    assert find_preset("for Anna", folder).mix.key == 1
    delete_preset("for Anna", folder)
    assert [preset.name for preset in list_presets(folder)] == list(PRESETS)


def test_own_presets_go_before_the_program_s(tmp_path: Path) -> None:
    save_preset("karaoke", Mix(key=5), tmp_path)
    assert find_preset("karaoke", tmp_path).mix.key == 5
    assert len(list_presets(tmp_path)) == len(PRESETS)


def test_the_program_s_presets_cannot_be_removed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="program"):
        delete_preset("karaoke", tmp_path)
    with pytest.raises(UsageError, match="no preset"):
        delete_preset("mine", tmp_path)


@pytest.mark.parametrize("name", ["", " x", "../x", "a/b", ".x", "a\nb", "x" * 200])
def test_names_that_are_no_file_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        save_preset(name, Mix(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_holds_no_presets(tmp_path: Path) -> None:
    assert len(list_presets(tmp_path / "none")) == len(PRESETS)
