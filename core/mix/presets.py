"""Mixes with a name: those that come with the program, and the user's own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from core.errors import OutputError, UsageError
from core.mix.effects import Effect, suggestion
from core.mix.files import read_mix, write_mix
from core.mix.settings import KARAOKE_LOUDNESS, Mix, StemMix

_VOCALS = "vocals"
_ENDING = ".toml"
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class MixPreset:
    """A mix under a name.

    Attributes
    ----------
    name
        As typed: ``karaoke``.
    description
        For people; empty for the user's own.
    mix
        What it does. Its own name is for titles: ``Karaoke``.
    """

    name: str
    description: str
    mix: Mix


def _vocals(**changes: object) -> Mapping[str, StemMix]:
    return {_VOCALS: StemMix(**changes)}  # type: ignore[arg-type]


PRESETS: Mapping[str, MixPreset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            MixPreset(
                "original",
                "all stems as they are",
                Mix(),
            ),
            MixPreset(
                "karaoke",
                "no vocals",
                Mix("Karaoke", _vocals(mute=True), loudness=KARAOKE_LOUDNESS),
            ),
            MixPreset(
                "guide",
                "vocals at -18 dB, to sing along with",
                Mix("Guide Vocals", _vocals(gain=-18.0), loudness=KARAOKE_LOUDNESS),
            ),
            MixPreset(
                "acapella",
                "vocals alone",
                Mix("Acapella", _vocals(solo=True), loudness=KARAOKE_LOUDNESS),
            ),
            MixPreset(
                "duet",
                "vocals on the left, softer; the other voice is yours",
                Mix("Duet", _vocals(gain=-6.0, pan=-0.8), loudness=KARAOKE_LOUDNESS),
            ),
            MixPreset(
                "practice",
                "at 80 % of the tempo in the same key, with vocals at -12 dB",
                Mix("Practice", _vocals(gain=-12.0), tempo=80.0, loudness=KARAOKE_LOUDNESS),
            ),
            MixPreset(
                "nightcore",
                "faster and higher together, brighter",
                Mix(
                    "Nightcore",
                    speed=125.0,
                    loudness=-14.0,
                    effects=(
                        Effect("low_shelf", {"frequency": 90.0, "gain": 2.0}),
                        Effect("high_shelf", {"frequency": 8000.0, "gain": 2.0}),
                    ),
                ),
            ),
            MixPreset(
                "slowed",
                "slower and lower together, in a large room",
                Mix(
                    "Slowed + Reverb",
                    speed=85.0,
                    loudness=-14.0,
                    effects=(
                        Effect("reverb", {"room": 75.0, "damping": 40.0, "wet": 28.0, "dry": 85.0}),
                        Effect("low_shelf", {"frequency": 100.0, "gain": 2.0}),
                    ),
                ),
            ),
        )
    }
)


def list_presets(folder: Path | None = None) -> list[MixPreset]:
    """Return the presets there are: the program's, then the user's by name.

    Parameters
    ----------
    folder
        Where the user's TOML files are; it may be missing.

    Raises
    ------
    UsageError
        One of the user's files makes no sense; names the file.
    """
    own = [MixPreset(path.stem, "", read_mix(path)) for path in _own_files(folder)]
    names = {preset.name for preset in own}
    return [preset for preset in PRESETS.values() if preset.name not in names] + own


def find_preset(name: str, folder: Path | None = None) -> MixPreset:
    """Return a preset by name; the user's own go before the program's.

    Raises
    ------
    UsageError
        There is none of that name (the detail names the nearest), or its file makes no sense.
    """
    own = {path.stem: path for path in _own_files(folder)}
    if name in own:
        return MixPreset(name, "", read_mix(own[name]))
    if name in PRESETS:
        return PRESETS[name]
    raise UsageError(f"There is no preset {name!r}.", suggestion(name, [*PRESETS, *own]))


def save_preset(name: str, mix: Mix, folder: Path, *, overwrite: bool = False) -> Path:
    """Write a preset of the user's; its folder is made.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UsageError
        The name cannot be a file's.
    OutputError
        It is there already and may not be replaced, or cannot be written.
    """
    path = _file(name, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputError(f"The folder {folder} cannot be made ({exc.strerror}).") from exc
    write_mix(path, mix if mix.name else replace(mix, name=name), overwrite=overwrite)
    return path


def delete_preset(name: str, folder: Path) -> None:
    """Remove a preset of the user's.

    Raises
    ------
    UsageError
        There is none of that name, or it comes with the program.
    OutputError
        It cannot be removed.
    """
    try:
        _file(name, folder).unlink()
    except FileNotFoundError:
        if name in PRESETS:
            raise UsageError(f"The preset {name} comes with the program.") from None
        own = [path.stem for path in _own_files(folder)]
        detail = suggestion(name, own) if own else "There are none of your own."
        raise UsageError(f"There is no preset {name!r} of your own.", detail) from None
    except OSError as exc:
        raise OutputError(f"The preset {name} cannot be removed ({exc.strerror}).") from exc


def fitting(presets: Collection[MixPreset], stems: Collection[str]) -> list[MixPreset]:
    """Return those presets that a track with these stems can use."""
    return [preset for preset in presets if preset.mix.applies_to(stems)]


def _own_files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    return sorted(
        path for path in folder.glob(f"*{_ENDING}") if path.is_file() and path.name[0] != "."
    )


def _file(name: str, folder: Path) -> Path:
    wrong = not name.isprintable() or name != name.strip() or len(name.encode()) > _LONGEST_NAME
    if not name or wrong or name.startswith(".") or any(letter in '/\\:*?"<>|' for letter in name):
        raise UsageError(
            f"A preset cannot be called {name!r}.", "Take a short name that a file can have."
        )
    return folder / f"{name}{_ENDING}"
