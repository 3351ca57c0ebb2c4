"""A mix as a small TOML or JSON document that a person can read, change and share.

What has its default is left out. Whatever is not known is an error that names the nearest.
"""

import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.audio.filenames import display_name
from core.audio.partfile import PartFile
from core.errors import UsageError
from core.mix.effects import KINDS, Effect, suggestion
from core.mix.settings import Mix, StemMix

VERSION = 1

_NUMBERS = ("key", "cents", "tempo", "speed", "start", "end", "fade_in", "fade_out")
_WORDS = {"off": None, "none": None}
_STEM_KEYS = ("gain", "pan", "mute", "solo", "effects")
_LEVEL_KEYS = ("loudness", "ceiling", "limiter")
_KEYS = ("version", "name", *_NUMBERS, "formants", *_LEVEL_KEYS, "effects", "stems")
_MOST_BYTES = 1 << 18
# Longer names are no names.
_LONGEST_NAME = 200

Document = dict[str, Any]


def to_document(mix: Mix) -> Document:
    """Return a mix as plain dictionaries, lists, texts, numbers and truths, defaults left out."""
    plain = Mix()
    document: Document = {"version": VERSION}
    for key in ("name", *_NUMBERS, "formants", *_LEVEL_KEYS):
        if (value := getattr(mix, key)) != getattr(plain, key):
            document[key] = value
    if mix.effects:
        document["effects"] = [_effect_document(effect) for effect in mix.effects]
    stems = {name: _stem_document(stem) for name, stem in mix.stems.items()}
    if stems:
        document["stems"] = stems
    return document


