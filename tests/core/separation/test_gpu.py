"""The GPU path for real, on SwiftShader: a Vulkan device made of software."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path("/usr/lib/chromium/vk_swiftshader_icd.json")

# The narrowest network: SwiftShader needs seconds for it, and a minute for one of 11 kHz. It also
# is the hardest case, since the model must be resized.
BINS = 64

# Graphics hardware is not to be had everywhere: the child calls the software adapter a card, so
# that `auto` loads and times both backends for real. On a processor the processor wins.
CHILD = """
import json, os, sys, time
from dataclasses import replace

import numpy as np

from core.catalog.registry import find_model
from core.separation import backend
from core.separation.backend import Backend, load_network
from core.separation.litert import GpuNetwork
from core.separation.verdicts import verdicts_dir
from core.vulkan import AdapterKind, AdapterReport, list_adapters

asked, answers = [], []

class Recorded(GpuNetwork):
    def masks(self, magnitude, out=None):
        asked.append(magnitude.copy())
        answers.append(super().masks(magnitude, out).copy())
        return answers[-1]

def timed_load():
    begin = time.perf_counter()
    loaded = load_network(entry, bins, Backend.AUTO, 2)
    return loaded, time.perf_counter() - begin

bins = int(sys.argv[1])
entry = find_model("spleeter-2stems")
real = list_adapters().adapters
cards = tuple(replace(a, kind=AdapterKind.DISCRETE, name="Card", driver="1") for a in real)
backend.list_adapters = lambda: AdapterReport(cards, None)
backend.GpuNetwork = Recorded
said = {"adapters": [adapter.name for adapter in real]}
first, said["load"] = timed_load()
said["first"] = [str(first.backend), first.reason]
said["patches"] = len(answers)
expected = [first.network.masks(patch) for patch in asked]
wrong = [np.abs(ours - cpu) for ours, cpu in zip(answers, expected)]
said["difference"] = max(float(one.max()) for one in wrong)
said["mean"] = max(float(one.mean()) for one in wrong)
said["spread"] = min(float(one.std()) for one in expected)
first.network.close()
said["verdicts"] = [file.read_text() for file in verdicts_dir().iterdir()]
again, said["again_load"] = timed_load()
said["again"] = [str(again.backend), again.reason]
said["again_patches"] = len(answers)
again.network.close()
print(json.dumps(said))
# What follows is printed by destructors of LiteRT after Python has ended.
os.write(2, b"END")
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    if not DRIVER.exists():
        why = f"{DRIVER} is not here: install Debian's chromium-common to test the GPU path"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    environment = {
        **os.environ,
        "VK_DRIVER_FILES": str(DRIVER),
        "VK_ICD_FILENAMES": str(DRIVER),
        "MINUSONE_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
    }
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(BINS)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    said["printed"] = [*done.stdout.splitlines()[:-1], done.stderr.partition("END")[0]]
    print({key: said[key] for key in ("load", "difference", "mean", "spread", "first")})
    return said


def test_gpu_takes_the_whole_model(found: dict) -> None:
    # A model of which only a part is accelerated is refused: then nothing would have been timed.
    assert found["adapters"] == ["SwiftShader Device (Subzero)"]
    assert "GPU not usable" not in found["first"][1]
    assert found["patches"] == 3  # The self-test's, one to warm up, and the timed one.


def test_gpu_agrees_with_the_cpu(found: dict) -> None:
    assert found["difference"] < 2e-2
    assert found["mean"] < 1e-3
    assert found["spread"] > 0.1  # There was something to agree about.


def test_auto_times_both_and_keeps_the_faster(found: dict) -> None:
    backend, reason = found["first"]
    assert backend == "cpu"
    assert re.fullmatch(r"a patch takes [\d.]+ s on Card \(1\) and [\d.]+ s on the CPU", reason)


def test_verdict_is_remembered_and_the_gpu_not_tried_again(found: dict) -> None:
    assert found["verdicts"] == ["cpu\n"]
    assert found["again"] == ["cpu", "faster here than Card (1)"]
    assert found["again_patches"] == found["patches"]


def test_gpu_prints_nothing(found: dict) -> None:
    assert "\n".join(found["printed"]) == ""
