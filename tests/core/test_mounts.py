"""Which file system a path is on."""

import os
from pathlib import Path

import pytest

from core.mounts import Mount, mount_of, mounts_below, needs_polling

TABLE = r"""22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw
30 27 0:40 / /mnt/nas rw - nfs4 server:/export/music rw,addr=10.0.0.1
31 27 0:41 /@music /mnt/my\040disk\134x rw shared:7 - btrfs /dev/sdx9 rw
32 27 0:42 / /mnt/nas/local rw - tmpfs a\011b rw
33 27 0:43 / /mnt/nas/local rw - fuse.sshfs me@host:/x rw
34 27 254:0 /srv/songs /home/me/inbox rw - ext4 /dev/vda rw
35 27 0:44 / /merged rw - overlay overlay rw,lowerdir=/a:/b
broken line
36 27 0:45 / /mnt/\303\244 rw - xfs /dev/x rw
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(TABLE)
    return path


def test_longest_mount_point_wins_and_the_last_of_equals(table: Path) -> None:
    assert mount_of(Path("/etc/x"), table=table).fstype == "ext4"
    assert mount_of(Path("/mnt/nas/a/b.mp3"), table=table) == Mount(
        "server:/export/music", "nfs4", "/", Path("/mnt/nas"), "nfs4:server:/export/music"
    )
    assert mount_of(Path("/mnt/nasty"), table=table).point == Path("/")
    assert mount_of(Path("/mnt/nas/local/x"), table=table).fstype == "fuse.sshfs"


def test_escapes_are_undone(table: Path) -> None:
    mount = mount_of(Path("/mnt/my disk\\x/a"), table=table)
    assert mount.point == Path("/mnt/my disk\\x")
    assert mount_of(Path("/mnt/ä/b"), table=table).fstype == "xfs"


def test_part_of_a_file_system_has_an_identity_of_its_own(table: Path) -> None:
    bound = mount_of(Path("/home/me/inbox"), table=table)
    assert bound.root == "/srv/songs"
    assert bound.identity != mount_of(Path("/"), table=table).identity
    assert mount_of(Path("/mnt/my disk\\x"), table=table).identity.endswith(":/@music")


@pytest.mark.parametrize(
    ("outside", "inside", "path"),
    [
        # A folder of the first disk.
        ("27 1 254:0 / / rw - ext4 /dev/x rw", "/home/me/in /home/me/in", "/home/me/in"),
        # A disk of its own.
        (
            "27 1 254:0 / /mnt/usb rw - ext4 /dev/x rw",
            "/music/in /mnt/usb/music/in",
            "/mnt/usb/music/in",
        ),
        # A folder that was bound to another place before.
        ("27 1 254:0 /srv/x /mnt/x rw - ext4 /dev/x rw", "/srv/x/in /mnt/x/in", "/mnt/x/in"),
    ],
)
def test_a_service_that_is_shut_in_sees_the_same_identity(
    tmp_path: Path, outside: str, inside: str, path: str
) -> None:
    free, shut = tmp_path / "free", tmp_path / "shut"
    free.write_text(outside + "\n")
    shut.write_text(f"{outside}\n28 27 254:0 {inside} rw - ext4 /dev/x rw\n")
    assert mount_of(Path(path), table=shut).identity == mount_of(Path(path), table=free).identity


def test_file_systems_inside_a_folder_are_listed(table: Path) -> None:
    types = sorted(mount.fstype for mount in mounts_below(Path("/mnt/nas"), table=table))
    assert types == ["fuse.sshfs", "tmpfs"]
    assert mounts_below(Path("/mnt/nas/local"), table=table) == []


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    mount = mount_of(Path("/x"), table=tmp_path / "none")
    assert (mount.fstype, mount.identity) == ("", "")
    assert mounts_below(Path("/"), table=tmp_path / "none") == []


def test_real_file_systems_of_this_machine() -> None:
    proc = mount_of(Path("/proc/self"))
    assert (proc.fstype, proc.point) == ("proc", Path("/proc"))
    assert mount_of(Path("/")).point == Path("/")


def test_path_that_leads_nowhere_is_on_the_file_system_of_its_nearest_folder(
    tmp_path: Path,
) -> None:
    here = mount_of(tmp_path)
    assert here.identity
    assert mount_of(tmp_path / "gone" / "x.mp3") == here
    assert mount_of(Path("/proc/gone/x")).fstype == "proc"


def test_links_lead_to_where_they_point(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/proc")
    assert mount_of(tmp_path / "link").fstype == "proc"
    assert mount_of(tmp_path / "link" / "self").fstype == "proc"


def test_asking_leaves_no_file_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(10):
        mount_of(tmp_path / "x")
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize(
    "fstype", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.mergerfs", "9p", "virtiofs"]
)
def test_file_systems_that_others_write_to_are_polled(fstype: str) -> None:
    assert needs_polling(fstype)


@pytest.mark.parametrize(
    "fstype", ["ext4", "btrfs", "xfs", "tmpfs", "zfs", "overlay", "vfat", "fuseblk", "ntfs3", ""]
)
def test_file_systems_of_this_machine_are_not(fstype: str) -> None:
    assert not needs_polling(fstype)
