"""The units that an installation writes, judged by systemd."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.systemd.units import templates

Analyze = Callable[..., subprocess.CompletedProcess[str]]
WriteUnits = Callable[..., Path]

MOST_EXPOSED = 2.0

ODD = """
library = '/srv/50% of "my" $HOME: é\\a'
[inbox]
folders = ["~/in box", "~/it's; here"]
after = "move"
move_to = "~/done 100%"
[jobs]
grace = "2 min"
"""


@pytest.mark.parametrize("gpu", [False, True], ids=["cpu", "gpu"])
@pytest.mark.parametrize("user", [False, True], ids=["system", "user"])
@pytest.mark.parametrize("config", ["", ODD], ids=["usual", "odd-names"])
def test_systemd_finds_nothing_wrong(
    analyze: Analyze, write_units: WriteUnits, user: bool, gpu: bool, config: str
) -> None:
    unit = write_units(user=user, gpu=gpu, config=config)
    result = analyze("verify", *(["--user"] if user else []), unit)
    assert (result.stdout + result.stderr, result.returncode) == ("", 0)


@pytest.mark.parametrize("gpu", [False, True], ids=["cpu", "gpu"])
def test_system_service_is_shut_in(analyze: Analyze, write_units: WriteUnits, gpu: bool) -> None:
    unit = write_units(user=False, gpu=gpu)
    assert _exposure(analyze, unit) <= MOST_EXPOSED


def test_the_measure_tells_an_open_service_from_a_closed_one(
    analyze: Analyze, tmp_path: Path
) -> None:
    unit = tmp_path / "open.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    assert _exposure(analyze, unit) > 9


def test_gpu_opens_its_devices_and_nothing_else(analyze: Analyze, write_units: WriteUnits) -> None:
    plain = _weak_points(analyze, write_units(user=False, gpu=False))
    shutil.rmtree(write_units(user=False, gpu=False).parent)
    opened = _weak_points(analyze, write_units(user=False, gpu=True))
    assert opened - plain == {"SupplementaryGroups=", "RestrictAddressFamilies=~AF_NETLINK"}


def test_templates_hold_no_name_that_nothing_fills_in(write_units: WriteUnits) -> None:
    for user in (False, True):
        unit = write_units(user=user, gpu=True)
        texts = [
            unit.read_text(),
            unit.with_name(f"{unit.name}.d").joinpath("gpu.conf").read_text(),
        ]
        for text in texts:
            assert not re.search("@[A-Z]+@", text)
            assert "Names between" not in text


def test_watchdog_and_timeouts_leave_room(write_units: WriteUnits) -> None:
    unit = write_units(user=False, gpu=False, config=ODD)
    assert "\nTimeoutStopSec=160\n" in unit.read_text()


def test_all_templates_come_along() -> None:
    names = {file.name for file in templates().iterdir()}
    assert {"minusoned.service", "minusoned@.service", "gpu.conf", "gpu-user.conf"} <= names


def _exposure(analyze: Analyze, unit: Path) -> float:
    result = analyze("security", "--offline=true", unit)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", result.stdout)
    assert found, result.stdout + result.stderr
    return float(found[1])


def _weak_points(analyze: Analyze, unit: Path) -> set[str]:
    lines = analyze("security", "--offline=true", unit).stdout.splitlines()
    return {line.split()[1] for line in lines if line.startswith("✗")}
