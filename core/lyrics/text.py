"""The characters of lyrics, and what their readers tell of what they left out."""

import re

MAX_LINES = 20_000
"""Lines of one song that are read; a song of three hours has fewer."""

MAX_WORDS = 100_000
"""Timed words of one song that are read."""

MAX_CHARACTERS = 1000
"""Characters of one line that are read."""

_SHOWN_WARNINGS = 50

# Not str.splitlines: it also cuts at characters that old encodings use as letters.
_LINE_END = re.compile(r"\r\n|\r|\n")
_CONTROL: dict[int, str | None] = dict.fromkeys((*range(32), *range(127, 160), 65279))
_CONTROL |= dict.fromkeys(range(0xD800, 0xE000), "�")
_CONTROL |= dict.fromkeys((0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), " ")


def split_lines(text: str) -> list[str]:
    """Split text at the line ends of any system."""
    return _LINE_END.split(text)


def clean(text: str) -> str:
    """Take out what no line of lyrics has: control characters and halves of characters.

    Tabs and line ends become spaces; space at the ends stays.
    """
    return text.translate(_CONTROL)


class Warnings:
    """What a reader left out, up to a number that a person would read."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._more = 0

    def add(self, number: int, text: str) -> None:
        """Note something about a line.

        Parameters
        ----------
        number
            Of the line, from 1; 0 for the file as a whole.
        text
            What is wrong and what became of it, such as ``"no time, left out"``.
        """
        if len(self._texts) >= _SHOWN_WARNINGS:
            self._more += 1
        else:
            self._texts.append(f"Line {number}: {text}." if number else f"{text}.")

    def texts(self) -> tuple[str, ...]:
        """Return a sentence for each, the last one for all that are too many to tell."""
        if not self._more:
            return tuple(self._texts)
        return (*self._texts, f"And {self._more} more lines like these.")
