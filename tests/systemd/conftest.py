"""The units as an installation writes them, and systemd's own judges of them."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import load_settings
from core.systemd.plan import system_plan, user_plan
from core.systemd.seal import seal
from core.systemd.units import render_drop_in, render_unit

ACCOUNT = next(one.pw_name for one in pwd.getpwall() if one.pw_uid and one.pw_name != "nobody")
"""One that this machine has and systemd does not warn of."""


def needed(program: str) -> str:
    """Find a program of systemd: a test without it is a failure in CI, and skipped elsewhere."""
    found = shutil.which(program)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is needed: install the package systemd.")
        pytest.skip(f"{program} is not installed")
    return found


@pytest.fixture
def analyze(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a call of systemd-analyze."""
    program = needed("systemd-analyze")

    def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
        # A user's manager is looked for there.
        environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "SYSTEMD_COLORS": "0"}
        return subprocess.run(
            [program, "--no-pager", *map(str, words)],
            capture_output=True,
            text=True,
            env=environ,
            check=False,
        )

    return call


@pytest.fixture
def write_units(tmp_path: Path) -> Callable[..., Path]:
    """Give the function that writes the units of an account into a folder; returns the unit."""

    def write(*, user: bool, gpu: bool, config: str = "", home: Path | None = None) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(config, encoding="utf-8")
        house = home or tmp_path / "home"
        settings = load_settings(file, {"HOME": str(house)})
        command = (sys.executable,)
        if user:
            place, account = tmp_path / "user/minusoned.service", None
            body = render_unit(user_plan(command, settings, file))
        else:
            place, account = tmp_path / f"system/minusoned@{ACCOUNT}.service", ACCOUNT
            body = render_unit(system_plan(command, settings, file, account=ACCOUNT, home=house))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(seal(body), encoding="utf-8")
        if gpu:
            drop_in = place.with_name(f"{place.name}.d") / "gpu.conf"
            drop_in.parent.mkdir()
            drop_in.write_text(seal(render_drop_in(account, ("video",))), encoding="utf-8")
        return place

    return write
