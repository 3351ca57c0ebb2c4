"""Songs to separate, and ways to run the program: in this process, or as a person would."""

import hashlib
import json
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from tui.cli import command_line

RATE = 44100

PROGRAM = [sys.executable, "-P", "-c", "from tui.cli import main; main()"]


def _write_song(path: Path, seconds: float = 1.0) -> Path:
    """Write a sung-like tone over a bass, stereo, 16 bits, at most 20 s of it again and again."""
    time = np.arange(round(min(seconds, 20.0) * RATE), dtype=np.float32) / RATE
    voice = 0.2 * np.sin(2 * np.pi * 330 * time + 3 * np.sin(2 * np.pi * 5 * time))
    bass = 0.2 * np.sin(2 * np.pi * 82 * time)
    samples = np.stack([voice + bass, 0.7 * voice - bass], axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        left = round(seconds * RATE)
        while left:
            file.write(samples[:left])
            left -= len(samples[:left])
    return path


@pytest.fixture
def make_song() -> Callable[..., Path]:
    """Give the function that writes a song to a path, so many seconds long; 1 unless told."""
    return _write_song


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """One second of sound."""
    return _write_song(tmp_path / "music" / "Song.wav")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What this user has installed or measured must not change what a test sees.
    monkeypatch.setenv("MINUSONE_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("MINUSONE_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def invoke() -> Callable[..., Result]:
    """Run the command line in this process; exceptions that nobody meant come through."""

    def run(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(command_line, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def program() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the program in a process of its own, its output going to pipes."""

    def run(*arguments: str | Path, **settings: Any) -> subprocess.CompletedProcess[str]:
        command = [*PROGRAM, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, **settings)

    return run


@pytest.fixture
def checkpoint() -> Path:
    """Give a checkpoint of four stems with two filters a layer, written by TensorFlow."""
    return Path(__file__).parents[2] / "core" / "catalog" / "checkpoint"


@pytest.fixture
def archive(checkpoint: Path, tmp_path: Path) -> Path:
    """Pack the checkpoint as published ones are, with its checksum beside it."""
    path = tmp_path / "4stems.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in ("model.index", "model.data-00000-of-00001"):
            tar.add(checkpoint / name, name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name("checksum.json").write_text(json.dumps({"4stems": digest}))
    return path


@pytest.fixture(autouse=True)
def _stoppable() -> Iterator[None]:
    """Let signals have their usual effect, here and in child processes.

    Who runs the tests in the background may have told this process to ignore Ctrl-C; the program
    respects that, as it should.
    """
    usual = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
