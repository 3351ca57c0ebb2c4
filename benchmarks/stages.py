"""Where the time of a song goes: processor time by stage: python -m benchmarks.stages

The functions of each stage are wrapped from outside while a song is separated in this process,
and every wrapper counts the processor time of its own thread, less what wrapped functions inside
it took. The network runs on one thread here, its caller's, so that its time is counted too. What
no wrapper sees (Python between the stages, other threads) is the last line.
"""

import argparse
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.report import RESULTS, publish
from benchmarks.songs import DEMO_SONG, work_folder, write_song

OTHER = "anything else"

STAGES: dict[str, tuple[str, ...]] = {
    "loading the model": ("core.separation.separator:load_network",),
    "decoding (twice)": ("core.audio.reader:AudioReader.read",),
    "measuring the level": ("core.separation.level:LevelMeter.feed",),
    "resampling": (
        "core.audio.resample:StreamResampler.process",
        "core.audio.resample:StreamResampler.flush",
    ),
    "STFT": ("core.separation.stft:Stft.__call__",),
    "network": ("core.separation.litert:CpuNetwork.masks",),
    "masks": ("core.separation.masking:MaskedPatch.__call__",),
    "Wiener filter": ("core.separation.wiener:WienerPatch.__call__",),
    "inverse STFT": (
        "core.separation.stft:Stft.inverse",
        "core.separation.stft:Stft.add_inverse",
    ),
    "patches, cross-fades": (
        "core.separation.patches:PatchStream.feed",
        "core.separation.patches:PatchStream.finish",
    ),
    "stems at the song's rate": (
        "core.separation.split:SongSplitter.feed",
        "core.separation.split:SongSplitter.finish",
    ),
    "encoding": ("core.audio.encode:AudioWriter.write",),
    "tags": ("core.separation.songfile:read_tags",),
}


class StageClock:
    """Adds up the processor time of stages, each thread's on its own."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._inside = threading.local()
        self.seconds: dict[str, float] = defaultdict(float)

    def wrap(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed as a part of a stage."""

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            nested = getattr(self._inside, "seconds", 0.0)
            self._inside.seconds = 0.0
            begin = self._clock()
            try:
                return function(*args, **kwargs)
            finally:
                spent = self._clock() - begin
                with self._lock:
                    self.seconds[stage] += spent - self._inside.seconds
                self._inside.seconds = nested + spent

        return timed


@contextmanager
def wrapped(clock: StageClock) -> Iterator[None]:
    """Wrap the functions of all stages; put the originals back afterwards."""
    originals = []
    try:
        for stage, targets in STAGES.items():
            for target in targets:
                module, _, path = target.partition(":")
                *owners, name = path.split(".")
                owner: Any = import_module(module)
                for part in owners:
                    owner = getattr(owner, part)
                originals.append((owner, name, getattr(owner, name)))
                setattr(owner, name, clock.wrap(stage, getattr(owner, name)))
        yield
    finally:
        for owner, name, original in reversed(originals):
            setattr(owner, name, original)


@dataclass(frozen=True, slots=True)
class Profile:
    """One separation.

    Attributes
    ----------
    preset
        Its name.
    seconds
        Processor time of each stage.
    total
        Of the whole process.
    """

    preset: str
    seconds: dict[str, float]
    total: float


def profile(song: Path, output: Path, preset: str) -> Profile:
    """Separate a song with all stages wrapped; imports are not counted."""
    # Here, because their time is a stage of its own in `main`.
    from core.separation.outputs import Existing
    from core.separation.separator import Separator

    clock = StageClock()
    begin = time.process_time()
    with wrapped(clock), Separator(preset=preset, backend="cpu", threads=1) as separator:
        separator.separate_file(song, output, existing=Existing.OVERWRITE)
    total = time.process_time() - begin
    seconds = dict(clock.seconds)
    return Profile(preset, {**seconds, OTHER: total - sum(seconds.values())}, total)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes."""
    parser = argparse.ArgumentParser(prog="benchmarks.stages", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=240.0, help="default: %(default)s")
    parser.add_argument("--preset", nargs="+", default=["balanced", "best"])
    parser.add_argument("--song", type=Path, default=DEMO_SONG, help="music to repeat")
    parser.add_argument("--quick", action="store_true", help="30 s of music")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    seconds = 30.0 if chosen.quick else chosen.seconds

    machine = describe_machine()
    start_up = _start_up()
    with work_folder() as folder:
        song = write_song(folder / "song.wav", seconds, chosen.song)
        profiles = [profile(song, folder / "stems", preset) for preset in chosen.preset]
    rows = [
        [stage, *(cell for found in profiles for cell in _cells(found, stage))]
        for stage in [*STAGES, OTHER]
        if any(stage in found.seconds for found in profiles)
    ]
    rows.append(["in all", *(cell for found in profiles for cell in (f"{found.total:.2f}", ""))])
    publish(
        "stages",
        machine,
        ["stage", *(head for found in profiles for head in (f"{found.preset}, CPU s", "share"))],
        rows,
        {"seconds": seconds, "start_up": start_up, "profiles": [asdict(one) for one in profiles]},
        notes=[
            f"{seconds / 60:g} min of music to 16-bit WAV. Before that, Python and imports: "
            f"{start_up:.2f} s of CPU."
        ],
        folder=chosen.results,
    )


def _start_up() -> float:
    program = "import time, tui.cli.work; print(time.process_time())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _cells(found: Profile, stage: str) -> tuple[str, str]:
    spent = found.seconds.get(stage, 0.0)
    return f"{spent:.2f}", f"{spent / found.total:.0%}"


if __name__ == "__main__":
    main()
