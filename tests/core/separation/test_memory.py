"""Memory does not grow with the length of a song."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

CHILD = """
import sys
from pathlib import Path
from core.audio.encode import Codec, OutputFormat
from core.separation.separator import Separator

song, output = map(Path, sys.argv[1:3])
with Separator(preset=sys.argv[3], backend="cpu") as separator:
    result = separator.separate_file(song, output, output_format=OutputFormat(Codec.WAV, bits=16))
# Not `ru_maxrss`: that begins with the size of the process that started this one.
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) / 1024, result.duration)
"""


def write_long_song(path: Path, minutes: int) -> None:
    """Write noise that never repeats, block by block: 20 MiB a minute once it is decoded."""
    random = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", 44100, 2, subtype="PCM_16") as file:
        for _ in range(minutes * 60):
            file.write((random.random((44100, 2), dtype=np.float32) - 0.5) * 0.2)


def peak(song: Path, output: Path, preset: str) -> float:
    """Separate a song in a process of its own; return its peak memory, MiB."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(song), str(output), preset],
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    mebibytes, duration = map(float, done.stdout.split())
    assert duration == pytest.approx(soundfile.info(song).duration)
    return mebibytes


def test_long_song_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    short, long = tmp_path / "short.wav", tmp_path / "long.wav"
    write_long_song(short, 1)
    write_long_song(long, 9)
    first = peak(short, tmp_path / "a", "fast")
    second = peak(long, tmp_path / "b", "fast")
    print(f"peak memory: {first:.0f} MiB for 1 min, {second:.0f} MiB for 9 min")
    assert second - first <= 60
    assert second <= 400
