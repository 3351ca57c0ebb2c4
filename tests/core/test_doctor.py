"""The doctor says what is wrong and what cures it, and never falls ill itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import doctor
from core.catalog.registry import bundled_manifest
from core.doctor import Finding, Status, graphics, machine, software
from core.vulkan import Adapter, AdapterKind, AdapterReport

FLAGS = {
    "flags\t\t: fpu sse2 fma avx2 avx512f": (Status.OK, "AVX-512, AVX2, FMA"),
    "flags\t\t: fpu sse2": (Status.NOTE, "no vector instructions"),
    "Features\t: fp asimd asimdhp asimddp": (Status.OK, "NEON, float16, int8 dot product"),
}


@pytest.fixture
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("MINUSONE_MODELS_DIR", str(folder))
    return folder


def one(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def adapter(kind: AdapterKind) -> Adapter:
    return Adapter("Some Adapter", kind, "driver 1", "1.3.0")


def distribution(site: Path, name: str, version: str = "1.0", *, package: str = "") -> None:
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if package:
        (info / "top_level.txt").write_text(f"{package}\n")


def test_every_check_finds_something_here(models_dir: Path) -> None:
    findings = doctor.examine()
    assert {finding.topic for finding in findings} >= {topic for topic, _ in doctor.CHECKS}
    assert not [finding for finding in findings if "check itself failed" in finding.text]
    for finding in findings:
        assert finding.text
        assert finding.fix or finding.status is not Status.PROBLEM


def test_check_that_fails_is_a_finding() -> None:
    def check() -> Iterator[Finding]:
        yield Finding("Topic", Status.OK, "so far")
        raise ZeroDivisionError("nothing left")

    (finding,) = doctor.run_check("Topic", check)
    assert finding.status is Status.PROBLEM
    assert "ZeroDivisionError: nothing left" in finding.text


def test_runtime_is_not_loaded() -> None:
    code = "import sys, core.doctor as d; d.examine(); print('ai_edge_litert' in sys.modules)"
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert child.stdout == "False\n"


def test_this_python_is_supported() -> None:
    assert one(machine.check_python()).status is Status.OK


def test_unsupported_python_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SUPPORTED_PYTHON", ((4, 0), (4, 1)))
    finding = one(machine.check_python())
    assert finding.status is Status.PROBLEM
    assert "4.0 to 4.1" in finding.fix


def test_stranger_with_our_package_name_is_named(tmp_path: Path, monkeypatch) -> None:
    distribution(tmp_path, "someone-elses-models", package="models")
    monkeypatch.syspath_prepend(tmp_path)
    finding = one(machine.check_packages())
    assert finding.status is Status.PROBLEM
    assert "'models'" in finding.text
    assert "someone-elses-models" in finding.text


def test_runtime_of_the_first_generation_has_no_gpu(tmp_path: Path, monkeypatch) -> None:
    distribution(tmp_path, "ai-edge-litert", "1.4.0")
    monkeypatch.syspath_prepend(tmp_path)
    finding = one(software.check_runtime())
    assert finding.status is Status.NOTE
    assert "1.4.0: runs on the CPU only" in finding.text


def test_whole_model_is_well(models_dir: Path) -> None:
    finding = one(software.check_models())
    assert finding.status is Status.OK
    assert "spleeter-2stems" in finding.text


def test_damaged_model_is_a_problem_with_its_cure(models_dir: Path) -> None:
    place = models_dir / "spleeter-2stems"
    place.mkdir(parents=True)
    place.joinpath("manifest.toml").write_bytes(bundled_manifest().read_bytes())
    place.joinpath("spleeter-2stems.tflite").write_bytes(b"damaged")
    finding = one(software.check_models())
    assert finding.status is Status.PROBLEM
    assert "damaged" in finding.text
    assert "minusone models install spleeter-2stems" in finding.fix


def test_broken_manifest_is_a_problem_beside_the_others(models_dir: Path) -> None:
    (models_dir / "broken").mkdir(parents=True)
    (models_dir / "broken" / "manifest.toml").write_text("schema = ")
    statuses = [finding.status for finding in software.check_models()]
    assert statuses == [Status.PROBLEM, Status.OK]


def test_sound_libraries_are_named_with_their_versions() -> None:
    assert "libsndfile 1." in one(software.check_sound_files()).text
    assert "libavcodec" in one(software.check_ffmpeg()).text


def test_library_that_does_not_load_is_told_with_the_fix(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "av.py").write_text("raise ImportError('libfoo.so is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "av", raising=False)
    finding = one(software.check_ffmpeg())
    assert finding.status is Status.NOTE
    assert "libfoo.so is missing" in finding.text
    assert "pip install" in finding.fix


def test_no_gpu_says_why_and_what_to_install() -> None:
    finding = one(graphics.check_gpu(lambda: AdapterReport((), "No Vulkan driver is installed.")))
    assert finding.status is Status.NOTE
    assert "The CPU is used: No Vulkan driver" in finding.text
    assert "mesa-vulkan-drivers" in finding.fix


def test_software_adapter_is_said_not_to_be_used() -> None:
    report = AdapterReport((adapter(AdapterKind.CPU), adapter(AdapterKind.DISCRETE)), None)
    software, hardware = graphics.check_gpu(lambda: report)
    assert (software.status, hardware.status) == (Status.NOTE, Status.OK)
    assert "not used" in software.text
    assert "times it" in hardware.text


def test_render_node_that_may_be_used_is_well(tmp_path: Path) -> None:
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "renderD128").touch()
    assert one(graphics.check_render_nodes(tmp_path)).status is Status.OK


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use everything")
def test_render_node_of_others_names_the_group(tmp_path: Path) -> None:
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "renderD128").touch(mode=0)
    finding = one(graphics.check_render_nodes(tmp_path))
    assert finding.status is Status.NOTE
    assert "usermod -aG" in finding.fix


def test_no_graphics_device_is_a_note(tmp_path: Path) -> None:
    assert one(graphics.check_render_nodes(tmp_path)).status is Status.NOTE
    (tmp_path / "nvidia0").touch()
    assert list(graphics.check_render_nodes(tmp_path)) == []


@pytest.mark.parametrize(
    ("watches", "status"), [("8192\n", Status.NOTE), ("65536\n", Status.OK), ("x", Status.NOTE)]
)
def test_few_watches_come_with_the_setting(tmp_path: Path, watches: str, status: Status) -> None:
    limits = tmp_path / "sys/fs/inotify"
    limits.mkdir(parents=True)
    (limits / "max_user_watches").write_text(watches)
    (limits / "max_user_instances").write_text("128\n")
    first, second = machine.check_inotify(tmp_path)
    assert (first.status, second.status) == (status, Status.OK)
    if watches == "8192\n":
        assert "fs.inotify.max_user_watches=65536" in first.fix


def test_space_is_looked_at_where_the_folder_will_be(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet" / "there"
    finding = one(machine.check_disks((("stems", folder),)))
    assert finding.status is Status.OK
    assert str(folder) in finding.text
    assert not folder.exists()


@pytest.mark.parametrize(("little", "none"), [(1 << 62, 0), (1 << 62, 1 << 62)])
def test_little_space_is_told(tmp_path: Path, monkeypatch, little: int, none: int) -> None:
    monkeypatch.setattr(machine, "LITTLE_DISK", little)
    monkeypatch.setattr(machine, "NO_DISK", none)
    finding = one(machine.check_disks((("stems", tmp_path),)))
    assert finding.status is (Status.PROBLEM if none else Status.NOTE)
    assert "130 MB" in finding.fix


def test_folder_that_cannot_be_written_is_a_problem() -> None:
    finding = one(machine.check_disks((("stems", Path("/proc/minusone")),)))
    assert finding.status is Status.PROBLEM


@pytest.mark.parametrize("line", FLAGS)
def test_vector_instructions_are_read(tmp_path: Path, line: str) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{line}\n")
    finding = one(machine.check_cpu(tmp_path))
    status, text = FLAGS[line]
    assert finding.status is status
    assert text in finding.text


@pytest.mark.parametrize(
    ("free", "limit", "status"),
    [
        (4_000_000, None, Status.OK),
        (500_000, None, Status.NOTE),
        (4_000_000, "max\n", Status.OK),
        (4_000_000, "268435456\n", Status.NOTE),
    ],
)
def test_memory_and_the_containers_limit(
    tmp_path: Path, free: int, limit: str | None, status: Status
) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal: 8000000 kB\nMemAvailable: {free} kB\n")
    if limit is not None:
        (tmp_path / "memory.max").write_text(limit)
    assert one(machine.check_memory(tmp_path, tmp_path)).status is status