def from_document(document: Mapping[str, Any]) -> Mix:
    """Make a mix of what `to_document` returns, or of what a person wrote like it.

    Raises
    ------
    UsageError
        An unknown key, a value of the wrong kind or out of range, or a newer version.
    """
    _refuse_unknown(document, _KEYS, "a mix")
    version = document.get("version", VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UsageError(f"The version of a mix cannot be {version!r}.", f"Write {VERSION}.")
    if version > VERSION:
        raise UsageError(
            f"This mix was written by a newer minusone (version {version} of the format).",
            f"Update minusone; this one knows version {VERSION}.",
        )
    given: Document = {key: _number(key, document[key]) for key in _NUMBERS if key in document}
    if "key" in given:
        given["key"] = _whole("key", given["key"])
    for key in ("formants", "limiter"):
        if key in document:
            given[key] = _truth(key, document[key])
    if "ceiling" in document:
        given["ceiling"] = _number("ceiling", document["ceiling"])
    if "loudness" in document:
        given["loudness"] = _optional("loudness", document["loudness"])
    if "name" in document:
        given["name"] = _name(document["name"])
    stems = _table("stems", document.get("stems", {}))
    return Mix(
        **given,
        effects=_effects("effects", document.get("effects", [])),
        stems={name: _stem(name, stem) for name, stem in stems.items()},
    )


def to_json(mix: Mix) -> str:
    """Return a mix as JSON; a gain of -inf is the text ``"-inf"``."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, list):
            return [plain(one) for one in value]
        return "-inf" if value == -math.inf else value

    return json.dumps(plain(to_document(mix)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Mix:
    """Read a mix from JSON; raises as `from_document`, also for what is no JSON."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"This mix is not JSON: {_said(exc)}.") from exc
    return from_document(_table("a mix", document))


def to_toml(mix: Mix) -> str:
    """Return a mix as TOML."""
    document = to_document(mix)
    stems = document.pop("stems", {})
    lines = [_toml_line(key, value) for key, value in document.items()]
    for name, stem in stems.items():
        lines += ["", f"[stems.{_toml_key(name)}]"]
        lines += [_toml_line(key, value) for key, value in stem.items()]
    return "\n".join(lines) + "\n"


def from_toml(text: str) -> Mix:
    """Read a mix from TOML; raises as `from_document`, also for what is no TOML."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"This mix is not TOML: {_said(exc)}.") from exc
    return from_document(document)


def read_mix(path: Path) -> Mix:
    """Read a mix from a file, JSON if it is called ``.json``, else TOML.

    Raises
    ------
    UsageError
        It cannot be read, or makes no sense; names the file.
    """
    name = display_name(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise UsageError(f"The mix {name} cannot be read ({exc.strerror}).") from exc
    try:
        if len(data) > _MOST_BYTES:
            raise UsageError("It is far too large for a mix.")
        text = data.decode("utf-8-sig")
        return from_json(text) if path.suffix.lower() == ".json" else from_toml(text)
    except UnicodeDecodeError as exc:
        raise UsageError(f"The mix {name} is not UTF-8.", "Save it as UTF-8.") from exc
    except UsageError as exc:
        raise UsageError(f"{name}: {exc.title}", exc.detail) from exc


def write_mix(path: Path, mix: Mix, *, overwrite: bool = True) -> None:
    """Write a mix to a file, JSON if it is called ``.json``, else TOML; whole or not at all.

    Raises
    ------
    OutputError
        It cannot be written, or is there already and may not be replaced.
    """
    text = to_json(mix) if path.suffix.lower() == ".json" else to_toml(mix)
    file = PartFile(path, overwrite)
    try:
        file.sink.write(text.encode())
        file.sink.check()
        file.seal()
        file.settle()
        file.commit()
    except BaseException:
        file.discard()
        raise


def _effect_document(effect: Effect) -> Document:
    return {"effect": effect.kind, **effect.settings}


def _stem_document(stem: StemMix) -> Document:
    plain = StemMix()
    found = {key: getattr(stem, key) for key in _STEM_KEYS[:-1]}
    document = {key: value for key, value in found.items() if value != getattr(plain, key)}
    if stem.effects:
        document["effects"] = [_effect_document(effect) for effect in stem.effects]
    return document


def _stem(name: str, found: object) -> StemMix:
    table = _table(f"stems.{name}", found)
    _refuse_unknown(table, _STEM_KEYS, f"the stem {name!r}")
    where = f"{name}: "
    given: Document = {}
    for key in ("gain", "pan"):
        if key in table:
            given[key] = _number(where + key, table[key])
    for key in ("mute", "solo"):
        if key in table:
            given[key] = _truth(where + key, table[key])
    return StemMix(**given, effects=_effects(where + "effects", table.get("effects", [])))


def _effects(where: str, found: object) -> tuple[Effect, ...]:
    if not isinstance(found, list):
        raise UsageError(f"{where} has to be a list.", 'Such as [{effect = "reverb", room = 70}].')
    return tuple(_effect(where, one) for one in found)


def _effect(where: str, found: object) -> Effect:
    table = {"effect": found} if isinstance(found, str) else dict(_table(where, found))
    kind = table.pop("effect", None)
    if not isinstance(kind, str):
        raise UsageError(f"{where}: an effect has no name.", suggestion("", KINDS))
    return Effect(kind, {key: _number(f"{kind}: {key}", one) for key, one in table.items()})


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"{key!r} is nothing that {what} has.", suggestion(str(key), known))


def _table(where: str, found: object) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise UsageError(f"{where} has to be a table of settings, not {found!r}.")
    return found


def _number(where: str, found: object) -> float:
    # JSON knows no infinity.
    if isinstance(found, str) and found.strip().lower() in ("-inf", "-infinity"):
        return -math.inf
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise UsageError(f"{where} has to be a number, not {found!r}.")
    try:
        return float(found)
    except OverflowError:
        raise UsageError(f"{where} is too large a number.") from None


def _whole(where: str, found: float) -> int:
    if not math.isfinite(found) or found != int(found):
        raise UsageError(f"{where} has to be a whole number, not {found:g}.")
    return int(found)


def _optional(where: str, found: object) -> float | None:
    if found is None or (isinstance(found, str) and found.strip().lower() in _WORDS):
        return None
    return _number(where, found)


def _truth(where: str, found: object) -> bool:
    if not isinstance(found, bool):
        raise UsageError(f"{where} has to be true or false, not {found!r}.")
    return found


def _name(found: object) -> str:
    if not isinstance(found, str) or not found.isprintable() or len(found) > _LONGEST_NAME:
        raise UsageError("The name of a mix has to be one line of text.")
    return found.strip()


def _toml_key(name: str) -> str:
    bare = name and all(
        letter.isascii() and (letter.isalnum() or letter in "-_") for letter in name
    )
    return name if bare else json.dumps(name, ensure_ascii=False)


def _toml_line(key: str, value: object) -> str:
    return f"{key} = {_toml_value(value)}"


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_toml_value(one) for one in value)}]"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_toml_key(key)} = {_toml_value(one)}" for key, one in value.items())
        return f"{{{pairs}}}"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for the slash of surrogates, which names cannot hold.
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _said(exc: BaseException) -> str:
    return (str(exc) or type(exc).__name__).rstrip(".")
