"""What a file says about itself, once it has been shown that it can be decoded."""

from pathlib import Path

from core.audio.decode import open_audio
from core.audio.tags import read_tags
from core.library.naming import guess_from_filename
from core.store.records import SongFacts


def probe_song(path: Path) -> SongFacts:
    """Open a song, decode its first block, and read its tags.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    SongFacts
        Title and artist come from the file's name where it has no tags.

    Raises
    ------
    AudioError
        It is no audio, is damaged at its start, or cannot be read.
    """
    with open_audio(path) as reader:
        info = reader.info
    tags = read_tags(path)
    guessed_artist, guessed_title = guess_from_filename(path.stem)
    duration = info.frames / info.rate if info.frames else None
    return SongFacts(
        title=tags.title or guessed_title,
        # Half of a name from the tags and half from the file would fit together badly.
        artist=tags.artist or ("" if tags.title else guessed_artist),
        album=", ".join(tags.fields.get("album", ())),
        duration=duration,
        rate=info.rate,
        channels=info.channels,
        codec=info.codec.lower(),
    )
