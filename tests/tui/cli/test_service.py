"""`minusone service`: units are written, known again, and removed; nobody's work is lost."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from core.store.database import open_database
from core.store.lock import DatabaseLock
from core.store.records import DaemonStatus, WatchedFolder
from core.store.status import host_name, report_status

Invoke = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and a program installed beside a Python."""
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "SUDO_USER", "MINUSONE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    program = tmp_path / "my env/bin/minusoned"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program.with_name("python")))
    return place


@pytest.fixture
def image(tmp_path: Path, home: Path) -> Path:
    """The file system of another computer, with an account and a group for graphics."""
    root = tmp_path / "image"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text(
        f"root:x:0:0::/root:/bin/sh\nann:x:1000:1000:Ann:{home}:/bin/sh\n"
    )
    (root / "etc/group").write_text("root:x:0:\nrender:x:105:\n")
    return root


def _unit(home: Path) -> Path:
    return home / ".config/systemd/user/minusoned.service"


def test_install_writes_the_unit_of_this_installation(invoke: Invoke, home: Path) -> None:
    result = invoke("service", "install", "--user")
    assert result.exit_code == 0, result.output
    program = Path(sys.executable).with_name("minusoned")
    assert f'\nExecStart="{program}"\n' in _unit(home).read_text()
    assert f"Wrote: {_unit(home)}" in result.output
    assert "systemctl --user enable minusoned.service" in result.output


def test_install_makes_the_folders(invoke: Invoke, home: Path) -> None:
    invoke("service", "install", "--user")
    assert (home / "Music/minusone/inbox").is_dir()
    assert (home / "Music/minusone/library").is_dir()


def test_install_again_changes_nothing(invoke: Invoke, home: Path) -> None:
    invoke("service", "install", "--user")
    before = _unit(home).stat().st_mtime_ns
    result = invoke("service", "install", "--user")
    assert f"Up to date: {_unit(home)}" in result.output
    assert _unit(home).stat().st_mtime_ns == before


def test_xdg_config_home_is_followed(
    invoke: Invoke, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "elsewhere"))
    invoke("service", "install", "--user")
    assert (home / "elsewhere/systemd/user/minusoned.service").is_file()


def test_dry_run_prints_and_touches_nothing(invoke: Invoke, home: Path) -> None:
    result = invoke("service", "install", "--user", "--gpu", "--dry-run")
    assert result.exit_code == 0
    assert f"# {_unit(home)}\n" in result.output
    assert "\n[Install]\n" in result.output
    assert "RestrictAddressFamilies=AF_UNIX AF_NETLINK" in result.output
    assert list(home.iterdir()) == []


def test_json_tells_the_same(invoke: Invoke, home: Path) -> None:
    record = json.loads(invoke("service", "install", "--user", "--json").output)
    assert record["wrote"] == [str(_unit(home))]
    assert record["next"][-1] == "systemctl --user restart minusoned.service"


def test_edited_unit_is_left_alone(invoke: Invoke, home: Path) -> None:
    invoke("service", "install", "--user")
    changed = _unit(home).read_text() + "# mine\n"
    _unit(home).write_text(changed)
    for action in ("install", "uninstall"):
        result = invoke("service", action, "--user")
        assert result.exit_code == 1
        assert "was changed by hand" in result.output
        assert _unit(home).read_text() == changed
    assert invoke("service", "install", "--user", "--force").exit_code == 0
    assert "# mine" not in _unit(home).read_text()


def test_foreign_unit_is_left_alone(invoke: Invoke, home: Path) -> None:
    _unit(home).parent.mkdir(parents=True)
    _unit(home).write_text("[Service]\nExecStart=/bin/true\n")
    result = invoke("service", "install", "--user")
    assert result.exit_code == 1
    assert "was not written by this program" in result.output
    assert _unit(home).read_text() == "[Service]\nExecStart=/bin/true\n"


def test_gpu_stays_until_it_is_taken_away(invoke: Invoke, home: Path) -> None:
    drop_in = _unit(home).parent / "minusoned.service.d/gpu.conf"
    invoke("service", "install", "--user", "--gpu")
    invoke("service", "install", "--user")
    assert drop_in.is_file()
    assert f"Removed: {drop_in}" in invoke("service", "install", "--user", "--no-gpu").output
    assert not drop_in.exists()


