"""The description of the stems is what Native Instruments' tool writes, and is read strictly."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mix.stem_manifest import COLOURS, StemLabel, is_colour, read_manifest, write_manifest

LABELS = tuple(
    StemLabel(name, colour)
    for name, colour in zip(("Drums", "Bass", "Other", "Vocals"), COLOURS, strict=True)
)


def test_the_manifest_has_the_keys_of_the_format() -> None:
    manifest = json.loads(write_manifest(LABELS))
    assert manifest["version"] == 1
    assert manifest["stems"][3] == {"color": "#56B4E9", "name": "Vocals"}
    mastering = manifest["mastering_dsp"]
    assert set(mastering["compressor"]) == {
        *("enabled", "ratio", "output_gain", "release", "attack"),
        *("input_gain", "threshold", "hp_cutoff", "dry_wet"),
    }
    assert set(mastering["limiter"]) == {"enabled", "release", "threshold", "ceiling"}
    assert not mastering["compressor"]["enabled"]
    assert not mastering["limiter"]["enabled"]


@given(st.lists(st.text(min_size=1), min_size=4, max_size=4))
def test_any_names_come_back(names: list[str]) -> None:
    labels = tuple(StemLabel(name, "#0a0B0c") for name in names)
    assert read_manifest(write_manifest(labels)) == labels


def test_zero_bytes_behind_the_text_are_ignored() -> None:
    assert read_manifest(write_manifest(LABELS) + b"\0\0") == LABELS


def test_three_stems_cannot_be_described() -> None:
    with pytest.raises(ValueError, match="not 3"):
        write_manifest(LABELS[:3])


GOOD = {"version": 1, "stems": [{"name": "x", "color": "#000000"}] * 4}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no JSON object"),
        (json.dumps(GOOD | {"version": "1.0.0"}).encode(), "version"),
        (json.dumps(GOOD | {"version": True}).encode(), "version"),
        (json.dumps(GOOD | {"version": 0}).encode(), "version"),
        (json.dumps(GOOD | {"stems": GOOD["stems"] * 2}).encode(), "4 stems"),
        (json.dumps(GOOD | {"stems": [1, 2, 3, 4]}).encode(), "no object"),
        (json.dumps(GOOD | {"stems": [{"color": "#000000"}] * 4}).encode(), "without a name"),
        (json.dumps(GOOD | {"stems": [{"name": "x", "color": "red"}] * 4}).encode(), "no colour"),
    ],
)
def test_what_is_wrong_is_said(body: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_manifest(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert len(read_manifest(body)) == 4


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("#009E73", True),
        ("#00ff00", True),
        ("009E73", False),
        ("#09E", False),
        ("#009E73\n", False),
    ],
)
def test_colours(text: str, valid: bool) -> None:
    assert is_colour(text) is valid
