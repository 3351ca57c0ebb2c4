"""The system service under a systemd that really runs: as the first process of a container.

The container is this very file system with a layer over it, so that nothing of this computer
changes. It takes root and the package systemd-container; a machine that allows no mounts (as most
containers do) cannot run it.
"""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from core.config import load_settings
from core.systemd.plan import system_plan
from core.systemd.seal import seal
from core.systemd.units import render_unit, unit_name

DEADLINE = 120.0

ACCOUNT = "minusonetest"
HOME = Path("/home") / ACCOUNT
UNIT = unit_name(ACCOUNT)

PROGRAM = """#!{python} -P
import sys
from daemon.__main__ import main
sys.exit(main())
"""

TRIAL = """
[Unit]
Description=What the test does inside
[Service]
Type=oneshot
ExecStart=/bin/bash /out/trial.sh
StandardOutput=file:/out/log
StandardError=file:/out/log
ExecStopPost=/bin/systemctl --no-block exit
"""

SCRIPT = r"""
set -u
say() { echo "$1" "$(shift; echo "$*" | base64 -w0)" >> /out/facts; }
until_true() {
  for _ in $(seq 200); do eval "$1" >/dev/null 2>&1 && return; sleep 0.1; done
  false
}
property() { systemctl show "$unit" -P "$1"; }
pid() { property MainPID; }
inside() { nsenter -t "$(pid)" "$@"; }
drop() { cp "/out/$1" "$home/inbox/$1"; chown "$account" "$home/inbox/$1"; }

# A bind mount stands for a drive of its own.
mount --bind /drive "$home/drive"
systemctl start "$unit"; say started "$(property ActiveState)"
drop song.flac
until_true 'ls "$home"/drive/library/*/vocals.flac'
say stems "$(cd "$home/drive/library" && find . -name '*.flac' | wc -l)"
say owner "$(stat -c %U "$home"/drive/library/*/vocals.flac)"
for place in "$home" "$home/inbox" /etc /usr /opt /var/lib "$home/drive/library"; do
  inside -m touch "$place/probe" 2>/dev/null && say writable "$place"
done
say network "$(inside -n sed -n 's/:.*//p' /proc/self/net/dev | xargs)"
say keys "$(inside -m ls "$home/.ssh")"
say privileges "$(grep -E '^(NoNewPrivs|CapEff|CapBnd|Seccomp):' /proc/"$(pid)"/status | xargs)"

before=$(pid); systemctl reload "$unit"; until_true '[ "$(property ActiveState)" = active ]'
[ "$before" = "$(pid)" ] && say reloaded "$(property ActiveState)"

kill -9 "$before"
until_true '[ "$(property NRestarts)" = 1 ] && [ "$(property ActiveState)" = active ]'
say restarts "$(property NRestarts)"

umount "$home/drive"; say unmounted "$?"
say gone "$(inside -m ls -A "$home/drive")"
mount --bind /drive "$home/drive"
drop again.flac
until_true '[ "$(ls -d "$home"/drive/library/*/vocals.flac | wc -l)" = 2 ]'
say after_return "$(ls -d "$home"/drive/library/*/vocals.flac | wc -l)"

systemctl stop "$unit"; say stopped "$(property Result)" "$(property ExecMainStatus)"
echo 'libary = 1' > "$home/config.toml"
systemctl start "$unit"; until_true '[ "$(property ActiveState)" = failed ]'
say refused "$(property ActiveState)" "$(property ExecMainStatus)" "$(property NRestarts)"
journalctl --no-pager -u "$unit"
"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[str]]]:
    """Boot, carry the script out, and give what it said under each word."""
    if os.geteuid() != 0:
        pytest.skip("booting a container takes root")
    if shutil.which("systemd-nspawn") is None:
        pytest.skip("systemd-nspawn is not installed (package systemd-container)")
    place = tmp_path_factory.mktemp("boot")
    layer, root, out = place / "layer", place / "root", place / "out"
    for folder in (layer, root, out):
        folder.mkdir()
    if _call("mount", "-t", "tmpfs", "tmpfs", layer):
        pytest.skip("this machine allows no mounts")
    try:
        (layer / "upper").mkdir()
        (layer / "work").mkdir()
        options = f"lowerdir=/,upperdir={layer}/upper,workdir={layer}/work"
        if _call("mount", "-t", "overlay", "overlay", "-o", options, root):
            pytest.skip("this machine allows no overlays")
        try:
            yield _boot(root, out)
        finally:
            _call("umount", root)
    finally:
        _call("umount", layer)


def test_it_starts_and_separates(facts: dict[str, list[str]]) -> None:
    assert facts["started"] == ["active"]
    assert facts["stems"] == ["2"]
    assert facts["owner"] == [ACCOUNT]


def test_it_writes_to_its_library_only(facts: dict[str, list[str]]) -> None:
    assert facts["writable"] == [f"{HOME}/drive/library"]


def test_it_has_no_network_no_keys_and_no_privileges(facts: dict[str, list[str]]) -> None:
    assert facts["network"] == ["lo"]
    assert facts["keys"] == [""]
    nothing = "0000000000000000"
    assert facts["privileges"] == [f"CapEff: {nothing} CapBnd: {nothing} NoNewPrivs: 1 Seccomp: 2"]


def test_it_reloads_and_is_restarted_after_a_crash(facts: dict[str, list[str]]) -> None:
    assert facts["reloaded"] == ["active"]
    assert facts["restarts"] == ["1"]


def test_a_drive_can_be_unmounted_and_comes_back(facts: dict[str, list[str]]) -> None:
    assert facts["unmounted"] == ["0"]
    assert facts["gone"] == [""]
    assert facts["after_return"] == ["2"]


def test_it_stops_well_and_is_not_restarted_with_a_wrong_configuration(
    facts: dict[str, list[str]],
) -> None:
    assert facts["stopped"] == ["success 0"]
    assert facts["refused"] == ["failed 78 0"]


def _boot(root: Path, out: Path) -> dict[str, list[str]]:
    binds = _install(root, out)
    command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network"]
    command += [f"--directory={root}", f"--machine=minusonetest{os.getpid()}", *binds, "--boot"]
    command += ["systemd.unit=basic.target", "systemd.wants=trial.service"]
    with (out / "console").open("wb") as console:
        container = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=console, stderr=console
        )
        try:
            container.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            # Killed outright, it would leave the container running.
            container.terminate()
            container.wait(DEADLINE)
        finally:
            _sweep_cgroups()
    if not (out / "facts").exists():
        said = (out / "console").read_bytes().decode("utf-8", "replace")
        if not (out / "log").exists():
            pytest.skip(f"this machine boots no container: {said[-300:]}")
        pytest.fail((out / "log").read_text())
    print((out / "log").read_text())
    return _read_facts(out / "facts")


def _install(root: Path, out: Path) -> list[str]:
    """Put account, program, unit, songs and script into the container; returns what it mounts."""
    _append(root / "etc/passwd", f"{ACCOUNT}:x:4711:4711::{HOME}:/bin/sh\n")
    _append(root / "etc/group", f"{ACCOUNT}:x:4711:\n")
    (root / "etc/machine-id").unlink(missing_ok=True)
    (root / "etc/machine-id").touch()
    home, drive = root / HOME.relative_to("/"), root / "drive"
    for folder in (
        home / "inbox",
        home / "state",
        home / "drive",
        home / ".ssh",
        drive / "library",
    ):
        folder.mkdir(parents=True)
    (home / ".ssh/id").write_text("a key")
    (root / "etc/fstab").write_text("")
    (home / "config.toml").write_text(
        f'library = "{HOME}/drive/library"\ndatabase = "{HOME}/state/minusone.db"\n'
        f'[inbox]\nfolders = ["{HOME}/inbox"]\nquiet = 0.2\nrescan = "1 s"\n'
    )
    for entry in (home, drive):
        for path in (entry, *entry.rglob("*")):
            os.chown(path, 4711, 4711)
    binds = [f"--bind={out}:/out"]
    parts = [Path(entry) for entry in sys.path if entry and Path(entry).is_dir()]
    places = [f"/opt/parts/{number}" for number in range(len(parts))]
    # Services have a /tmp of their own, and an account cannot look into root's home.
    binds += [f"--bind-ro={part}:{at}" for part, at in zip(parts, places, strict=True)]
    (root / "root").chmod(0o755)
    program = root / "opt/parts/minusoned"
    program.parent.mkdir(parents=True)
    python = Path(sys.base_prefix, f"bin/python3.{sys.version_info.minor}")
    program.write_text(PROGRAM.format(python=python))
    program.chmod(0o755)
    _write_units(root, places)
    for number, name in enumerate(("song.flac", "again.flac")):
        _write_song(out / name, 220.0 + 110 * number)
    (out / "trial.sh").write_text(f'unit="{UNIT}" home="{HOME}" account={ACCOUNT}\n{SCRIPT}')
    return binds


def _write_units(root: Path, parts: list[str]) -> None:
    config = HOME / "config.toml"
    settings = load_settings(root / config.relative_to("/"), {"HOME": str(HOME)})
    table = root / "opt/mounts"
    table.write_text(
        f"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / {HOME}/drive rw - ext4 /dev/sdb1 rw\n"
    )
    command = ("/opt/parts/minusoned",)
    plan = system_plan(command, settings, config, account=ACCOUNT, home=HOME, table=table)
    units = root / "etc/systemd/system"
    (units / UNIT).write_text(seal(render_unit(plan)))
    (units / f"{UNIT}.d").mkdir()
    (units / f"{UNIT}.d/trial.conf").write_text(
        f"[Service]\nEnvironment=PYTHONPATH={':'.join(parts)}\nRestartSec=1\n"
    )
    (units / "trial.service").write_text(TRIAL)


def _write_song(path: Path, pitch: float) -> None:
    time = np.arange(4 * 44100) / 44100
    tone = 0.3 * np.sin(2 * np.pi * pitch * time)
    soundfile.write(path, np.stack([tone, tone], axis=1), 44100)


def _read_facts(file: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in file.read_text().splitlines():
        word, _, coded = line.partition(" ")
        found.setdefault(word, []).append(base64.b64decode(coded).decode().strip())
    return found


def _append(file: Path, line: str) -> None:
    with file.open("a") as stream:
        stream.write(line)


def _call(*words: Any) -> int:
    return subprocess.run(
        [str(word) for word in words], capture_output=True, check=False
    ).returncode


def _sweep_cgroups() -> None:
    """Remove the empty groups that the container leaves where no systemd runs outside."""
    for hierarchy in (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified")):
        for name in ("payload", "supervisor"):
            _call("find", hierarchy / name, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";")
