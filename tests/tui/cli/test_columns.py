"""Tables that fit, whatever is in them."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.cli.columns import Column, cut, lay_out

SONGS = [Column("id", right=True), Column("song", yields=True), Column("note", yields=True)]


def test_columns_are_as_wide_as_their_cells_where_there_is_room() -> None:
    rows = [["1", "Alpha", "x"], ["10", "Be", "longer"]]
    assert lay_out(SONGS, rows, 80) == [
        "id  song   note",
        " 1  Alpha  x",
        "10  Be     longer",
    ]


def test_what_is_too_long_is_cut_where_it_yields() -> None:
    head, line = lay_out(SONGS, [["123", "s" * 100, "short"]], 30)
    assert head.startswith(" id  song ")
    assert line == f"123  {'s' * 17}…  short"
    assert cell_len(line) == 30


def test_columns_that_yield_share_what_there_is() -> None:
    line = lay_out(SONGS, [["1", "s" * 100, "n" * 100]], 44)[1]
    assert line == f" 1  {'s' * 18}…  {'n' * 18}…"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines", r"two\nlines"),
        ("夜曲", "夜曲"),
        ("\u202egnp.3pm", r"\u202egnp.3pm"),
        ("שלום", "שלום"),
        (os.fsdecode(b"caf\xe9"), r"caf\xe9"),
    ],
)
def test_odd_names_stay_on_their_line(name: str, shown: str) -> None:
    lines = lay_out(SONGS, [["1", name, "end"]], 80)
    assert lines[1] == f" 1  {shown}{' ' * max(0, 4 - cell_len(shown))}  end"


def test_wide_characters_count_twice() -> None:
    assert cut("夜曲夜曲", 5) == "夜曲…"
    assert cut("夜曲夜曲", 4) == "夜…"
    assert cut("abc", 3) == "abc"
    assert cut("abc", 0) == ""


@given(
    st.lists(
        st.tuples(st.text(max_size=60), st.text(max_size=60)),
        min_size=1,
        max_size=5,
    ),
    st.integers(20, 100),
)
def test_no_line_is_longer_than_the_terminal(rows: list[tuple[str, str]], width: int) -> None:
    for line in lay_out(SONGS, [["12345", *row] for row in rows], width):
        assert cell_len(line) <= width
