"""Mixes as documents that people read and write."""

import contextlib
import json
import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import OutputError, UsageError
from core.mix.effects import KINDS, Effect
from core.mix.files import (
    from_document,
    from_json,
    from_toml,
    read_mix,
    to_document,
    to_json,
    to_toml,
    write_mix,
)
from core.mix.settings import Mix, StemMix


@st.composite
def effects(draw: st.DrawFn) -> Effect:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    chosen = draw(st.sets(st.sampled_from(kind.parameters)))
    return Effect(kind.name, {one.name: draw(st.floats(one.low, one.high)) for one in chosen})


STEM_MIXES = st.builds(
    StemMix,
    gain=st.floats(-90, 24) | st.just(-math.inf),
    pan=st.floats(-1, 1),
    mute=st.booleans(),
    solo=st.booleans(),
    effects=st.lists(effects(), max_size=2).map(tuple),
)
NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
MIXES = st.builds(
    Mix,
    name=NAMES,
    stems=st.dictionaries(NAMES, STEM_MIXES, max_size=3),
    key=st.integers(-24, 24),
    cents=st.floats(-100, 100),
    tempo=st.floats(25, 400),
    speed=st.floats(25, 400),
    formants=st.booleans(),
    start=st.floats(0, 1e4),
    end=st.none() | st.floats(10001, 1e5),
    fade_in=st.floats(0, 600),
    loudness=st.none() | st.floats(-40, -5),
    ceiling=st.floats(-20, 0),
    limiter=st.booleans(),
    effects=st.lists(effects(), max_size=2).map(tuple),
)


@given(MIXES)
def test_every_mix_survives_both_formats(mix: Mix) -> None:
    assert from_toml(to_toml(mix)) == mix
    assert from_json(to_json(mix)) == mix


def test_defaults_are_left_out() -> None:
    assert to_document(Mix()) == {"version": 1}
    assert to_document(Mix(stems={"vocals": StemMix(mute=True)})) == {
        "version": 1,
        "stems": {"vocals": {"mute": True}},
    }


def test_a_person_can_write_one() -> None:
    mix = from_toml(
        """
        name = "My karaoke"
        key = -2
        tempo = 95
        loudness = "off"
        effects = ["reverb", {effect = "low_shelf", gain = 2}]

        [stems.vocals]
        gain = -inf
        """
    )
    assert mix == Mix(
        "My karaoke",
        {"vocals": StemMix(gain=-math.inf)},
        key=-2,
        tempo=95.0,
        effects=(Effect("reverb"), Effect("low_shelf", {"gain": 2.0})),
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("temop = 3", "tempo"),
        ("[stems.vocals]\nmuet = true", "mute"),
        ("[[effects]]\neffect = 'revreb'", "reverb"),
        ("version = 2", "newer"),
        ("version = 0", "version"),
        ("key = 1.5", "whole"),
        ("tempo = 'fast'", "number"),
        ("limiter = 1", "true or false"),
        ("effects = 3", "list"),
        ("effects = [{room = 3}]", "no name"),
        ("stems = 3", "table"),
        ("name = 3", "text"),
        ("key =", "TOML"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(text: str, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        from_toml(text)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(["version", "key", "tempo", "stems", "effects", "loudness", "name", "x"])


@given(st.dictionaries(KEYS, PLAIN))
def test_documents_of_any_content_are_mixes_or_refused(document: dict[str, object]) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(from_document(document), Mix)


@given(st.text())
def test_texts_of_any_content_are_mixes_or_refused(text: str) -> None:
    for read in (from_toml, from_json):
        with contextlib.suppress(UsageError):
            assert isinstance(read(text), Mix)


def test_files_are_written_in_the_format_of_their_name(tmp_path: Path) -> None:
    mix = Mix("Karaoke", {"vocals": StemMix(gain=-math.inf)}, key=2)
    for name, parse in (("a.toml", tomllib.loads), ("a.json", json.loads)):
        write_mix(tmp_path / name, mix)
        assert parse((tmp_path / name).read_text())["key"] == 2
        assert read_mix(tmp_path / name) == mix
    with pytest.raises(OutputError):
        write_mix(tmp_path / "a.toml", mix, overwrite=False)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"tempo = 0", b"x" * 300000])
def test_files_that_make_no_sense_are_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "Bad mix.toml"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"Bad mix\.toml"):
        read_mix(path)
    with pytest.raises(UsageError, match=r"gone\.toml"):
        read_mix(tmp_path / "gone.toml")
