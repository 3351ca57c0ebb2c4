"""A full-screen text view that writes only the lines that have changed."""

import shutil
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Self

from tui.cli.columns import cut

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"


class Screen:
    """The other screen of a terminal; what was on the usual one is back on leaving.

    Parameters
    ----------
    stream
        A terminal that understands the codes that all have had since the VT220.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._size = (0, 0)
        self._shown: list[str] = []

    def __enter__(self) -> Self:
        self._stream.write(_ENTER)
        self._stream.flush()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.write(_LEAVE)
        self._stream.flush()

    def size(self) -> tuple[int, int]:
        """Return columns and lines, which a person may have changed by now."""
        columns, lines = shutil.get_terminal_size((80, 24))
        return max(columns, 1), max(lines, 1)

    def show(self, lines: Sequence[str]) -> None:
        """Make the screen show these lines; what does not fit is cut off."""
        columns, height = self.size()
        wanted = [cut(line, columns) for line in lines[:height]]
        pieces = []
        if (columns, height) != self._size:
            # Terminals move text about when they change their size.
            self._size, self._shown = (columns, height), []
            pieces.append("\x1b[2J")
        for row in range(max(len(wanted), len(self._shown))):
            before = self._shown[row] if row < len(self._shown) else ""
            after = wanted[row] if row < len(wanted) else ""
            if before != after:
                pieces.append(f"\x1b[{row + 1};1H{after}\x1b[K")
        self._shown = wanted
        if pieces:
            self._stream.write("".join(pieces))
            self._stream.flush()
