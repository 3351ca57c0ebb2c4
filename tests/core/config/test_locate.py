"""Lines of keys, in documents that do their best to mislead."""

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.locate import locate_keys


def paths(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every path in a parsed document; elements of lists have none but the tables in [[...]]."""
    found: set[tuple[str, ...]] = set()
    for name, value in table.items():
        found.add((*above, name))
        if isinstance(value, dict):
            found |= paths(value, (*above, name))
    return found


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("a = 1\nb = 2\n", {("a",): 1, ("b",): 2}),
        ("# a = 1\n\n  b=2", {("b",): 3}),
        ("[s]\na = 1\n[t]\na = 2", {("s",): 1, ("s", "a"): 2, ("t",): 3, ("t", "a"): 4}),
        ("[ s . 't' ] # x\n\"a\" = 1", {("s",): 1, ("s", "t"): 1, ("s", "t", "a"): 2}),
        ("a.b . c = 1", {("a",): 1, ("a", "b"): 1, ("a", "b", "c"): 1}),
        ('"a.b" = 1\n\'c"\' = 2', {("a.b",): 1, ('c"',): 2}),
        ('"\\u0061\\"" = 1', {('a"',): 1}),
        ("s = { a = 1, b = { c = 2 } }\nx = 1",
         {("s",): 1, ("s", "a"): 1, ("s", "b"): 1, ("s", "b", "c"): 1, ("x",): 2}),
        ('a = """\n[fake]\nb = 1\n"""\nc = 1', {("a",): 1, ("c",): 5}),
        ("a = '''\n[fake]\nb = \"1\n'''\nc = 1", {("a",): 1, ("c",): 5}),
        ('a = """x"""""\nc = 1', {("a",): 1, ("c",): 2}),
        ("a = ''''x''''\nc = 1", {("a",): 1, ("c",): 2}),
        ('a = """\\"""\n"""\nc = 1', {("a",): 1, ("c",): 3}),
        ('a = ""\nb = \'\'\nc = """"""\nd = 1', {("a",): 1, ("b",): 2, ("c",): 3, ("d",): 4}),
        ('a = [ # ]\n  "]", [1,\n 2], # b = 1\n]\nc = 1', {("a",): 1, ("c",): 5}),
        ("a = [{ b = 1 }, { b = 2 }]\nc = 1", {("a",): 1, ("c",): 2}),
        ("a = []\nb = {}\nc = 1", {("a",): 1, ("b",): 2, ("c",): 3}),
        ("a = 1979-05-27 07:32:00 # x\nb = +1_0", {("a",): 1, ("b",): 2}),
        ("[[s]]\na = 1\n[[s]]\na = 2", {("s",): 1, ("s", "a"): 2}),
        ("a = 1\r\n\r\nb = 2\r\n", {("a",): 1, ("b",): 3}),
        ("a = 'x' # 'y\nb = \"#\" # z\nc = 1", {("a",): 1, ("b",): 2, ("c",): 3}),
        ("", {}),
        ("# nothing", {}),
    ],
)  # fmt: skip
def test_keys_are_found_in_their_lines(source: str, lines: dict[tuple[str, ...], int]) -> None:
    tomllib.loads(source)
    assert locate_keys(source) == lines


_PLAIN = st.text("ab-_1", min_size=1, max_size=3)
_KEY = st.one_of(
    _PLAIN,
    _PLAIN.map(lambda name: f'"{name}.#]="'),
    _PLAIN.map(lambda name: f"'{name}\"[ ='"),
    _PLAIN.map(lambda name: f'"\\"{name}\\\\"'),
)
_LURE = st.sampled_from(["", "[fake]", "k = 1", "#", "]", "}", ",", "'", "= '", "\\\\", " "])
_TEXT = st.one_of(
    _LURE.map(lambda text: f'"{text}"'),
    _LURE.map(lambda text: "'" + text.replace("'", "") + "'"),
    st.lists(_LURE).map(lambda lines: '"""\n' + "\n".join(lines) + '"""'),
    st.lists(_LURE).map(lambda lines: '"""' + "\n".join(lines) + '\n"""""'),
    st.lists(_LURE).map(lambda lines: "'''\n" + "\n".join(lines).replace("'", '"') + "'''"),
    st.lists(_LURE).map(lambda lines: "'''" + "\n".join(lines).replace("'", "") + "\n''''"),
)
_SIMPLE = _TEXT | st.sampled_from(["1", "-0.5", "true", "inf", "0xff", "2024-01-01", "07:32:00"])
_GAP = st.sampled_from(["", " ", "\n", " # [x]\n", "\n\n# ]\n"])
_LIST = st.recursive(
    _SIMPLE,
    lambda inner: st.tuples(_GAP, st.lists(st.tuples(inner, _GAP), max_size=3)).map(
        lambda parts: "[" + parts[0] + ",".join(one + gap for one, gap in parts[1]) + "]"
    ),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[tuple[str, ...], int]]:
    """A document, and the line of each of its keys. Numbers in the keys keep them apart."""
    source = ""
    lines: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()

    def name(number: int) -> tuple[str, str]:
        key = draw(_KEY)
        plain = str(next(iter(tomllib.loads(f"{key} = 1"))))
        ends = key[-1] if key[-1] in "'\"" else ""
        return f"{key.removesuffix(ends)}{number}{ends}", f"{plain}{number}"

    for number in range(draw(st.integers(0, 8))):
        source += draw(st.sampled_from(["", "\n", "# [c]\n", " \t\n", "  "]))
        line = source.count("\n") + 1
        written, plain = name(number)
        kind = draw(st.sampled_from(["section", "value", "dotted", "table"]))
        if kind == "section":
            section = (plain,)
            source += f"[ {written} ] # k = 1\n"
            lines[section] = line
            continue
        lines[(*section, plain)] = line
        inner_written, inner_plain = name(100 + number)
        if kind == "value":
            source += f"{written} = {draw(_LIST)}"
        elif kind == "dotted":
            source += f"{written} . {inner_written}={draw(_LIST)}"
            lines[(*section, plain, inner_plain)] = line
        else:
            source += f"{written} = {{ {inner_written} = {draw(_SIMPLE)} }}"
            lines[(*section, plain, inner_plain)] = line
        source += draw(st.sampled_from(["\n", " # x = 1\n", "\r\n"]))
    return source, lines


@given(documents())
def test_nothing_misleads(made: tuple[str, dict[tuple[str, ...], int]]) -> None:
    source, lines = made
    assert locate_keys(source) == lines
    assert set(lines) == paths(tomllib.loads(source))
