"""Opening a song, whatever its format.

libsndfile comes first: it is small, fast and always there. What it does not know (m4a, wma,
webm, video files) goes through FFmpeg's libraries inside PyAV, which streams in constant memory
and needs no ffmpeg program on PATH.

MP3 goes the other way round. libsndfile reads no further than the length in the header, or than
its own guess where there is none, so that half of a song can be missing without a word; behind
damaged frames it stops; and its decoder writes notes to the terminal. FFmpeg decodes whatever is
there. Both agree on where a song starts and ends, so libsndfile serves where PyAV is missing.
"""

import math
import os
import stat
from pathlib import Path

import soundfile

from core.audio.decode_sndfile import SndfileSource
from core.audio.filenames import display_name
from core.audio.reader import AudioInfo, AudioReader, Source
from core.audio.rescue import RescuedSource
from core.errors import AudioError, UsageError

__all__ = ["AudioInfo", "AudioReader", "open_audio"]


def open_audio(path: Path, *, offset: float = 0.0, duration: float | None = None) -> AudioReader:
    """Open a song for reading in blocks.

    Parameters
    ----------
    path
        The file: audio, or video with sound (its first audio stream is taken).
    offset
        Where to start, seconds, at least 0. Exact to a sample.
    duration
        How much to read, seconds, above 0; None reads to the end.

    Returns
    -------
    AudioReader
        Positioned at the offset. Close it, or use it as a context manager.

    Raises
    ------
    AudioError
        The file is missing, unreadable, not audio, holds no sound or ends before the offset.
    UsageError
        A negative offset, or a duration that is not above 0.
    """
    if not (math.isfinite(offset) and offset >= 0):
        raise UsageError(f"The offset must be 0 seconds or more, not {offset}.")
    if duration is not None and not (math.isfinite(duration) and duration > 0):
        raise UsageError(f"The duration must be more than 0 seconds, not {duration}.")
    source = _open_source(path, _read_head(path))
    rate = source.info.rate
    count = None if duration is None else max(round(duration * rate), 1)
    try:
        return AudioReader(path, source, round(offset * rate), count)
    except BaseException:
        source.close()
        raise


def _read_head(path: Path) -> bytes:
    """Return the first bytes of a regular file that is not empty."""
    name = display_name(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioError(f"{name} is a folder, not a song.", "Name a file in it instead.")
        if not stat.S_ISREG(status.st_mode):
            raise AudioError(f"{name} is not a regular file.", "Copy the sound to a file first.")
        with path.open("rb") as file:
            head = file.read(4)
    except FileNotFoundError as exc:
        shown = os.fsencode(path).decode("utf-8", "replace")
        raise AudioError(f"{name} does not exist.", f"Check the path: {shown}") from exc
    except PermissionError as exc:
        raise AudioError(
            f"{name} cannot be read: permission denied.",
            "Give yourself read permission for the file and its folder.",
        ) from exc
    except (OSError, ValueError) as exc:
        raise AudioError(f"{name} cannot be read: {exc}.") from exc
    if not head:
        raise AudioError(f"{name} is empty (0 bytes).", "Get the file again.")
    return head


def _open_source(path: Path, head: bytes) -> Source:
    if _looks_like_mpeg(path, head):
        try:
            return _open_ffmpeg(path)
        except ImportError:
            pass
    try:
        source = SndfileSource(path)
    except soundfile.LibsndfileError as unknown:
        try:
            return _open_ffmpeg(path)
        except ImportError as exc:
            kind = path.suffix.lower() or "this format"
            raise AudioError(
                f"{display_name(path)} cannot be read: {kind} needs PyAV, "
                "which is not installed here.",
                "Install it with `pip install av`, or convert the song to WAV or FLAC.",
            ) from exc
        except AudioError as exc:
            raise exc from unknown
    return RescuedSource(path, source) if source.info.container == "FLAC" else source


def _open_ffmpeg(path: Path) -> Source:
    # Only when it is needed: it costs 0.1 s and 18 MB, and not every platform has a wheel.
    from core.audio.decode_ffmpeg import FfmpegSource

    return FfmpegSource(path)


def _looks_like_mpeg(path: Path, head: bytes) -> bool:
    """Whether a file is an MP3 or another bare MPEG stream, by its first bytes or its name."""
    if head.startswith((b"RIFF", b"RF64", b"fLaC", b"OggS", b"FORM")):
        return False
    in_sync = head[0] == 0xFF and len(head) > 1 and head[1] >= 0xE0
    return in_sync or head.startswith(b"ID3") or path.suffix.lower() == ".mp3"
