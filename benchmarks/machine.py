"""What a benchmark ran on."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts that a figure depends on.

    Attributes
    ----------
    cpu
        Model name of the processor.
    cores
        How many of its cores this process may use.
    memory_gib
        Main memory.
    vector
        The widest vector extension that matters to the network's kernels.
    system, python, litert, numpy
        Versions.
    load
        Load average of the last minute at the start: other programs spoil timings.
    """

    cpu: str
    cores: int
    memory_gib: float
    vector: str
    system: str
    python: str
    litert: str
    numpy: str
    load: float

    def sentence(self) -> str:
        """Describe the machine on one line."""
        return (
            f"{self.cpu}, {self.cores} cores, {self.vector}, {self.memory_gib:.0f} GiB; "
            f"{self.system}, Python {self.python}, LiteRT {self.litert}, NumPy {self.numpy}; "
            f"load {self.load:.1f}"
        )


def describe_machine() -> Machine:
    """Look at this machine. Linux only: it reads /proc."""
    facts = _proc("cpuinfo")
    kibibytes = int(_proc("meminfo").get("MemTotal", "0 kB").split()[0])
    return Machine(
        cpu=facts.get("model name") or facts.get("Model") or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=kibibytes / (1 << 20),
        vector=_vector(set((facts.get("flags") or facts.get("Features") or "").split())),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        litert=_version("ai-edge-litert"),
        numpy=_version("numpy"),
        load=os.getloadavg()[0],
    )


# From the widest on; names as the kernel writes them.
_VECTORS = {
    "amx_int8": "AMX",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512f": "AVX-512",
    "avx_vnni": "AVX VNNI",
    "avx2": "AVX2",
    "i8mm": "NEON i8mm",
    "asimddp": "NEON dot product",
    "asimd": "NEON",
}


def _vector(flags: set[str]) -> str:
    return next((name for flag, name in _VECTORS.items() if flag in flags), "no known vectors")


def _proc(name: str) -> dict[str, str]:
    """Read a file of `key : value` lines; the first of equal keys counts."""
    facts: dict[str, str] = {}
    for line in (Path("/proc") / name).read_text(encoding="utf-8", errors="replace").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            facts.setdefault(key.strip(), value.strip())
    return facts


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
