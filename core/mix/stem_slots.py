"""Which stem goes where: a stem file has four places, a song may have more stems or fewer.

Drums, bass, the other instruments and vocals have their usual places, whatever else there is: the
fourth fader is always the voice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.errors import UsageError
from core.mix.stem_manifest import STEMS

SILENT = "(silent)"
"""What a place without a stem is called."""

_OTHER = 2
_PLACES = {
    "drums": 0,
    "percussion": 0,
    "bass": 1,
    "other": _OTHER,
    "accompaniment": _OTHER,
    "instrumental": _OTHER,
    "synths": _OTHER,
    "vocals": 3,
    "vox": 3,
}
# Where stems without a usual place go, the likeliest to be free first.
_FREE = (_OTHER, 1, 0, 3)


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the four places.

    Attributes
    ----------
    label
        What players show.
    stems
        Names of the stems that are added up in it; none makes it silent.
    """

    label: str
    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """The four places in their order, and sentences for the user about what did not fit."""

    slots: tuple[Slot, ...]
    notes: tuple[str, ...]


def plan_slots(names: Sequence[str]) -> SlotPlan:
    """Give every stem a place.

    Parameters
    ----------
    names
        Of the stems, at least one; each once.

    Returns
    -------
    SlotPlan
        Stems with a usual place are there. Others take the places that are left; when there are
        none left, they join the other instruments. Places that stay empty are silent.

    Raises
    ------
    UsageError
        There is no stem.
    """
    if not names:
        raise UsageError("A stem file needs at least one stem.", "Name the stems to put into it.")
    places: list[list[str]] = [[] for _ in range(STEMS)]
    homeless = []
    for name in names:
        place = _PLACES.get(name.lower())
        if place is None or places[place]:
            homeless.append(name)
        else:
            places[place].append(name)
    crowded = []
    for name in homeless:
        free = next((place for place in _FREE if not places[place]), None)
        if free is None:
            crowded.append(name)
        places[_OTHER if free is None else free].append(name)
    slots = tuple(_slot(place) for place in places)
    return SlotPlan(slots, tuple(_notes(names, slots, crowded)))


def _slot(stems: list[str]) -> Slot:
    if not stems:
        return Slot(SILENT, ())
    # What is merged into "other" is one more of the others.
    shown = stems[:1] if stems[0].lower() == "other" else stems
    return Slot(" + ".join(_capitalized(name) for name in shown), tuple(stems))


def _notes(names: Sequence[str], slots: Sequence[Slot], crowded: list[str]) -> Iterator[str]:
    silent = [str(number) for number, slot in enumerate(slots, 1) if not slot.stems]
    if silent:
        stems = "1 stem" if len(names) == 1 else f"{len(names)} stems"
        yield (
            f"A stem file has {STEMS} stems and this song has {stems} "
            f"({', '.join(names)}): {_counted('stem', silent)} silent."
        )
    if crowded:
        yield (
            f"A stem file has {STEMS} stems and this song has {len(names)}: "
            f"{' and '.join(crowded)} went into {slots[_OTHER].label} (stem {_OTHER + 1})."
        )


def _counted(noun: str, numbers: list[str]) -> str:
    if len(numbers) == 1:
        return f"{noun} {numbers[0]} is"
    return f"{noun}s {', '.join(numbers[:-1])} and {numbers[-1]} are"


def _capitalized(name: str) -> str:
    return name[:1].upper() + name[1:]
