"""One patch through the network: time by model variant, threads and backend.

python -m benchmarks.patch_time            the shipped model on the CPU, and on a GPU if any
MINUSONE_CHECKPOINT=DIR python -m ...      its float32 forms too, built from that checkpoint
"""

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.machine import describe_machine
from benchmarks.networks import (
    CHECKPOINT_VARIABLE,
    PLAIN_NAME,
    Variant,
    checkpoint_from_environment,
    multiplications,
    variants,
)
from benchmarks.peak import Peak, measure_peak
from benchmarks.report import RESULTS, publish
from core.errors import BackendError
from core.separation.backend import default_threads
from core.separation.litert import CpuNetwork, GpuNetwork
from core.separation.network import Network
from core.separation.selftest import made_up_patch
from core.vulkan import list_adapters

CPU, GPU = "CPU", "GPU"


@dataclass(frozen=True, slots=True)
class PatchTime:
    """Medians over the rounds.

    Attributes
    ----------
    variant, backend
        What ran where.
    threads
        On the CPU; 0 on a GPU.
    wall_ms, cpu_ms
        Milliseconds of one patch: from call to answer, and of all cores together.
    to_plain
        wall_ms as a multiple of the plain float32 conversion's with as many threads; None where
        that was not timed.
    rate
        10^9 useful multiply-accumulates a second.
    realtime_factor
        Seconds of music per second of network.
    """

    variant: str
    backend: str
    threads: int
    wall_ms: float
    cpu_ms: float
    to_plain: float | None
    rate: float
    realtime_factor: float


@dataclass(frozen=True, slots=True)
class _Contender:
    variant: Variant
    backend: str
    threads: int
    network: Network


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes."""
    parser = argparse.ArgumentParser(prog="benchmarks.patch_time", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--model", default="spleeter-2stems")
    parser.add_argument("--checkpoint", type=Path, default=checkpoint_from_environment())
    parser.add_argument("--rounds", type=int, default=25, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="three rounds, no peak")
    parser.add_argument("--software", action="store_true", help="time software adapters as GPUs")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)

    machine = describe_machine()
    threads = sorted({1, default_threads()})
    notes = []
    if chosen.checkpoint is None:
        notes.append(f"No float32 forms: set {CHECKPOINT_VARIABLE} to the checkpoint's folder.")
    with ExitStack() as stack:
        forms = stack.enter_context(variants(chosen.model, chosen.checkpoint))
        contenders = _cpu_contenders(forms, threads)
        contenders += _gpu_contenders(forms, chosen.software, notes)
        for contender in contenders:
            stack.callback(contender.network.close)
        times = _time(contenders, 3 if chosen.quick else chosen.rounds)
    peaks = [] if chosen.quick else [measure_peak(count) for count in threads]
    publish(
        "patch_time",
        machine,
        [
            "variant",
            "on",
            "wall ms",
            "CPU ms",
            "to plain",
            "GMAC/s",
            "of BLAS",
            "of int8",
            "real time",
        ],
        [_row(patch, peaks) for patch in times],
        {"patches": [asdict(patch) for patch in times], "peaks": [asdict(peak) for peak in peaks]},
        notes=[*notes, *map(_peak_sentence, peaks)],
        folder=chosen.results,
    )


def _cpu_contenders(forms: list[Variant], threads: list[int]) -> list[_Contender]:
    return [
        _Contender(form, CPU, count, CpuNetwork(entry.path, entry.spec, entry.spec.bins, count))
        for count in threads
        for form in forms
        for entry in (form.entry,)
    ]


def _gpu_contenders(forms: list[Variant], software: bool, notes: list[str]) -> list[_Contender]:
    report = list_adapters()
    usable = [adapter for adapter in report.adapters if software or not adapter.is_software]
    if not usable:
        seen = ", ".join(adapter.name for adapter in report.adapters)
        why = f"only software: {seen}" if seen else (report.problem or "no Vulkan adapter")
        notes.append(f"No GPU was timed: {why}.")
        return []
    found = []
    for form in forms:
        try:
            network = GpuNetwork(form.entry.path, form.entry.spec, form.entry.spec.bins)
            found.append(_Contender(form, f"{GPU} {usable[0].name}", 0, network))
        except BackendError as error:
            notes.append(f"{form.name} on the GPU: {error}")
    return found


def _time(
    contenders: list[_Contender],
    rounds: int,
    wall: Callable[[], float] = time.perf_counter,
    cpu: Callable[[], float] = time.process_time,
) -> list[PatchTime]:
    """Time all in turn, round by round: what slows the machine down then slows them alike."""
    walls: list[list[float]] = [[] for _ in contenders]
    cpus: list[list[float]] = [[] for _ in contenders]
    for turn in range(rounds + 1):
        for number, contender in enumerate(contenders):
            spec = contender.network.spec
            patch = made_up_patch(spec.frames, contender.network.bins, spec.channels)
            begin = wall(), cpu()
            contender.network.masks(patch)
            if turn:  # the first round is for caches and lazy set-up
                walls[number].append(wall() - begin[0])
                cpus[number].append(cpu() - begin[1])
    plain = {
        (contender.backend, contender.threads): median(times)
        for contender, times in zip(contenders, walls, strict=True)
        if contender.variant.name == PLAIN_NAME
    }
    return [
        _patch_time(contender, median(own), median(own_cpu), plain)
        for contender, own, own_cpu in zip(contenders, walls, cpus, strict=True)
    ]


def _patch_time(
    contender: _Contender, wall: float, cpu: float, plain: dict[tuple[str, int], float]
) -> PatchTime:
    spec = contender.network.spec
    work = multiplications(spec.frames, contender.network.bins, spec.channels, len(spec.stems))
    reference = plain.get((contender.backend, contender.threads))
    return PatchTime(
        variant=contender.variant.name,
        backend=contender.backend,
        threads=contender.threads,
        wall_ms=1e3 * wall,
        cpu_ms=1e3 * cpu,
        to_plain=None if reference is None else wall / reference,
        rate=work / wall / 1e9,
        realtime_factor=spec.frames * spec.hop / spec.rate / wall,
    )


def _row(patch: PatchTime, peaks: list[Peak]) -> list[str]:
    peak = next((peak for peak in peaks if peak.threads == patch.threads), None)
    return [
        patch.variant,
        f"{patch.backend} x{patch.threads}" if patch.threads else patch.backend,
        f"{patch.wall_ms:.1f}",
        f"{patch.cpu_ms:.1f}",
        "-" if patch.to_plain is None else f"{patch.to_plain:.2f}",
        f"{patch.rate:.1f}",
        "-" if peak is None else f"{patch.rate / peak.gemm:.0%}",
        "-" if peak is None else f"{patch.rate / peak.convolution_int8:.0%}",
        f"{patch.realtime_factor:.0f}x",
    ]


def _peak_sentence(peak: Peak) -> str:
    return (
        f"Peak with {peak.threads} thread{'s' * (peak.threads > 1)}, GMAC/s: float32 BLAS "
        f"{peak.gemm:.0f}, LiteRT convolution {peak.convolution:.0f} in float32 and "
        f"{peak.convolution_int8:.0f} in int8 (3 x 3, 256 to 256 channels)."
    )


if __name__ == "__main__":
    main()
