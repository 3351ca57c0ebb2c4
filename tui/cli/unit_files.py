"""Unit files on disk: where they belong, and writing and removing none but this program's own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.audio.filenames import display_path
from core.errors import OutputError
from core.systemd.seal import Author, read_seal, seal
from core.systemd.units import DROP_IN, unit_name


@dataclass(frozen=True, slots=True)
class UnitPlace:
    """Where the unit of one service belongs.

    Attributes
    ----------
    folder
        Folder of the units.
    name
        File name of the unit.
    """

    folder: Path
    name: str

    @property
    def unit(self) -> Path:
        """The unit itself."""
        return self.folder / self.name

    @property
    def drop_in(self) -> Path:
        """What lets it use a GPU."""
        return self.folder / f"{self.name}.d" / DROP_IN


def user_place(environ: Mapping[str, str], home: Path) -> UnitPlace:
    """Place the unit of a user's own service manager."""
    # The specification wants an absolute path, and anything else ignored.
    chosen = Path(environ.get("XDG_CONFIG_HOME", ""))
    config = chosen if chosen.is_absolute() else home / ".config"
    return UnitPlace(config / "systemd/user", unit_name(None))


def system_place(account: str, root: Path = Path("/")) -> UnitPlace:
    """Place the unit of an account in the system's folder, or in that of an image at `root`."""
    return UnitPlace(root / "etc/systemd/system", unit_name(account))


def read_body(file: Path) -> tuple[Author, str] | None:
    """Read a unit without its seal, and who is responsible for it; None if there is none."""
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise _unusable(file, exc) from exc
    found = read_seal(text)
    return found.author, found.body


def check_replaceable(file: Path) -> None:
    """Make sure that writing or removing a file destroys nobody's work.

    Raises
    ------
    OutputError
        Somebody else wrote it, or changed it.
    """
    found = read_body(file)
    if found is None or found[0] is Author.PROGRAM:
        return
    if found[0] is Author.EDITED:
        raise OutputError(
            f"{display_path(file)} was changed by hand.",
            "Move your changes to a drop-in (systemctl edit), or lose them with --force.",
        )
    raise OutputError(
        f"{display_path(file)} was not written by this program.",
        "Look at it, and move it away; or have it replaced with --force.",
    )


def write_unit(file: Path, body: str) -> bool:
    """Write a unit with its seal; False if it is there already, word for word.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    content = seal(body).encode("utf-8")
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        if file.is_file() and not file.is_symlink() and file.read_bytes() == content:
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            # Whatever umask is in force: the service manager and `systemctl cat` read it.
            aside.chmod(0o644)
            aside.replace(file)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as exc:
        raise _unusable(file, exc) from exc
    return True


def remove_unit(place: UnitPlace) -> tuple[Path, ...]:
    """Remove the unit, its drop-in, and the links that enable it; returns what was there.

    Raises
    ------
    OutputError
        Something cannot be removed.
    """
    links = [*place.folder.glob("*.wants/*"), *place.folder.glob("*.requires/*")]
    enabling = [link for link in links if link.name == place.name and link.is_symlink()]
    removed = []
    for file in (*enabling, place.drop_in, place.unit):
        try:
            file.unlink()
        except FileNotFoundError:
            continue
        except OSError as exc:
            raise _unusable(file, exc) from exc
        removed.append(file)
    for folder in {file.parent for file in removed} - {place.folder}:
        if not any(folder.iterdir()):
            folder.rmdir()
    return tuple(removed)


def _unusable(file: Path, exc: OSError) -> OutputError:
    advice = "Say --dry-run to see what would be done."
    if isinstance(exc, PermissionError):
        advice = "Units of the system belong to root: run the command with sudo. " + advice
    return OutputError(f"{display_path(file)} cannot be changed ({exc.strerror}).", advice)
