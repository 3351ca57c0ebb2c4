"""What conversion and quantization cost: stems against stems, song by song.

python -m benchmarks.fidelity SONG... --checkpoint DIR [--reference-stems DIR]

The float32 network is built from the checkpoint (or from MINUSONE_CHECKPOINT). The shipped model's
stems are compared with its stems; and, where the reference implementation has separated the same
songs (`spleeter separate -p spleeter:2stems -o DIR SONG...`), its stems with the reference's. Those
are 16-bit files: ours are rounded in the same way for that comparison.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

from benchmarks.machine import describe_machine
from benchmarks.networks import checkpoint_from_environment, variants
from benchmarks.report import RESULTS, publish
from core.audio.decode import open_audio
from core.audio.quantize import quantize
from core.audio.waveform import Samples
from core.evaluation.metrics import sdr
from core.separation.backend import default_threads
from core.separation.litert import CpuNetwork
from core.separation.network import Network
from core.separation.presets import find_preset
from core.separation.split import SongSplitter

MODEL = "spleeter-2stems"
FULL_SCALE = 2.0**15
# More samples than any song has.
WHOLE_SONG = 1 << 40
BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class Agreement:
    """One stem of one song.

    Attributes
    ----------
    song, stem
        Which.
    quantized_db
        SDR of the shipped model's stem against the float32 network's.
    reference_db
        SDR of the float32 network's stem against the reference's; None without its file.
    """

    song: str
    stem: str
    quantized_db: float | None
    reference_db: float | None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.fidelity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("songs", type=Path, nargs="+")
    parser.add_argument("--checkpoint", type=Path, default=checkpoint_from_environment())
    parser.add_argument("--reference-stems", type=Path, help="Spleeter's output folder")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)
    if chosen.checkpoint is None:
        parser.error("give --checkpoint, the folder with model.index")
    found: list[Agreement] = []
    with variants(MODEL, chosen.checkpoint) as forms:
        shipped, exact = (
            CpuNetwork(form.entry.path, form.entry.spec, form.entry.spec.bins, default_threads())
            for form in (forms[-1], forms[-2])
        )
        for song in chosen.songs:
            found += compare(song, exact, shipped, chosen.reference_stems)
    publish(
        "fidelity",
        describe_machine(),
        ("song", "stem", "shipped to float32, dB", "float32 to the reference, dB"),
        [
            *((a.song, a.stem, _db(a.quantized_db), _db(a.reference_db)) for a in found),
            *_summaries(found, exact.spec.stems),
        ],
        {"agreements": [asdict(agreement) for agreement in found]},
        folder=chosen.results,
    )


def compare(
    song: Path, exact: Network, shipped: Network, reference: Path | None
) -> list[Agreement]:
    """Separate a song with both networks and compare every stem."""
    with open_audio(song) as reader:
        samples, rate = reader.read(WHOLE_SONG), reader.rate
    theirs, ours = _separate(exact, samples, rate), _separate(shipped, samples, rate)
    return [
        Agreement(
            song.stem,
            stem,
            sdr(ours[stem], theirs[stem]),
            None if reference is None else _to_file(theirs[stem], reference / song.stem, stem),
        )
        for stem in exact.spec.stems
    ]


def _separate(network: Network, samples: Samples, rate: int) -> dict[str, Samples]:
    stems = network.spec.stems
    parts: dict[str, list[Samples]] = {stem: [] for stem in stems}
    with ThreadPoolExecutor(2) as executor:
        splitter = SongSplitter(
            network,
            find_preset("spleeter"),
            stems,
            rate,
            samples.shape[1],
            len(samples),
            None,
            executor,
        )
        for start in range(0, len(samples), BLOCK):
            for stem, block in splitter.feed(samples[start : start + BLOCK]).items():
                parts[stem].append(block)
        for stem, block in splitter.finish().items():
            parts[stem].append(block)
    return {stem: np.concatenate(blocks) for stem, blocks in parts.items()}


def _to_file(stem: Samples, folder: Path, name: str) -> float | None:
    file = folder / f"{name}.wav"
    if not file.exists():
        return None
    truth, _ = soundfile.read(file, dtype="float32", always_2d=True)
    length = min(len(truth), len(stem))
    return sdr(quantize(stem[:length], 16) / FULL_SCALE, truth[:length])


def _summaries(found: Sequence[Agreement], stems: Sequence[str]) -> list[tuple[str, ...]]:
    rows = []
    for stem in stems:
        columns = [
            [value for a in found if a.stem == stem and (value := getattr(a, name)) is not None]
            for name in ("quantized_db", "reference_db")
        ]
        for name, statistic in (("median", median), ("lowest", min)):
            cells = (_db(statistic(column)) if column else "" for column in columns)
            rows.append((name, stem, *cells))
    return rows


def _db(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


if __name__ == "__main__":
    main()
