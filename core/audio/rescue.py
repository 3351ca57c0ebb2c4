"""Going on behind a damaged place of a FLAC file.

libsndfile gives up at the first damaged frame; FFmpeg leaves the damaged frames out and goes on.
Up to the damage both give the same samples, so that one can take over from the other.
"""

from pathlib import Path

from core.audio.decode_sndfile import SndfileSource
from core.audio.filenames import display_name
from core.audio.reader import SHORTFALL_SECONDS, Source
from core.audio.waveform import Samples
from core.errors import AudioError


class RescuedSource:
    """A `SndfileSource` with FFmpeg behind it; see `core.audio.reader.Source`."""

    def __init__(self, path: Path, source: SndfileSource) -> None:
        self._path = path
        self._source: Source = source
        self._tried = False
        self._position = 0
        self._damage: int | None = None
        self.info = source.info
        self.layout = source.layout
        self.promised = source.promised
        self.warnings = source.warnings

    def read(self, frames: int) -> Samples:
        """Return the next frames from whichever decoder still finds some."""
        block = self._source.read(frames)
        if not len(block) and self._ends_early() and self._take_over():
            block = self._source.read(frames)
        self._position += len(block)
        if not len(block):
            self._tell()
        return block

    def skip(self, frames: int) -> int:
        """Leave out up to `frames` frames."""
        count = self._source.skip(frames)
        self._position += count
        if count < frames and self._ends_early() and self._take_over():
            more = self._source.skip(frames - count)
            self._position += more
            count += more
        return count

    def close(self) -> None:
        """Release the file."""
        self._source.close()

    def _ends_early(self) -> bool:
        if self._tried or self.promised is None:
            return False
        return self.promised - self._position > SHORTFALL_SECONDS * self.info.rate

    def _take_over(self) -> bool:
        self._tried = True
        try:
            from core.audio.decode_ffmpeg import FfmpegSource

            rescuer = FfmpegSource(self._path)
        except (ImportError, AudioError):
            return False
        fits = (rescuer.info.rate, rescuer.info.channels) == (self.info.rate, self.info.channels)
        if not fits or rescuer.skip(self._position) < self._position:
            rescuer.close()
            return False
        self._source.close()
        self._source = rescuer
        self._damage = self._position
        return True

    def _tell(self) -> None:
        """Warn, once, if anything worth mentioning came after the damage."""
        if self._damage is None:
            return
        rate = self.info.rate
        if self._position - self._damage > SHORTFALL_SECONDS * rate:
            self.warnings.append(
                f"{display_name(self._path)} is damaged at {self._damage / rate:.1f} s; "
                "damaged places were left out."
            )
        self._damage = None
