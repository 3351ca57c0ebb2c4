"""The computer itself: interpreter, processor, memory, disks, and the limits on watching."""

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from core.catalog.registry import user_models_dir
from core.doctor.finding import Finding, Status

_MIB = 1 << 20
_GIB = 1 << 30

SUPPORTED_PYTHON = ((3, 11), (3, 13))

LITTLE_DISK = 2 * _GIB
NO_DISK = 200 * _MIB
"""Bytes. The stems of one four-minute song take about 130 MB as 24-bit WAV."""

LITTLE_MEMORY = 700 * _MIB
"""Bytes. Separation peaks at about 400 MiB."""

FEW_WATCHES = 16384
FEW_INSTANCES = 128

TOP_LEVEL = ("core", "daemon", "models", "tui")
"""Package names of this program that something else in the environment could claim too."""

_CPU_FEATURES = (
    ("avx512f", "AVX-512"),
    ("avx512_vnni", "AVX-512 VNNI"),
    ("avx2", "AVX2"),
    ("fma", "FMA"),
    ("asimd", "NEON"),
    ("asimdhp", "float16"),
    ("asimddp", "int8 dot product"),
    ("i8mm", "int8 matrix"),
)


def check_python() -> Iterator[Finding]:
    """Look at the interpreter's version and the machine's architecture."""
    lowest, highest = SUPPORTED_PYTHON
    machine = platform.machine()
    text = f"Python {platform.python_version()} on {platform.system()} {machine}"
    if not lowest <= sys.version_info[:2] <= highest:
        wanted = f"{lowest[0]}.{lowest[1]} to {highest[0]}.{highest[1]}"
        fix = f"Install into a Python {wanted}."
        yield Finding("Python", Status.PROBLEM, f"{text}: not supported", fix)
    elif sys.maxsize < 1 << 32 or machine not in ("x86_64", "AMD64", "aarch64", "arm64"):
        fix = "Use a 64-bit system on x86-64 or Arm: the runtime is built for these."
        yield Finding("Python", Status.PROBLEM, f"{text}: not supported", fix)
    else:
        yield Finding("Python", Status.OK, text)


def check_packages() -> Iterator[Finding]:
    """Look for another distribution that brings packages of the same names."""
    owners = importlib.metadata.packages_distributions()
    strangers = {
        name: sorted(set(owners.get(name, ())) - {"minusone"})
        for name in TOP_LEVEL
        if set(owners.get(name, ())) - {"minusone"}
    }
    for name, others in strangers.items():
        yield Finding(
            "Packages",
            Status.PROBLEM,
            f"The package name {name!r} is also used by {', '.join(others)} in this environment",
            "Install minusone into an environment of its own: pipx install minusone",
        )
    if not strangers:
        yield Finding("Packages", Status.OK, "No other program here uses the same package names")


def check_cpu(proc: Path = Path("/proc")) -> Iterator[Finding]:
    """Count the cores and look for the instructions that the network's speed comes from."""
    info = (proc / "cpuinfo").read_text(encoding="utf-8", errors="replace")
    features: set[str] = set()
    for line in info.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            features.update(value.split())
    has = [name for flag, name in _CPU_FEATURES if flag in features]
    cores = len(os.sched_getaffinity(0))
    text = f"{cores} core{'s' if cores != 1 else ''} for this process, {', '.join(has) or 'no'} "
    text += "vector instructions"
    if {"avx2", "asimd"} & features:
        yield Finding("CPU", Status.OK, text)
    else:
        fix = "Works, but slowly: a CPU with AVX2 or NEON is several times faster."
        yield Finding("CPU", Status.NOTE, text, fix)


def check_memory(
    proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")
) -> Iterator[Finding]:
    """Look at the memory that is left, and at a container's limit on it."""
    sizes = {}
    for line in (proc / "meminfo").read_text().splitlines():
        key, _, value = line.partition(":")
        sizes[key] = int(value.split()[0]) * 1024
    total, free = sizes["MemTotal"], sizes["MemAvailable"]
    text = f"{free / _GIB:.1f} of {total / _GIB:.1f} GiB of memory are available"
    try:
        limit = int((cgroup / "memory.max").read_text())
    except (OSError, ValueError):
        pass  # No such file outside of containers; "max" where there is no limit.
    else:
        free = min(free, limit)
        text += f", {limit / _GIB:.1f} GiB allowed to this container"
    if free < LITTLE_MEMORY:
        fix = "Close something, or separate with one thread: about 400 MiB are needed."
        yield Finding("Memory", Status.NOTE, text, fix)
    else:
        yield Finding("Memory", Status.OK, text)


def check_disks(folders: tuple[tuple[str, Path], ...] | None = None) -> Iterator[Finding]:
    """Look at the space and the permission to write where files will go."""
    for use, folder in folders or (
        ("stems (this folder)", Path.cwd()),
        ("models", user_models_dir()),
        ("cache", platformdirs.user_cache_path("minusone", appauthor=False)),
    ):
        place = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(place).free
        text = f"{free / _GIB:.1f} GiB free for {use} in {folder}"
        if not os.access(place, os.W_OK):
            fix = f"Take another folder, or get write permission on {place}."
            yield Finding("Disk", Status.PROBLEM, f"{place} cannot be written: no {use}", fix)
        elif free < LITTLE_DISK:
            status = Status.PROBLEM if free < NO_DISK else Status.NOTE
            fix = "Free some space: a four-minute song takes about 130 MB as 24-bit WAV."
            yield Finding("Disk", status, text, fix)
        else:
            yield Finding("Disk", Status.OK, text)


def check_inotify(proc: Path = Path("/proc")) -> Iterator[Finding]:
    """Look at the kernel's limits on watching folders."""
    limits = proc / "sys/fs/inotify"
    for name, few in (("max_user_watches", FEW_WATCHES), ("max_user_instances", FEW_INSTANCES)):
        try:
            value = int((limits / name).read_text())
        except (OSError, ValueError):
            text = f"The limit {name} cannot be read: folders may have to be polled"
            yield Finding("Watching", Status.NOTE, text)
            continue
        if value < few:
            setting = f"fs.inotify.{name}={few * 4}"
            fix = f"echo {setting} | sudo tee /etc/sysctl.d/60-minusone.conf && sudo sysctl "
            fix += f"-w {setting}"
            yield Finding("Watching", Status.NOTE, f"inotify {name} is {value}, which is few", fix)
        else:
            yield Finding("Watching", Status.OK, f"inotify {name} is {value}")
