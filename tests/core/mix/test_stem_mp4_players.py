"""Other programs see five tracks in a stem file, the master first, and hear what went in."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.audio.tags import Tags
from core.audio.waveform import Samples
from core.mix.stem_mp4 import write_stem_mp4

Find = Callable[[str], str]


@pytest.fixture(scope="module", params=["aac", "alac"])
def stem_file(
    request: pytest.FixtureRequest, stem_song, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("players") / f"{request.param}.stem.mp4"
    tags = Tags({"title": ("Fishin'",), "artist": ("Karissa",)})
    write_stem_mp4(path, stem_song.master, stem_song.paths, codec=request.param, tags=tags)
    return path


def probe(ffprobe: str, path: Path) -> dict:
    command = [ffprobe, "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout)


def heard(ffmpeg: str, path: Path, track: str) -> Samples:
    command = [ffmpeg, "-v", "error", "-i", str(path), *track.split(), "-f", "f32le", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return np.frombuffer(done.stdout, "<f4").reshape(-1, 2)


def without_padding(got: Samples, wanted: Samples) -> Samples:
    """Cut off what some versions of ffmpeg leave of the last frame behind the stated end."""
    assert 0 <= len(got) - len(wanted) < 1024
    return got[: len(wanted)]


def test_ffprobe_sees_five_tracks_of_one_length(ffmpeg: Find, stem_file: Path) -> None:
    seen = probe(ffmpeg("ffprobe"), stem_file)
    streams = seen["streams"]
    assert [stream["codec_type"] for stream in streams] == ["audio"] * 5
    assert {stream["codec_name"] for stream in streams} == {stem_file.name.split(".")[0]}
    assert {(s["sample_rate"], s["channels"], s["time_base"]) for s in streams} == {
        ("44100", 2, "1/44100")
    }
    assert len({(s["start_time"], s["duration_ts"], s["nb_frames"]) for s in streams}) == 1
    assert [stream["disposition"]["default"] for stream in streams] == [1, 0, 0, 0, 0]
    names = [stream["tags"]["handler_name"] for stream in streams]
    assert names == ["Master", "Drums", "Bass", "Other", "Vocals"]
    assert float(seen["format"]["duration"]) == 1.5
    assert seen["format"]["tags"]["title"] == "Fishin'"
    assert seen["format"]["tags"]["artist"] == "Karissa"


def test_ffmpeg_hears_each_track_as_long_as_the_song_and_in_step(
    ffmpeg: Find, stem_file: Path, stem_song
) -> None:
    wanted = [stem_song.mix, *(stem_song.samples[n] for n in ("drums", "bass", "other", "vocals"))]
    for number, samples in enumerate(wanted):
        got = without_padding(heard(ffmpeg("ffmpeg"), stem_file, f"-map 0:a:{number}"), samples)
        error = np.square(got - samples, dtype=np.float64).sum()
        signal = np.square(samples, dtype=np.float64).sum()
        assert error == 0 if stem_file.name.startswith("alac") else signal / error > 10**2.5


def test_a_player_that_knows_no_stems_plays_the_master(
    ffmpeg: Find, stem_file: Path, stem_song
) -> None:
    got = without_padding(heard(ffmpeg("ffmpeg"), stem_file, ""), stem_song.mix)
    difference = np.abs(got - stem_song.mix).max()
    assert difference < 0.02
    assert np.abs(got - stem_song.samples["drums"]).max() > 0.1


MEMORY = """
import resource, sys
from pathlib import Path
from core.mix.stem_mp4 import write_stem_mp4
folder = Path(sys.argv[1])
for name in ("short", "long"):
    song = folder / f"{name}.flac"
    write_stem_mp4(
        folder / f"{name}.stem.mp4", song, dict.fromkeys(("drums", "vocals"), song), codec="alac"
    )
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_song(make_stem_song, tmp_path: Path) -> None:
    for name, seconds in (("short", 10.0), ("long", 100.0)):
        song = make_stem_song("vocals", seconds=seconds)
        (tmp_path / f"{name}.flac").symlink_to(song.master)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path)], capture_output=True, text=True, check=True
    )
    short, long = map(int, done.stdout.split())
    # 100 s of the tracks are 176 MB as samples; the encoder's index grows by 64 bytes a frame.
    assert long - short < 24 * 1024
