"""Decoding through libsndfile: WAV, AIFF, FLAC, Ogg Vorbis, Opus, MP3 and its other formats."""

import os
from pathlib import Path

import numpy as np
import soundfile

from core.audio.downmix import VORBIS_LAYOUTS, WAVE_LAYOUTS
from core.audio.filenames import display_name
from core.audio.promise import lacks_end_mark, promised_frames
from core.audio.reader import BLOCK, AudioInfo
from core.audio.waveform import Samples

# libsndfile's seek is sample-exact here. It is not in Vorbis (wrong in a stream's last page) and
# Opus (its decoder needs to settle); MP3 frames lean on the ones before.
_EXACT_SEEK = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "FLAC", "CAF", "AU"}

_BITS = {
    "PCM_S8": 8,
    "PCM_U8": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "FLOAT": 32,
    "DOUBLE": 64,
    "ALAC_16": 16,
    "ALAC_20": 20,
    "ALAC_24": 24,
    "ALAC_32": 32,
}


class _Stream(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read front to back.

    soundfile seeks after every block of a seekable file, to where it already is. In compressed
    formats that costs a search and can lose sound around damaged places.
    """

    def seekable(self) -> bool:
        return False


class SndfileSource:
    """One file opened with libsndfile; see `core.audio.reader.Source`.

    Raises
    ------
    soundfile.LibsndfileError
        libsndfile does not know the format.
    """

    def __init__(self, path: Path) -> None:
        # Bytes, so that names that are no valid UTF-8 reach the file system unchanged.
        self._file = _Stream(os.fsencode(path))
        self._name = display_name(path)
        self._position = 0
        self.info = AudioInfo(
            rate=self._file.samplerate,
            channels=self._file.channels,
            frames=self._file.frames,
            container=self._file.format,
            codec=self._file.subtype,
            bits=_BITS.get(self._file.subtype),
            is_float=self._file.subtype in ("FLOAT", "DOUBLE"),
        )
        layouts = VORBIS_LAYOUTS if self.info.container == "OGG" else WAVE_LAYOUTS
        self.layout = layouts.get(self.info.channels)
        self.promised = promised_frames(path, self.info, self._file.extra_info)
        self.warnings: list[str] = []
        if self.info.container == "OGG" and lacks_end_mark(path):
            self.warnings.append(
                f"{self._name} has no end mark, so it was probably cut off; what is there is used."
            )

    def read(self, frames: int) -> Samples:
        """Return the next frames; at a damaged place, what comes before it."""
        block = np.empty((frames, self.info.channels), np.float32)
        try:
            count = len(self._file.read(frames, dtype="float32", out=block))
        except soundfile.LibsndfileError:
            # The decoder has written up to the damage, and its position says how far.
            count = max(self._tell() - self._position, 0)
        self._position += count
        return block[:count]

    def skip(self, frames: int) -> int:
        """Leave out up to `frames` frames, by seeking where that is exact."""
        if self.info.container in _EXACT_SEEK:
            target: int = min(frames, self._file.frames)
            try:
                self._file.seek(target)
            except soundfile.LibsndfileError:
                return self._skip_from_start(frames)
            else:
                self._position = target
                return target
        return self._skip_by_reading(frames)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _skip_from_start(self, frames: int) -> int:
        try:
            self._file.seek(0)
        except soundfile.LibsndfileError:
            return 0
        return self._skip_by_reading(frames)

    def _skip_by_reading(self, frames: int) -> int:
        left = frames
        while left and (count := len(self.read(min(left, BLOCK)))):
            left -= count
        return frames - left

    def _tell(self) -> int:
        """Return the decoder's position; where damage hides it, the last one that is known."""
        try:
            return int(self._file.tell())
        except soundfile.LibsndfileError:
            return self._position
