"""The choice between processor and graphics."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.separation.backend import Backend, default_threads, load_network
from core.separation.manifest import ModelEntry

CHILD = """
import json, sys
from core.catalog.registry import find_model
from core.errors import MinusoneError
from core.separation.backend import Backend, load_network
from core.vulkan import list_adapters

entry = find_model("spleeter-2stems")
report = list_adapters()
adapters = [adapter.name for adapter in report.adapters]
try:
    loaded = load_network(entry, entry.spec.bins, Backend(sys.argv[1]), 2)
    said = {"backend": str(loaded.backend), "reason": loaded.reason}
    loaded.network.close()
except MinusoneError as error:
    said = {"error": type(error).__name__, "title": error.title, "detail": error.detail}
print(json.dumps({"adapters": adapters, **said}))
"""

Load = Callable[..., tuple[dict, str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load the bundled model in a process of its own; return what it said, and its stderr."""

    def run(backend: str, **environment: str) -> tuple[dict, str]:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, backend],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "MINUSONE_CACHE_DIR": str(tmp_path / "cache"), **environment},
        )
        # One line, and nothing else, on standard output either.
        (line,) = done.stdout.splitlines()
        return json.loads(line), done.stderr

    return run


@pytest.fixture
def no_driver(tmp_path: Path) -> dict[str, str]:
    """An environment in which Vulkan has no driver to load."""
    empty = tmp_path / "no-drivers.json"
    return {"VK_DRIVER_FILES": str(empty), "VK_ICD_FILENAMES": str(empty)}


@pytest.fixture
def software_driver() -> dict[str, str]:
    """An environment in which the only Vulkan driver is one that runs on the processor."""
    for place in (
        "/usr/lib/chromium/vk_swiftshader_icd.json",
        "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
        "/usr/share/vulkan/icd.d/lvp_icd.json",
    ):
        if Path(place).exists():
            return {"VK_DRIVER_FILES": place, "VK_ICD_FILENAMES": place}
    if os.environ.get("CI"):
        pytest.fail("no software Vulkan driver here: install chromium-common")
    return pytest.skip("no software Vulkan driver here: install chromium-common")


def test_cpu_is_used_when_asked_for(bundled: ModelEntry) -> None:
    loaded = load_network(bundled, bundled.spec.bins, Backend.CPU, 1)
    assert (loaded.backend, loaded.reason) == (Backend.CPU, "asked for")
    assert loaded.network.spec == bundled.spec
    assert loaded.network.bins == bundled.spec.bins
    loaded.network.close()


def test_auto_without_an_adapter_takes_the_cpu_in_silence(
    load: Load, no_driver: dict[str, str], tmp_path: Path
) -> None:
    said, noise = load("auto", **no_driver)
    assert said["adapters"] == []
    assert said["backend"] == "cpu"
    assert said["reason"].startswith("no GPU: ")
    assert len(said["reason"]) > len("no GPU: ")
    assert noise == ""
    # There was nothing to time, so there is nothing to remember.
    assert not (tmp_path / "cache").exists()


def test_gpu_without_an_adapter_fails_and_says_what_is_missing(
    load: Load, no_driver: dict[str, str]
) -> None:
    said, noise = load("gpu", **no_driver)
    assert said["error"] == "BackendError"
    assert "no GPU" in said["title"]
    assert "driver" in said["detail"]
    assert "minusone doctor" in said["detail"]
    assert noise == ""


def test_auto_never_takes_a_software_adapter(
    load: Load, software_driver: dict[str, str], tmp_path: Path
) -> None:
    said, noise = load("auto", **software_driver)
    assert len(said["adapters"]) == 1
    assert said["backend"] == "cpu"
    assert said["reason"] == "no GPU: the only Vulkan adapter is software"
    assert noise == ""
    assert not (tmp_path / "cache").exists()


def test_damaged_driver_is_no_trouble_for_auto(load: Load, tmp_path: Path) -> None:
    driver = tmp_path / "driver.json"
    driver.write_text(
        json.dumps(
            {
                "file_format_version": "1.0.0",
                "ICD": {"library_path": str(tmp_path / "gone.so"), "api_version": "1.3.0"},
            }
        )
    )
    said, noise = load("auto", VK_DRIVER_FILES=str(driver), VK_ICD_FILENAMES=str(driver))
    assert said["backend"] == "cpu"
    assert said["reason"].startswith("no GPU: ")
    assert noise == ""


def test_threads_are_those_the_process_may_use() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from core.separation.backend import default_threads; print(default_threads())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert default_threads() == len(os.sched_getaffinity(0))
