"""The stem box of a stem file: names and colours of the four stems, as JSON.

Native Instruments' tool writes the bare JSON text into a box ``stem`` in the user data of the
movie (moov/udta), with neither version nor length in front of it; Mixxx and Traktor read it there.
"""

import json
import re
from dataclasses import dataclass

STEMS = 4
"""How many stems a stem file has, no more and no fewer."""

COLOURS = ("#009E73", "#D55E00", "#CC79A7", "#56B4E9")
"""What Native Instruments' tool gives the four, and Mixxx where a colour is missing."""

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")

# A player may send the stems through a compressor and a limiter. Separated stems add up to the song
# as it was mastered, so both are off; the values are those that Native Instruments' tool writes.
_MASTERING = {
    "compressor": {
        "enabled": False,
        "ratio": 3,
        "output_gain": 0.5,
        "release": 0.300000011920929,
        "attack": 0.003000000026077032,
        "input_gain": 0.5,
        "threshold": 0,
        "hp_cutoff": 300,
        "dry_wet": 50,
    },
    "limiter": {
        "enabled": False,
        "release": 0.05000000074505806,
        "threshold": 0,
        "ceiling": -0.3499999940395355,
    },
}


@dataclass(frozen=True, slots=True)
class StemLabel:
    """What a player shows for a stem.

    Attributes
    ----------
    name
        Not empty.
    colour
        ``"#RRGGBB"``.
    """

    name: str
    colour: str


def is_colour(text: str) -> bool:
    """Whether a text is a colour as the format writes it: ``#`` and six hexadecimal digits."""
    return _COLOUR.fullmatch(text) is not None


def write_manifest(labels: tuple[StemLabel, ...]) -> bytes:
    """Return the body of the stem box for four stems."""
    if len(labels) != STEMS:
        raise ValueError(f"a stem file has {STEMS} stems, not {len(labels)}")
    manifest = {
        "mastering_dsp": _MASTERING,
        "version": 1,
        "stems": [{"color": label.colour, "name": label.name} for label in labels],
    }
    return json.dumps(manifest).encode("ascii")


def read_manifest(body: bytes) -> tuple[StemLabel, ...]:
    """Return the labels that a stem box holds.

    Raises
    ------
    ValueError
        It is not what the format prescribes; the message says why.
    """
    try:
        # Some programs end the text with a zero byte.
        manifest = json.loads(body.rstrip(b"\0").decode("utf-8"))
    except (ValueError, RecursionError) as exc:
        raise ValueError("the stem box holds no JSON") from exc
    if not isinstance(manifest, dict):
        raise ValueError("the stem box holds no JSON object")
    version = manifest.get("version")
    if type(version) is not int or version < 1:
        raise ValueError("the stem box states no version")
    stems = manifest.get("stems")
    if not isinstance(stems, list) or len(stems) != STEMS:
        raise ValueError(f"the stem box does not describe {STEMS} stems")
    return tuple(_label(stem) for stem in stems)


def _label(stem: object) -> StemLabel:
    if not isinstance(stem, dict):
        raise ValueError("the stem box describes a stem by something that is no object")
    name, colour = stem.get("name"), stem.get("color")
    if not isinstance(name, str) or not name:
        raise ValueError("the stem box describes a stem without a name")
    if not isinstance(colour, str) or not is_colour(colour):
        raise ValueError(f"the stem box gives {name} no colour")
    return StemLabel(name, colour)
