"""Tags of formats that mutagen does not know, as the decoders see them: RIFF INFO, Matroska..."""

import os
from pathlib import Path

import soundfile

from core.audio.tags_vorbis import read_named


def read_plain(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the text fields that the decoder of a file reports; no cover.

    Raises
    ------
    OSError, ValueError
        The file cannot be read.
    """
    try:
        with soundfile.SoundFile(os.fsencode(path)) as sound:
            return read_named({key: [value] for key, value in sound.copy_metadata().items()})
    except soundfile.LibsndfileError:
        return _read_container(path)


def _read_container(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        import av
    except ImportError:
        return {}
    with (
        path.open("rb") as file,
        av.open(file, container_options={"protocol_whitelist": "none"}) as container,
    ):
        return read_named({key: [value] for key, value in container.metadata.items()})
