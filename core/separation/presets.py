"""Named settings of the signal path, and what a request may override."""

from dataclasses import dataclass, replace
from enum import StrEnum

from core.errors import UsageError
from core.separation.masks import MaskExtension


class Bandwidth(StrEnum):
    """Up to where the network itself looks. Above, `MaskExtension` decides."""

    KHZ_11 = "11k"
    KHZ_16 = "16k"
    FULL = "full"

    def bins(self, base: int) -> int:
        """Return F for a model whose own F is `base` (11 kHz)."""
        return {Bandwidth.KHZ_11: base, Bandwidth.KHZ_16: base * 3 // 2, Bandwidth.FULL: base * 2}[
            self
        ]


@dataclass(frozen=True, slots=True)
class Hearing:
    """One pass of the song through the network.

    Attributes
    ----------
    speed
        Playing speed: 9/8 plays the song faster and, with it, higher.
    weight
        Share of this pass in the average; the shares of all passes add up to 1.
    """

    speed: float
    weight: float


@dataclass(frozen=True, slots=True)
class Preset:
    """How a song goes through the network.

    Attributes
    ----------
    name, description
        For people.
    bandwidth
        How much of the spectrum the network sees. Its time is proportional to it.
    mask_extension
        What happens above the bandwidth.
    exponent
        Of the ratio masks.
    overlap
        Frames that neighbouring patches share at least.
    level
        Whether the network is shown every song at one level.
    residual
        Whether the model's residual stem is what the other stems leave of the mix, so that the
        stems add up to it.
    hearings
        The passes through the network; their estimates are averaged.
    wiener
        Exponent of the multichannel Wiener filter, None without the filter.
    """

    name: str
    description: str
    bandwidth: Bandwidth = Bandwidth.KHZ_11
    mask_extension: MaskExtension = MaskExtension.EDGE
    exponent: float = 2.0
    overlap: int = 16
    level: bool = True
    residual: bool = True
    hearings: tuple[Hearing, ...] = (Hearing(1.0, 1.0),)
    wiener: float | None = None


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "spleeter",
            "the reference's own signal path: 11 kHz, nothing above, patches end to end",
            mask_extension=MaskExtension.ZEROS,
            overlap=0,
            level=False,
            residual=False,
        ),
        Preset(
            "fast",
            "full band, the shortest overlap",
            overlap=8,
        ),
        Preset(
            "balanced",
            "full band at the song's best level (default)",
        ),
        Preset(
            "best",
            "two speeds averaged and a multichannel Wiener filter; about twice the time",
            # At another pitch the network is worse on its own; as a second opinion it helps most
            # songs, and with less than half of the say it harms none.
            hearings=(Hearing(1.0, 0.75), Hearing(9 / 8, 0.25)),
            wiener=2.0,
        ),
    )
}

DEFAULT_PRESET = "balanced"


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a request changes of its preset; None keeps the preset's value."""

    bandwidth: Bandwidth | None = None
    mask_extension: MaskExtension | None = None
    mwf: bool | None = None
    overlap: int | None = None


def find_preset(name: str) -> Preset:
    """Return a preset by name.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    try:
        return PRESETS[name]
    except KeyError:
        raise UsageError(
            f"There is no preset {name!r}.", f"Presets: {', '.join(PRESETS)}."
        ) from None


def apply_overrides(preset: Preset, overrides: Overrides) -> Preset:
    """Return the preset with a request's changes.

    Raises
    ------
    UsageError
        The overlap is negative.
    """
    if overrides.overlap is not None and overrides.overlap < 0:
        raise UsageError(
            f"An overlap of {overrides.overlap} frames makes no sense.", "Give 0 or more."
        )
    changed = replace(
        preset,
        bandwidth=overrides.bandwidth or preset.bandwidth,
        mask_extension=overrides.mask_extension or preset.mask_extension,
        overlap=preset.overlap if overrides.overlap is None else overrides.overlap,
    )
    if overrides.mwf is None:
        return changed
    wiener = (preset.wiener or DEFAULT_WIENER) if overrides.mwf else None
    return replace(changed, wiener=wiener)


# The model's own power (Spleeter's --mwf); `best` shares out more softly.
DEFAULT_WIENER = 2.0
