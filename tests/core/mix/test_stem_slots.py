"""Every stem gets a place, the usual one where it has one, and what did not fit is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.mix.stem_slots import SILENT, plan_slots


def stems_of(*names: str) -> list[tuple[str, ...]]:
    return [slot.stems for slot in plan_slots(names).slots]


def test_four_stems_have_their_usual_places_whatever_their_order() -> None:
    plan = plan_slots(("vocals", "other", "bass", "drums"))
    assert [slot.label for slot in plan.slots] == ["Drums", "Bass", "Other", "Vocals"]
    assert [slot.stems for slot in plan.slots] == [("drums",), ("bass",), ("other",), ("vocals",)]
    assert plan.notes == ()


def test_two_stems_leave_two_places_silent_and_the_voice_in_the_fourth() -> None:
    plan = plan_slots(("vocals", "accompaniment"))
    assert [slot.label for slot in plan.slots] == [SILENT, SILENT, "Accompaniment", "Vocals"]
    assert plan.notes == (
        "A stem file has 4 stems and this song has 2 stems (vocals, accompaniment): "
        "stems 1 and 2 are silent.",
    )


def test_the_piano_of_five_stems_joins_the_others() -> None:
    plan = plan_slots(("vocals", "drums", "bass", "piano", "other"))
    assert plan.slots[2].label == "Other"
    assert set(plan.slots[2].stems) == {"other", "piano"}
    assert plan.notes == (
        "A stem file has 4 stems and this song has 5: piano went into Other (stem 3).",
    )


def test_six_stems_without_others_show_what_was_merged() -> None:
    plan = plan_slots(("vocals", "drums", "bass", "guitar", "piano", "strings"))
    assert plan.slots[2].label == "Guitar + Piano + Strings"
    assert "piano and strings went into Guitar + Piano + Strings" in plan.notes[0]


def test_unknown_stems_take_the_places_that_are_left() -> None:
    assert stems_of("vocals", "piano", "guitar") == [(), ("guitar",), ("piano",), ("vocals",)]


def test_one_stem_leaves_three_places() -> None:
    plan = plan_slots(("Vocals",))
    assert stems_of("Vocals") == [(), (), (), ("Vocals",)]
    assert "has 1 stem (Vocals): stems 1, 2 and 3 are silent" in plan.notes[0]


def test_three_stems_leave_one_place() -> None:
    assert "stem 2 is silent" in plan_slots(("drums", "other", "vocals")).notes[0]


def test_two_names_for_one_place_do_not_collide() -> None:
    assert stems_of("vocals", "vox") == [(), (), ("vox",), ("vocals",)]


def test_nothing_cannot_be_placed() -> None:
    with pytest.raises(UsageError):
        plan_slots(())


NAMES = st.sampled_from(["vocals", "vox", "drums", "bass", "other", "piano", "x", "accompaniment"])


@given(st.lists(NAMES | st.text(min_size=1), unique=True, min_size=1, max_size=9))
def test_every_stem_is_in_exactly_one_place(names: list[str]) -> None:
    plan = plan_slots(names)
    assert sorted(name for slot in plan.slots for name in slot.stems) == sorted(names)
    assert len(plan.slots) == 4
    assert all(slot.label for slot in plan.slots)
    assert bool(plan.notes) is (len(names) != 4)
    if len(names) >= 4:
        assert all(slot.stems for slot in plan.slots)
