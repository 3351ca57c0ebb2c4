"""Tables of plain text that fit the terminal, whatever the names in them are made of."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from tui.cli.wording import safe

GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    head
        Its title.
    right
        Whether cells stand at its right edge, as numbers do.
    yields
        Whether it may be cut when the line is too long. Others keep the width of their cells.
    """

    head: str
    right: bool = False
    yields: bool = False


def line_width() -> int:
    """Return how many cells a line may fill: those of the terminal, or 80 where there is none."""
    return shutil.get_terminal_size((80, 24)).columns


def lay_out(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Align cells in columns.

    Parameters
    ----------
    columns
        What each is called and how it behaves.
    rows
        Cells, one per column. Any text: what no terminal should see is written as escapes.
    width
        Cells of a line. Wide characters (CJK, emoji) fill two.

    Returns
    -------
    list of str
        The head and one line per row, none longer than `width` as long as the columns that do
        not yield leave 4 cells for each that does.
    """
    grid = [[column.head for column in columns], *([safe(cell) for cell in row] for row in rows)]
    natural = [max(cell_len(row[index]) for row in grid) for index in range(len(columns))]
    widths = _fit(columns, natural, width - len(GAP) * (len(columns) - 1))
    return [
        GAP.join(
            _fill(cell, size, right=column.right)
            for cell, size, column in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in grid
    ]


def cut(text: str, width: int) -> str:
    """Shorten text to at most `width` cells, with an ellipsis where something is missing."""
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 1).rstrip()}…" if width > 0 else ""


def _fit(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[int]:
    widths = list(natural)
    left = width - sum(
        size for size, column in zip(natural, columns, strict=True) if not column.yields
    )
    # The narrowest first: what it does not need is there for the others.
    flexible = sorted(
        (index for index, column in enumerate(columns) if column.yields), key=natural.__getitem__
    )
    for done, index in enumerate(flexible):
        widths[index] = min(natural[index], max(4, left // (len(flexible) - done)))
        left -= widths[index]
    return widths


def _fill(cell: str, width: int, *, right: bool) -> str:
    shown = cut(cell, width)
    padding = " " * (width - cell_len(shown))
    return padding + shown if right else shown + padding
