"""Notes of a line into its words."""

from collections.abc import Iterable
from dataclasses import replace

from core.lyrics.model import Note, Word

_HELD = "~"


def words_of_notes(notes: Iterable[Note]) -> tuple[Word, ...]:
    """Join syllables into words.

    Space in the text of a note, before it or after it, parts words. ``~`` holds the syllable
    before on another pitch: it disappears from the text.

    Parameters
    ----------
    notes
        Of one line, with their text as it is in the file, in any order.
    """
    groups: list[list[Note]] = []
    apart = False
    for note in sorted(notes, key=lambda note: note.start):
        syllable = note.text.strip().strip(_HELD).strip()
        before, after = note.text[:1].isspace(), note.text[-1:].isspace()
        # A held syllable belongs to what is held, wherever space may stand.
        if not groups or (syllable and (apart or before)):
            groups.append([])
            apart = False
        groups[-1].append(replace(note, text=syllable))
        apart = apart or after or (before and not syllable)
    words = [_word(group) for group in groups]
    return _spaced([word for word in words if word is not None])


def _word(notes: list[Note]) -> Word | None:
    text = "".join(note.text for note in notes)
    # A line that begins with a held syllable, or has notes without any text.
    if not text:
        return None
    pitched = [note for note in notes if note.pitch is not None]
    longest = max(pitched, key=lambda note: note.end - note.start, default=None)
    return Word(
        text,
        notes[0].start,
        max(note.end for note in notes),
        None if longest is None else longest.pitch,
        tuple(notes),
    )


def _spaced(words: list[Word]) -> tuple[Word, ...]:
    return (*(replace(word, text=word.text + " ") for word in words[:-1]), *words[-1:])
