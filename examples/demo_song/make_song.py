"""Write the demo song: ``cd examples && python -m demo_song.make_song [FOLDER]``.

The stems are stored first, as Ogg Vorbis; the mixture is the sum of what those files decode to,
stored as FLAC. So the bundled stems are the mixture's true stems to within its rounding, however
much Vorbis took away from the synthesis.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from mutagen.flac import FLAC, Picture
from mutagen.oggvorbis import OggVorbis
from numpy.typing import NDArray

from demo_song.arrangement import ARTIST, LENGTH, LYRICS, SEED, TEMPO, TITLE
from demo_song.band import accompaniment
from demo_song.cover import SIZE, picture, png
from demo_song.effects import RATE, Sound, room
from demo_song.singers import vocals

FOLDER = Path(__file__).parent
MIXTURE = f"{ARTIST} - {TITLE}.flac"
STEMS = {"vocals": "true_stems/vocals.ogg", "accompaniment": "true_stems/accompaniment.ogg"}

BALANCE = -0.5
"""Level of the vocals over the accompaniment in dB, RMS, while somebody sings."""

PEAK = 0.65
"""Highest sample of the mixture before Vorbis, full scale being 1."""

FADE = 0.9
"""Seconds of fade-out."""

MIXTURE_BITS = 14
"""Resolution of the mixture. FLAC stores two zero bits per sample for free: it saves 0.4 MB."""

COMPRESSION = {"vocals": 0.7, "accompaniment": 0.75}
"""Of Vorbis, 0 (best) to 1 (smallest)."""

MIXTURE_TAGS = {
    "title": TITLE,
    "artist": ARTIST,
    "album": "Demo songs",
    "genre": "Pop",
    "bpm": f"{TEMPO:.0f}",
    "license": "CC0-1.0",
    "copyright": "No rights reserved: https://creativecommons.org/publicdomain/zero/1.0/",
    "comment": "Synthesized by examples/demo_song/make_song.py",
    "lyrics": LYRICS,
}


@dataclass(frozen=True, slots=True)
class Song:
    """The synthesized stems, stereo (frames, 2) at RATE; their sum is the mixture."""

    vocals: Sound
    accompaniment: Sound


def sung(voices: Sound) -> NDArray[np.bool_]:
    """Which frames have a voice in them: mean power over 0.1 s within 30 dB of the loudest."""
    reach = RATE // 20
    total = np.cumsum(np.pad(np.sum(voices * voices, axis=1), (reach + 1, reach)))
    power = total[2 * reach + 1 :] - total[: -2 * reach - 1]
    active: NDArray[np.bool_] = power > 1e-3 * power.max()
    return active


def render() -> Song:
    """Synthesize the song; about 10 s of work, the same samples every time."""
    rng = np.random.default_rng(SEED)
    impulse = room(rng, seconds=1.2, predelay=0.018, corner=3500.0)
    voices = vocals(impulse, rng)
    band = accompaniment(impulse, rng)
    active = sung(voices)
    ratio = np.sqrt(np.mean(band[active] ** 2) / np.mean(voices[active] ** 2))
    voices *= ratio * 10.0 ** (BALANCE / 20.0)
    left = (LENGTH - np.arange(len(voices)) / RATE) / FADE
    fade = np.sin(np.pi / 2.0 * np.clip(left, 0.0, 1.0))[:, np.newaxis] ** 2
    gain = fade * PEAK / np.abs(voices + band).max()
    return Song(voices * gain, band * gain)


def _store_stem(path: Path, name: str, samples: Sound) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(
        path, "w", RATE, 2, format="OGG", subtype="VORBIS", compression_level=COMPRESSION[name]
    ) as file:
        # libsndfile's Vorbis encoder takes its work space from the stack: small pieces.
        for start in range(0, len(samples), 4096):
            file.write(samples[start : start + 4096])
    tags = OggVorbis(path)  # type: ignore[no-untyped-call]
    for key, value in (("title", f"{TITLE} ({name})"), ("artist", ARTIST), ("license", "CC0-1.0")):
        tags[key] = value
    tags.save()


def _store_mixture(path: Path, samples: Sound) -> None:
    step = 2 ** (16 - MIXTURE_BITS)
    whole = np.round(samples * 32768.0 / step) * step
    pcm = whole.astype(np.int16)
    soundfile.write(path, pcm, RATE, subtype="PCM_16", compression_level=1.0)
    tags = FLAC(path)  # type: ignore[no-untyped-call]
    for key, value in MIXTURE_TAGS.items():
        tags[key] = value
    cover = Picture()  # type: ignore[no-untyped-call]
    cover.type = 3  # front cover
    cover.mime = "image/png"
    cover.desc = "Paper lanterns over dark water"
    cover.width = cover.height = SIZE
    cover.depth = 24
    cover.data = png(picture())
    tags.add_picture(cover)  # type: ignore[no-untyped-call]
    # The default leaves room for later edits, which this file will not see.
    tags.save(padding=lambda _: 0)


def make(folder: Path) -> None:
    """Write the mixture and its true stems under `folder`."""
    song = render()
    decoded = []
    for name, samples in (("vocals", song.vocals), ("accompaniment", song.accompaniment)):
        path = folder / STEMS[name]
        _store_stem(path, name, samples)
        decoded.append(soundfile.read(path, dtype="float64")[0])
    _store_mixture(folder / MIXTURE, decoded[0] + decoded[1])


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
