"""Whether this machine has what the program needs, in plain words and with a cure for what not.

Every check is a small function without arguments that need to be given; what it looks at can be
pointed elsewhere. A check that itself fails becomes a finding: a doctor does not faint.
"""

import grp
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import platformdirs

from core.catalog.registry import read_catalog, user_models_dir
from core.errors import ModelError
from core.vulkan import AdapterReport, list_adapters

_MIB = 1 << 20
_GIB = 1 << 30

SUPPORTED_PYTHON = ((3, 11), (3, 13))
GPU_RUNTIME = 2
"""First major version of LiteRT that has the GPU interface."""

LITTLE_DISK = 2 * _GIB
NO_DISK = 200 * _MIB
"""Bytes. The stems of one four-minute song take about 130 MB as 24-bit WAV."""

LITTLE_MEMORY = 700 * _MIB
"""Bytes. Separation peaks at about 400 MiB."""

FEW_WATCHES = 16384
FEW_INSTANCES = 128

TOP_LEVEL = ("core", "daemon", "models", "tui")
"""Package names of this program that something else in the environment could claim too."""


class Status(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    """Works, but slower or with less than it could."""
    PROBLEM = "problem"
    """Something will not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    topic
        What was looked at, one or two words.
    status
        How bad it is.
    text
        What was found.
    fix
        What to do about it; empty when there is nothing to do.
    """

    topic: str
    status: Status
    text: str
    fix: str = ""


Check = Callable[[], Iterator[Finding]]


def examine() -> list[Finding]:
    """Run every check.

    Returns
    -------
    list of Finding
        At least one per check, in the order of a walk from the interpreter to the disks.
    """
    return [finding for topic, check in CHECKS for finding in run_check(topic, check)]


def run_check(topic: str, check: Check) -> list[Finding]:
    """Run one check; its own failure is a finding, too."""
    try:
        return list(check())
    except Exception as exc:
        return [
            Finding(
                topic,
                Status.PROBLEM,
                f"This check itself failed: {type(exc).__name__}: {exc}",
                "The rest of the program may still work; please report this.",
            )
        ]


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


def check_runtime() -> Iterator[Finding]:
    """Look for LiteRT without loading it."""
    version = _version("ai-edge-litert")
    if version is None:
        fix = "pip install ai-edge-litert"
        yield Finding("Runtime", Status.PROBLEM, "LiteRT, which runs the models, is missing", fix)
    elif int(version.split(".")[0]) < GPU_RUNTIME:
        yield Finding(
            "Runtime",
            Status.NOTE,
            f"LiteRT {version}: runs on the CPU only",
            f"For the GPU: LiteRT {GPU_RUNTIME} or later, which needs Python 3.12 on 64-bit Arm.",
        )
    else:
        yield Finding("Runtime", Status.OK, f"LiteRT {version}")


def check_models() -> Iterator[Finding]:
    """Compare every model file with its checksum."""
    catalog = read_catalog()
    for problem in catalog.problems:
        yield Finding("Models", Status.PROBLEM, problem.error.title, problem.error.detail)
    for entry in catalog.entries:
        try:
            entry.verify()
        except ModelError as error:
            yield Finding("Models", Status.PROBLEM, error.title, error.detail)
        else:
            stems = ", ".join(entry.spec.stems)
            yield Finding("Models", Status.OK, f"{entry.name} ({stems}): checksum is right")
    if not catalog.entries and not catalog.problems:
        fix = "Install minusone again: the built-in model is missing."
        yield Finding("Models", Status.PROBLEM, "There is no model", fix)


def check_sound_files() -> Iterator[Finding]:
    """Load libsndfile and ask what it reads."""
    # A broken or missing library must become a finding of this check, not an import error.
    import soundfile

    version = soundfile.__libsndfile_version__
    formats = soundfile.available_formats()
    missing = [name for name in ("WAV", "FLAC", "OGG", "MP3") if name not in formats]
    if "OGG" in formats and "OPUS" not in soundfile.available_subtypes("OGG"):
        missing.append("OPUS")
    if missing:
        yield Finding(
            "Sound files",
            Status.NOTE,
            f"libsndfile {version} cannot read {', '.join(missing)}",
            "pip install --force-reinstall soundfile (its wheel brings a libsndfile that can).",
        )
    else:
        text = f"libsndfile {version} reads WAV, FLAC, Ogg, Opus and MP3"
        yield Finding("Sound files", Status.OK, text)


def check_ffmpeg() -> Iterator[Finding]:
    """Load PyAV, which brings FFmpeg's libraries."""
    text = "m4a, AAC, ALAC, WMA, WebM and video files cannot be read, and m4a cannot be written"
    if _version("av") is None:
        fix = "pip install av (FFmpeg's libraries come with it; everything else works without)."
        yield Finding("FFmpeg", Status.NOTE, f"PyAV is not installed: {text}", fix)
        return
    try:
        # The same: a library that does not load is what this check is for.
        import av
    except (ImportError, OSError) as exc:
        fix = "pip install --force-reinstall av"
        yield Finding("FFmpeg", Status.NOTE, f"PyAV does not load ({exc}): {text}", fix)
        return
    codec = ".".join(str(part) for part in av.library_versions["libavcodec"])
    yield Finding("FFmpeg", Status.OK, f"PyAV {av.__version__} with libavcodec {codec}")


def check_gpu(ask: Callable[[], AdapterReport] = list_adapters) -> Iterator[Finding]:
    """Ask Vulkan for a GPU and say why none is used."""
    report = ask()
    if report.problem is not None:
        yield Finding(
            "GPU",
            Status.NOTE,
            f"The CPU is used: {report.problem}",
            "If there is a GPU: apt install libvulkan1 mesa-vulkan-drivers (Intel, AMD, "
            "Raspberry Pi), or NVIDIA's own driver.",
        )
    blocker = _gpu_blocker()
    for adapter in report.adapters:
        text = f"{adapter.name} ({adapter.kind}, {adapter.driver}, Vulkan {adapter.api_version})"
        if adapter.is_software:
            why = "not used: the CPU does this adapter's work, and does it better directly"
            yield Finding("GPU", Status.NOTE, f"{text}: {why}")
        elif blocker is not None:
            yield Finding("GPU", Status.NOTE, f"{text}: not used: {blocker[0]}", blocker[1])
        else:
            text += ": the backend auto times it against the CPU and keeps the faster"
            yield Finding("GPU", Status.OK, text)


def check_render_nodes(devices: Path = Path("/dev")) -> Iterator[Finding]:
    """Look whether this user may use the graphics devices."""
    nodes = sorted((devices / "dri").glob("renderD*"))
    for node in nodes:
        if os.access(node, os.R_OK | os.W_OK):
            yield Finding("GPU access", Status.OK, f"{node} may be used")
            continue
        group = _group_name(node.stat().st_gid)
        yield Finding(
            "GPU access",
            Status.NOTE,
            f"{node} belongs to the group {group}, and this user is not in it",
            f"sudo usermod -aG {group} $USER, then log in again.",
        )
    if not nodes and not any(devices.glob("nvidia[0-9]*")):
        yield Finding(
            "GPU access",
            Status.NOTE,
            f"There is no graphics device in {devices / 'dri'}",
            "Nothing to do without a GPU. In a container, pass it on: --device /dev/dri",
        )


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


CHECKS: tuple[tuple[str, Check], ...] = (
    ("Python", check_python),
    ("Packages", check_packages),
    ("Runtime", check_runtime),
    ("Models", check_models),
    ("Sound files", check_sound_files),
    ("FFmpeg", check_ffmpeg),
    ("GPU", check_gpu),
    ("GPU access", check_render_nodes),
    ("CPU", check_cpu),
    ("Memory", check_memory),
    ("Disk", check_disks),
    ("Watching", check_inotify),
)

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


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gpu_blocker() -> tuple[str, str] | None:
    """Why the runtime cannot use a GPU, and the fix; None when it can."""
    spec = importlib.util.find_spec("ai_edge_litert")
    if spec is None or spec.origin is None:
        return "LiteRT is missing", "pip install ai-edge-litert"
    if not (Path(spec.origin).parent / "libLiteRtWebGpuAccelerator.so").exists():
        return "this LiteRT comes without its GPU part", "pip install -U ai-edge-litert"
    return None


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
