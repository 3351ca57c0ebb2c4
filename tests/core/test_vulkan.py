"""What Vulkan offers is told, and nothing that a driver does reaches this process."""

import os
import sys
from pathlib import Path

import pytest

from core import vulkan
from core.vulkan import Adapter, AdapterKind, AdapterReport, list_adapters

SWIFTSHADER = Path("/usr/lib/chromium/vk_swiftshader_icd.json")


@pytest.fixture
def swiftshader(monkeypatch: pytest.MonkeyPatch) -> None:
    if not SWIFTSHADER.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{SWIFTSHADER} is missing: apt install chromium-common libvulkan1")
        pytest.skip("needs SwiftShader: apt install chromium-common libvulkan1")
    monkeypatch.setenv("VK_DRIVER_FILES", str(SWIFTSHADER))


@pytest.fixture
def loader() -> None:
    problem = list_adapters().problem
    if problem is not None and vulkan.LOADER in problem:
        if os.environ.get("CI"):
            pytest.fail("the Vulkan loader is missing: apt install libvulkan1")
        pytest.skip("needs the Vulkan loader: apt install libvulkan1")


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let something else than Python answer, as a driver would make it."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


@pytest.mark.usefixtures("swiftshader")
def test_software_adapter_is_listed_and_known_as_such() -> None:
    report = list_adapters()
    assert report.problem is None
    (adapter,) = report.adapters
    assert "SwiftShader" in adapter.name
    assert "SwiftShader" in adapter.driver
    assert adapter.kind is AdapterKind.CPU
    assert adapter.is_software
    assert adapter.api_version.startswith("1.")


@pytest.mark.usefixtures("loader")
def test_no_driver_is_a_problem_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VK_DRIVER_FILES", str(tmp_path / "nothing.json"))
    report = list_adapters()
    assert report == AdapterReport((), report.problem)
    assert report.problem is not None
    assert "driver" in report.problem


@pytest.mark.usefixtures("loader")
def test_broken_driver_file_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    icd = tmp_path / "broken.json"
    icd.write_text("{ this is not JSON")
    monkeypatch.setenv("VK_DRIVER_FILES", str(icd))
    monkeypatch.setenv("VK_LOADER_DEBUG", "all")
    assert list_adapters().adapters == ()
    assert capfd.readouterr() == ("", "")


def test_missing_loader_is_a_problem_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vulkan, "LOADER", "libvulkan-that-is-not-there.so.1")
    report = vulkan.enumerate_here()
    assert report.problem == (
        "The Vulkan loader (libvulkan-that-is-not-there.so.1) is not installed."
    )


def test_crash_of_a_driver_is_a_problem_in_words(monkeypatch, tmp_path: Path) -> None:
    stand_in(tmp_path, monkeypatch, "kill -SEGV $$")
    report = list_adapters()
    assert report.adapters == ()
    assert "crashed" in str(report.problem)
    assert "Segmentation fault" in str(report.problem)


def test_driver_that_does_not_answer_is_given_up(monkeypatch, tmp_path: Path) -> None:
    stand_in(tmp_path, monkeypatch, "exec sleep 60")
    assert "did not answer" in str(list_adapters(timeout=0.05).problem)


@pytest.mark.parametrize("answer", ["", "[]", "{}", '{"adapters": [{}], "problem": null}', "\\377"])
def test_senseless_answer_is_a_problem_in_words(monkeypatch, tmp_path: Path, answer: str) -> None:
    stand_in(tmp_path, monkeypatch, f"printf '{answer}'")
    assert "could not be asked" in str(list_adapters().problem)


@pytest.mark.parametrize("program", ["", "/nonexistent/python"])
def test_missing_interpreter_is_a_problem_in_words(monkeypatch, program: str) -> None:
    monkeypatch.setattr(sys, "executable", program)
    assert "could not be asked" in str(list_adapters().problem)


@pytest.mark.parametrize(
    ("name", "kind", "software"),
    [
        ("NVIDIA H100", AdapterKind.DISCRETE, False),
        ("V3D 4.2", AdapterKind.INTEGRATED, False),
        ("Virtio-GPU Venus", AdapterKind.VIRTUAL, False),
        ("Virtio-GPU Venus (llvmpipe)", AdapterKind.VIRTUAL, True),
        ("llvmpipe (LLVM 15)", AdapterKind.CPU, True),
        ("SwiftShader Device", AdapterKind.OTHER, True),
    ],
)
def test_software_is_told_by_kind_or_name(name: str, kind: AdapterKind, software: bool) -> None:
    assert Adapter(name, kind, "driver 1", "1.3.0").is_software is software
