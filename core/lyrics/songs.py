"""The lyrics of a song that has not been separated: beside it, or in its tags."""

from pathlib import Path

from core.errors import LyricsError
from core.lyrics.discovery import FoundLyrics, best_lyrics, lyrics_beside
from core.lyrics.embedded import read_embedded
from core.lyrics.ranking import fineness


def lyrics_of_song(song: Path) -> FoundLyrics | None:
    """Return the best lyrics of a song; of two equally good, those beside it.

    Parameters
    ----------
    song
        The audio file.

    Returns
    -------
    FoundLyrics | None
        None where there are none that can be read.
    """
    beside = best_lyrics(lyrics_beside(song))
    try:
        inside = read_embedded(song)
    except LyricsError:
        # What else is wrong with the file is told when it is opened as audio.
        return beside
    if inside is None or (beside and fineness(beside.lyrics) >= fineness(inside)):
        return beside
    return FoundLyrics(inside, song, () if beside is None else beside.skipped)
