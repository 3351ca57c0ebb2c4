"""Which folders a service may write to."""

from pathlib import Path

from core.config import load_settings
from core.systemd.plan import ServicePlan, system_plan
from core.systemd.units import configured, render_unit, unit_name

HOME = Path("/home/ann")

MOUNTS = """\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 8:2 / /home rw - ext4 /dev/sda2 rw
24 22 8:17 / /mnt/usb rw - ext4 /dev/sdb1 rw
"""


def _plan(tmp_path: Path, config: str) -> ServicePlan:
    table, file = tmp_path / "mountinfo", tmp_path / "my config.toml"
    table.write_text(MOUNTS)
    file.write_text(config)
    settings = load_settings(file, {"HOME": str(HOME)})
    return system_plan(("/opt/minusoned",), settings, file, account="ann", home=HOME, table=table)


def _setting(unit: str, name: str) -> str:
    (line,) = [line for line in unit.splitlines() if line.startswith(f"{name}=")]
    return line.partition("=")[2]


def test_originals_that_are_kept_cannot_be_written(tmp_path: Path) -> None:
    plan = _plan(tmp_path, 'library = "~/stems"')
    assert plan.writable == (HOME / "stems", HOME / ".local/state/minusone")
    unit = render_unit(plan)
    assert _setting(unit, "ReadWritePaths") == f"-{HOME}/stems -{HOME}/.local/state/minusone"


def test_originals_that_are_moved_need_both_folders(tmp_path: Path) -> None:
    plan = _plan(tmp_path, '[inbox]\nfolders = ["/srv/in"]\nafter = "move"\nmove_to = "/srv/out"')
    assert {Path("/srv/in"), Path("/srv/out")} <= set(plan.writable)


def test_originals_that_are_trashed_need_the_trash(tmp_path: Path) -> None:
    plan = _plan(tmp_path, '[inbox]\nfolders = ["/srv/in"]\nafter = "trash"')
    assert {Path("/srv/in"), HOME / ".local/share/Trash"} <= set(plan.writable)


def test_a_folder_inside_another_is_named_once(tmp_path: Path) -> None:
    plan = _plan(tmp_path, 'library = "/srv/stems"\ndatabase = "/srv/stems/db/minusone.db"')
    assert plan.writable == (Path("/srv/stems"),)


def test_a_drive_of_its_own_is_excepted_as_a_whole(tmp_path: Path) -> None:
    plan = _plan(tmp_path, 'library = "/mnt/usb/music/stems"')
    assert plan.drives == (Path("/mnt/usb"),)
    assert _setting(render_unit(plan), "ReadWritePaths").split()[0] == "-/mnt/usb"


def test_the_drive_of_the_homes_is_not_given_away(tmp_path: Path) -> None:
    assert _plan(tmp_path, "").drives == ()


def test_only_the_database_must_be_mounted(tmp_path: Path) -> None:
    plan = _plan(tmp_path, 'library = "/mnt/usb/stems"\ndatabase = "/srv/db/minusone.db"')
    assert _setting(render_unit(plan), "RequiresMountsFor") == "/srv/db"


def test_a_unit_remembers_its_configuration(tmp_path: Path) -> None:
    assert configured(render_unit(_plan(tmp_path, ""))) == tmp_path / "my config.toml"


def test_keys_cannot_be_read(tmp_path: Path) -> None:
    hidden = _setting(render_unit(_plan(tmp_path, "")), "InaccessiblePaths").split()
    assert {f"-{HOME}/.ssh", f"-{HOME}/.gnupg"} <= set(hidden)


def test_units_are_named_after_their_account() -> None:
    assert unit_name(None) == "minusoned.service"
    assert unit_name("ann") == "minusoned@ann.service"
