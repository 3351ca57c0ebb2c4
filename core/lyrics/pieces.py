"""Timed pieces of a line into its words."""

from collections.abc import Sequence
from dataclasses import replace

from core.lyrics.model import Word


def words_of_pieces(timed: Sequence[tuple[float, str]]) -> list[Word]:
    """Turn pieces of text into words.

    A piece lasts until the next one; one of nothing but space only ends the word before it, and
    the last has no end. Space before a piece goes to the end of the word before.

    Parameters
    ----------
    timed
        Start of each piece, seconds, never less than the one before; and its text.
    """
    words: list[Word] = []
    for (start, text), following in zip(timed, [*timed[1:], None], strict=True):
        body = text.strip()
        if words and text[:1].isspace():
            words[-1] = replace(words[-1], text=words[-1].text.rstrip() + " ")
        if not body:
            continue
        end = None if following is None else following[0]
        words.append(Word(body + (" " if text[-1:].isspace() else ""), start, end))
    if words:
        words[-1] = replace(words[-1], text=words[-1].text.rstrip())
    return words