def test_uninstall_removes_units_and_what_enables_them(invoke: Invoke, home: Path) -> None:
    invoke("service", "install", "--user", "--gpu")
    folder = _unit(home).parent
    (folder / "default.target.wants").mkdir()
    (folder / "default.target.wants/minusoned.service").symlink_to(_unit(home))
    (folder / "other.service").write_text("[Service]\n")
    assert invoke("service", "uninstall", "--user").exit_code == 0
    assert [file.name for file in folder.rglob("*")] == ["other.service"]
    assert (home / "Music/minusone/library").is_dir()


def test_uninstall_of_nothing_says_so(invoke: Invoke, home: Path) -> None:
    result = invoke("service", "uninstall", "--user")
    assert result.exit_code == 0
    assert "There is no" in result.output


def test_system_service_goes_into_the_image(invoke: Invoke, image: Path) -> None:
    where = ("--system", "--user-name", "ann", "--root", image)
    result = invoke("service", "install", *where, "--gpu")
    assert result.exit_code == 0, result.output
    unit = image / "etc/systemd/system/minusoned@ann.service"
    assert "\nUser=ann\n" in unit.read_text()
    drop_in = unit.with_name("minusoned@ann.service.d") / "gpu.conf"
    assert "\nSupplementaryGroups=render\n" in drop_in.read_text()
    assert f"systemctl --root={image} enable minusoned@ann.service" in result.output
    assert invoke("service", "uninstall", *where).exit_code == 0
    assert list((image / "etc/systemd/system").iterdir()) == []


def test_configuration_is_followed_and_remembered(
    invoke: Invoke, image: Path, tmp_path: Path
) -> None:
    config = tmp_path / "my 100% own.toml"
    config.write_text('library = "/srv/my stems"\n')
    where = ("--system", "--user-name", "ann", "--root", image)
    for words in (("--config", config), ()):
        assert invoke("service", "install", *where, *words).exit_code == 0
        text = (image / "etc/systemd/system/minusoned@ann.service").read_text()
        assert '"-/srv/my stems"' in text
        assert f'Environment="MINUSONE_CONFIG={tmp_path}/my 100%% own.toml"' in text


def test_what_the_shell_says_is_not_what_the_service_sees(
    invoke: Invoke, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINUSONE_LIBRARY", str(home / "other"))
    result = invoke("service", "install", "--user")
    assert "will not see" in result.output
    assert "MINUSONE_LIBRARY" in result.output
    assert not (home / "other").exists()


def test_wrong_configuration_is_told_before_anything_is_written(invoke: Invoke, home: Path) -> None:
    config = home / ".config/minusone/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("libary = '/x'\n")
    result = invoke("service", "install", "--user")
    assert result.exit_code == 1
    assert "libary" in result.output
    assert not _unit(home).exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--user", "--user-name", "ann"), "for services of the system"),
        (("--user-name", "ann"), "Whose service is meant?"),
        (("--system", "--user-name", "root"), "not run as root"),
        (("--system", "--user-name", "no such account"), "no account"),
    ],
)
def test_senseless_requests_are_refused(
    invoke: Invoke, home: Path, words: tuple[str, ...], message: str
) -> None:
    result = invoke("service", "install", *words)
    assert result.exit_code == 2
    assert message in result.output
    assert list(home.iterdir()) == []


def test_now_is_refused_for_an_image(invoke: Invoke, image: Path) -> None:
    where = ("--system", "--user-name", "ann", "--root", image)
    result = invoke("service", "install", *where, "--now")
    assert result.exit_code == 2
    assert not (image / "etc/systemd").exists()


def test_installation_without_a_daemon_says_so(invoke: Invoke, home: Path) -> None:
    Path(sys.executable).with_name("minusoned").unlink()
    result = invoke("service", "install", "--user")
    assert result.exit_code == 2
    assert "The daemon is not where it should be" in result.output


