"""Tables of plain text."""

from core.evaluation.table import decibels, text_table


def test_columns_are_aligned_figures_to_the_right() -> None:
    assert text_table(["preset", "SDR"], [["spleeter", "6.86"], ["best", "10.1"]]).split("\n") == [
        "| preset   |  SDR |",
        "| -------- | ---: |",
        "| spleeter | 6.86 |",
        "| best     | 10.1 |",
    ]


def test_decibels_have_two_digits_and_differences_a_sign() -> None:
    assert decibels(6.859) == "6.86"
    assert decibels(0.3, signed=True) == "+0.30"
    assert decibels(-0.3, signed=True) == "-0.30"
    assert decibels(None) == decibels(None, signed=True) == "-"
    assert decibels(float("inf")) == "inf"
