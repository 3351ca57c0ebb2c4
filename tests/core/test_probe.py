"""What a song says about itself before it is separated."""

from pathlib import Path

import numpy as np
import pytest

from core.audio.encode import open_writer
from core.audio.formats import Codec, OutputFormat
from core.audio.tags import Tags
from core.errors import AudioError
from core.probe import probe_song


def write(path: Path, codec: Codec = Codec.FLAC, tags: Tags | None = None) -> Path:
    with open_writer(path, OutputFormat(codec, 16), 44100, 2, tags) as writer:
        writer.write(np.zeros((44100, 2), np.float32))
    return path


def test_tags_come_before_the_file_name(tmp_path: Path) -> None:
    tags = Tags({"title": ("Tide",), "artist": ("Moon", "Sea"), "album": ("Water",)})
    facts = probe_song(write(tmp_path / "A - B.flac", tags=tags))
    assert (facts.title, facts.artist, facts.album) == ("Tide", "Moon, Sea", "Water")


def test_the_file_name_serves_where_there_are_no_tags(tmp_path: Path) -> None:
    facts = probe_song(write(tmp_path / "Moon - Tide.flac"))
    assert (facts.title, facts.artist) == ("Tide", "Moon")


def test_a_tagged_title_is_not_mixed_with_an_artist_from_the_file_name(tmp_path: Path) -> None:
    facts = probe_song(write(tmp_path / "Moon - Tide.flac", tags=Tags({"title": ("Other",)})))
    assert (facts.title, facts.artist) == ("Other", "")


@pytest.mark.parametrize("codec", [Codec.WAV, Codec.FLAC, Codec.OGG, Codec.MP3, Codec.M4A])
def test_length_rate_and_channels_are_told(tmp_path: Path, codec: Codec) -> None:
    facts = probe_song(write(tmp_path / f"song.{codec}", codec))
    assert facts.duration == pytest.approx(1.0, abs=0.1)
    assert (facts.rate, facts.channels) == (44100, 2)
    assert facts.codec


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"no sound in here" * 100)
    with pytest.raises(AudioError) as refused:
        probe_song(path)
    assert refused.value.title
    assert refused.value.detail
