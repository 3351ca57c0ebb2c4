"""Figures as a table of plain text, for terminals, logs and README files."""

from collections.abc import Sequence


def text_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align cells in columns: the first column to the left, all others to the right.

    Parameters
    ----------
    heads
        One per column.
    rows
        Cells, as many in each row as there are heads.

    Returns
    -------
    str
        Lines without a line break at the end; a Markdown table, so that it can be pasted.
    """
    grid = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*grid, strict=True)]
    lines = [_line(row, widths) for row in grid]
    rule = [f"{'-' * widths[0]}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join([lines[0], _line(rule, widths), *lines[1:]])


def decibels(value: float | None, *, signed: bool = False) -> str:
    """Write a level or a difference with two digits; a dash for None."""
    if value is None:
        return "-"
    return f"{value:+.2f}" if signed else f"{value:.2f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return f"| {' | '.join([first, *rest])} |"
