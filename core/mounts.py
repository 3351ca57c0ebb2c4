"""Which file system a path is on: whether it tells of changes, and whether it is still the same.

A song that is gone may have been deleted, or its drive may have been pulled out. The two look alike
from the path alone; the identity of the file system that the path is on tells them apart.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

MOUNT_TABLE = Path("/proc/self/mountinfo")
UUID_LINKS = Path("/dev/disk/by-uuid")

_POLLED = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "glusterfs"),
        *("9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "davfs", "coda", "orangefs"),
        *("fuse", "fuseblk", "gpfs", "beegfs", "ocfs2", "gfs2"),
    }
)
# A local disk behind a FUSE driver: everything that writes to it passes through this kernel.
_LOCAL_FUSE = frozenset({"fuseblk", "fuse.ntfs-3g", "fuse.exfat", "fuse.exfat-fuse"})


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system.

    Attributes
    ----------
    source
        What is mounted: a device, a share, or a mere word such as ``"tmpfs"``.
    fstype
        Its type, as the kernel says it: ``"ext4"``, ``"fuse.sshfs"``.
    root
        The folder of it that is visible: ``"/"`` unless it is a bind mount or a subvolume.
    point
        Where it is mounted.
    identity
        Stays the same over reboots, and differs when another file system, or none, is mounted
        there. For comparing, not for reading.
    """

    source: str
    fstype: str
    root: str
    point: Path
    identity: str


def mount_of(path: Path, *, table: Path = MOUNT_TABLE) -> Mount:
    """Find the file system that a path is on.

    Parameters
    ----------
    path
        Any path. Where it leads nowhere, its nearest folder that exists counts: that is what tells
        a deleted file from a drive that is not mounted.
    table
        The kernel's list of mounts.

    Returns
    -------
    Mount
        With an empty `fstype` and `identity` where the kernel does not say.
    """
    lines = _read_table(table)
    number = _mount_number(path) if table == MOUNT_TABLE else None
    if number is not None and number in lines:
        return lines[number].mount()
    return _by_name(path, list(lines.values()))


def mounts_below(folder: Path, *, table: Path = MOUNT_TABLE) -> list[Mount]:
    """List the file systems that are mounted somewhere inside a folder, not on it."""
    inside = _slashed(os.path.realpath(folder))
    return [line.mount() for line in _read_table(table).values() if line.point.startswith(inside)]


def needs_polling(fstype: str) -> bool:
    """Tell whether changes can come about on such a file system without an event.

    True for those that other machines, or a host below this one, write to as well: their changes
    never pass through this kernel.
    """
    if fstype in _LOCAL_FUSE:
        return False
    return fstype in _POLLED or fstype.startswith("fuse.")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the kernel's list."""

    root: str
    point: str
    fstype: str
    source: str

    def mount(self) -> Mount:
        name = _uuid(self.source) or f"{self.fstype}:{self.source}"
        part = _without_common_end(self.root, self.point)
        identity = name if part == "/" else f"{name}:{part}"
        return Mount(self.source, self.fstype, self.root, Path(self.point), identity)


def _read_table(table: Path) -> dict[int, _Line]:
    try:
        text = os.fsdecode(table.read_bytes())
    except OSError:  # No /proc, as in some containers: nothing is known then.
        return {}
    lines = {}
    for line in text.splitlines():
        # A number of optional fields, ended by a lone hyphen, stands before the type.
        front, separator, back = line.partition(" - ")
        fields, tail = front.split(" "), back.split(" ")
        if not separator or len(fields) < 6 or len(tail) < 2:
            continue
        lines[int(fields[0])] = _Line(
            _unescape(fields[3]), _unescape(fields[4]), tail[0], _unescape(tail[1])
        )
    return lines


def _unescape(field: str) -> str:
    """Undo the kernel's octal writing of space, tab, newline, backslash and number sign."""
    raw = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), os.fsencode(field))
    return os.fsdecode(raw)


def _mount_number(path: Path) -> int | None:
    """Ask the kernel which mount a path is on; None where it does not say.

    Exact where names deceive: mounts over mounts, mounts hidden by others, links on the way.
    """
    while True:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            if path.parent == path:
                return None
            path = path.parent
            continue
        try:
            text = Path(f"/proc/self/fdinfo/{descriptor}").read_text()
        except OSError:
            return None
        finally:
            os.close(descriptor)
        found = re.search(r"^mnt_id:\s*(\d+)$", text, re.MULTILINE)
        return int(found[1]) if found else None


def _by_name(path: Path, lines: list[_Line]) -> Mount:
    """Take the longest mount point that the path lies under; the last of equals is on top."""
    real = _slashed(os.path.realpath(path))
    covering = [line for line in lines if real.startswith(_slashed(line.point))]
    if not covering:
        return Mount("", "", "/", Path("/"), "")
    longest = max(len(line.point) for line in covering)
    return [line for line in covering if len(line.point) == longest][-1].mount()


def _without_common_end(root: str, point: str) -> str:
    """Leave out what the visible folder and its mount point end with alike.

    A service that is shut in sees its folders as mounts of their own, each of a folder on itself;
    what it writes down must mean the same to programs outside.
    """
    inner, outer = root.rstrip("/").split("/"), point.rstrip("/").split("/")
    while len(inner) > 1 and len(outer) > 1 and inner[-1] == outer[-1]:
        inner.pop()
        outer.pop()
    return "/".join(inner) or "/"


def _slashed(folder: str) -> str:
    return f"{folder.rstrip('/')}/"


def _uuid(source: str) -> str:
    """Name of a disk's file system that does not depend on the order in which disks were found."""
    if not source.startswith("/dev/"):
        return ""
    try:
        device = Path(source).stat().st_rdev
        links = list(UUID_LINKS.iterdir())
    except OSError:
        return ""
    for link in links:
        try:
            if link.stat().st_rdev == device:
                return f"uuid:{link.name}"
        except OSError:  # A link to a disk that was pulled out just now.
            continue
    return ""
