"""The graphics card: whether there is one, and whether this user may use it."""

import grp
import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from core.doctor.finding import Finding, Status
from core.vulkan import AdapterReport, list_adapters


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