def test_without_systemd_the_user_is_told_what_to_run(
    invoke: Invoke, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.cli.systemctl._BOOTED", tmp_path / "no systemd")
    result = invoke("service", "install", "--user")
    assert result.exit_code == 0
    assert f"Run {Path(sys.executable).with_name('minusoned')} by hand" in result.output
    refused = invoke("service", "install", "--user", "--now")
    assert refused.exit_code == 2
    assert "systemd does not run here" in refused.output


def test_now_reloads_enables_and_restarts(invoke: Invoke, home: Path, fake_systemctl: Path) -> None:
    result = invoke("service", "install", "--user", "--now")
    assert result.exit_code == 0, result.output
    assert fake_systemctl.read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable minusoned.service",
        "--user restart minusoned.service",
    ]
    fake_systemctl.write_text("")
    assert invoke("service", "uninstall", "--user", "--now").exit_code == 0
    assert fake_systemctl.read_text().splitlines() == [
        "--user disable --now minusoned.service",
        "--user daemon-reload",
    ]


def test_failing_systemctl_is_told(invoke: Invoke, home: Path, fake_systemctl: Path) -> None:
    (fake_systemctl.parent / "systemctl").write_text("#!/bin/sh\necho No bus >&2\nexit 1\n")
    result = invoke("service", "install", "--user", "--now")
    assert result.exit_code == 1
    assert "failed with exit code 1" in result.output
    assert "No bus" in result.output


@pytest.fixture
def fake_systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl that writes down what it was asked for; gives the file of its notes."""
    folder = tmp_path / "bin"
    folder.mkdir()
    notes = folder / "notes"
    program = folder / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{notes}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr("tui.cli.systemctl._BOOTED", folder)
    return notes


def _status(invoke: Invoke) -> tuple[int, dict[str, object]]:
    result = invoke("service", "status", "--user", "--json")
    (record,) = json.loads(result.output)
    return result.exit_code, record


def test_status_follows_the_unit(invoke: Invoke, home: Path) -> None:
    assert _status(invoke)[1]["unit_state"] == "absent"
    invoke("service", "install", "--user")
    assert _status(invoke)[1]["unit_state"] == "current"
    config = home / ".config/minusone/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[jobs]\ngrace = "3 min"\n')
    assert _status(invoke)[1]["unit_state"] == "outdated"
    _unit(home).write_text(_unit(home).read_text() + "#\n")
    assert _status(invoke)[1]["unit_state"] == "edited"
    _unit(home).write_text("")
    assert _status(invoke)[1]["unit_state"] == "foreign"


def test_status_tells_what_the_daemon_said(invoke: Invoke, home: Path) -> None:
    code, record = _status(invoke)
    assert (code, record["running"], record["daemon"]) == (1, False, None)
    now = time.time()
    said = DaemonStatus(
        pid=os.getpid(),
        host=host_name(),
        version="1.2.3",
        started_at=now - 90,
        heartbeat_at=now,
        stopped_at=None,
        waiting="the disk is full",
        folders=(WatchedFolder(home / "in", "poll", "a network share"),),
        library=home / "stems",
        free_bytes=10**9,
    )
    with open_database(home / ".local/state/minusone/minusone.db") as database:
        report_status(database, said)
    code, record = _status(invoke)
    assert (code, record["running"]) == (1, False)
    with DatabaseLock(home / ".local/state/minusone/minusone.db"):
        code, record = _status(invoke)
        assert (code, record["running"]) == (0, True)
        text = invoke("service", "status", "--user").output
    assert f"runs for 1:30 as process {os.getpid()} (version 1.2.3)" in text
    assert "in: poll, a network share" in text
    assert "waits: the disk is full" in text


def test_status_survives_a_broken_configuration_and_database(invoke: Invoke, home: Path) -> None:
    invoke("service", "install", "--user")
    database = home / ".local/state/minusone/minusone.db"
    database.write_bytes(b"no database" * 100)
    assert _status(invoke)[1]["trouble"]
    config = home / ".config/minusone/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("nonsense")
    code, record = _status(invoke)
    assert code == 1
    assert "config.toml" in str(record["trouble"])


def test_help_needs_no_configuration(home: Path) -> None:
    code = "import sys; import tui.cli.service; sys.exit('core.config' in sys.modules)"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    python = Path(sys.base_prefix, "bin/python3")
    assert subprocess.run([python, "-c", code], env=environ, check=False).returncode == 0
