"""Chooses what runs the network, loads it, and says why."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum

from core.errors import BackendError, MinusoneError
from core.separation.litert import CpuNetwork, GpuNetwork, runtime_version
from core.separation.manifest import ModelEntry
from core.separation.network import Network
from core.separation.selftest import made_up_patch, run_self_test
from core.separation.verdicts import recall_verdict, remember_verdict
from core.vulkan import Adapter, list_adapters


class Backend(StrEnum):
    """What a request can ask for."""

    AUTO = "auto"
    CPU = "cpu"
    GPU = "gpu"


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A network that is ready, and the choice that led to it.

    Attributes
    ----------
    network
        Loaded and self-tested.
    backend
        What runs it: CPU or GPU.
    reason
        Why this one, and why not the other: one sentence for the user.
    """

    network: Network
    backend: Backend
    reason: str


def default_threads() -> int:
    """Return the number of processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_network(entry: ModelEntry, bins: int, backend: Backend, threads: int) -> LoadedNetwork:
    """Verify a model file, load it, and show it a made-up patch.

    Parameters
    ----------
    entry
        The model.
    bins
        F to set the network up for.
    backend
        What the user asked for.
    threads
        Processor threads for the CPU backend, at least 1.

    Raises
    ------
    ModelError
        The file is missing, damaged, or does not separate.
    BackendError
        The GPU was asked for and cannot be used; says what is missing.
    """
    entry.verify()
    if backend is Backend.CPU:
        return _tested(_cpu(entry, bins, threads), entry, Backend.CPU, "asked for")
    if backend is Backend.GPU:
        adapters = list_adapters()
        if not adapters.adapters:
            raise BackendError(
                f"There is no GPU to use: {adapters.problem or 'Vulkan finds no adapter'}.",
                "Install your GPU's Vulkan driver (Debian: mesa-vulkan-drivers, or NVIDIA's own), "
                "make sure that you may open /dev/dri/renderD*, and see `minusone doctor`.",
            )
        names = ", ".join(adapter.name for adapter in adapters.adapters)
        return _tested(_gpu(entry, bins), entry, Backend.GPU, f"asked for; Vulkan: {names}")
    with ThreadPoolExecutor(1) as asking:
        answer = asking.submit(list_adapters)
        # Asking the drivers takes as long as loading what most computers end up with.
        cpu = _tested(_cpu(entry, bins, threads), entry, Backend.CPU, "")
    adapters = answer.result()
    hardware = [adapter for adapter in adapters.adapters if not adapter.is_software]
    if hardware:
        return _faster(entry, bins, threads, cpu, hardware)
    reason = adapters.problem or (
        "the only Vulkan adapter is software" if adapters.adapters else "no Vulkan adapter"
    )
    return replace(cpu, reason=f"no GPU: {reason}")


def _cpu(entry: ModelEntry, bins: int, threads: int) -> Network:
    return CpuNetwork(entry.path, entry.spec, bins, threads)


def _gpu(entry: ModelEntry, bins: int) -> Network:
    return GpuNetwork(entry.path, entry.spec, bins)


def _tested(network: Network, entry: ModelEntry, backend: Backend, reason: str) -> LoadedNetwork:
    try:
        run_self_test(network, entry.name)
    except MinusoneError:
        network.close()
        raise
    return LoadedNetwork(network, backend, reason)


def _faster(
    entry: ModelEntry, bins: int, threads: int, cpu: LoadedNetwork, adapters: list[Adapter]
) -> LoadedNetwork:
    """Time a patch on each backend, once per host, model and driver; later recall the verdict."""
    drivers = ", ".join(f"{adapter.name} ({adapter.driver})" for adapter in adapters)
    key = f"{entry.sha256} F={bins} threads={threads} LiteRT={runtime_version()} {drivers}"
    known = recall_verdict(key)
    if known == Backend.CPU:
        return replace(cpu, reason=f"faster here than {drivers}")
    try:
        gpu = _tested(_gpu(entry, bins), entry, Backend.GPU, f"faster here than the CPU: {drivers}")
    except MinusoneError as error:
        return replace(cpu, reason=f"GPU not usable: {error.title}")
    if known == Backend.GPU:
        cpu.network.close()
        return gpu
    seconds = {Backend.CPU: _patch_seconds(cpu.network), Backend.GPU: _patch_seconds(gpu.network)}
    winner = min(seconds, key=lambda backend: seconds[backend])
    remember_verdict(key, winner)
    timed = (
        f"a patch takes {seconds[Backend.GPU]:.3f} s on {drivers} "
        f"and {seconds[Backend.CPU]:.3f} s on the CPU"
    )
    kept, dropped = (gpu, cpu) if winner is Backend.GPU else (cpu, gpu)
    dropped.network.close()
    return LoadedNetwork(kept.network, winner, timed)


def _patch_seconds(network: Network, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the time of one patch, after another of the same size that warms up."""
    patch = made_up_patch(network.spec.frames, network.bins, network.spec.channels)
    network.masks(patch)
    begin = clock()
    network.masks(patch)
    return clock() - begin
