"""What lies in an inbox: a walk in small steps that a busy loop can take between other things."""

import os
import stat
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.store.records import FileState
from daemon.ignore import Choice, IgnoreRules, Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """A file that nothing is known of yet.

    Attributes
    ----------
    path
        Under the inbox, also where it is a link to somewhere else.
    state
        As it was just now.
    verdict
        TAKE or TRY, or an IGNORE that somebody may want to hear of.
    """

    path: Path
    state: FileState
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be looked at.

    Attributes
    ----------
    path
        The folder.
    text
        What happened, as the system says it.
    """

    path: Path
    text: str


def signature(path: Path | str, state: FileState) -> int:
    """Fold a file and its state into 64 bits, by which a scan knows again what was dealt with.

    Good for one run of the program: Python salts its hashes.
    """
    return hash((os.fsencode(path), state.size, state.mtime_ns, state.inode))


def file_state(path: Path | str) -> FileState | None:
    """Look at a file, through links; None for what is gone, or is no regular file."""
    try:
        found = os.stat(path)  # noqa: PTH116 (a third of the time of Path.stat, a thousand times)
    except (OSError, ValueError):
        return None
    return _state(found) if stat.S_ISREG(found.st_mode) else None


class Scan:
    """One walk through an inbox, or through a folder in it; iterating goes all the way.

    Symbolic links to something inside the inbox are left out: it is met by its own name. Those that
    lead out of it are followed only when asked for; no folder is entered twice then.

    Parameters
    ----------
    root
        The inbox.
    rules
        What to leave out.
    follow_links
        Whether links are followed that lead out of the inbox.
    known
        Signatures of files to pass over, see `signature`.
    start
        The folder in the inbox to begin at; the inbox itself when None.

    Attributes
    ----------
    problems
        Folders that could not be read, each once.
    missing
        The starting folder was not there, or cannot be read: the walk says nothing about what is
        in it.
    done
        The walk is over.
    """

    def __init__(
        self,
        root: Path,
        rules: IgnoreRules,
        *,
        follow_links: bool = False,
        known: Container[int] = frozenset(),
        start: Path | None = None,
    ) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.missing = False
        self.done = False
        self._rules = rules
        self._known = known
        self._links = LinkPolicy(root, follow_links)
        self._start = start or root
        self._walk = self._go()

    def step(self, entries: int = 64) -> list[Found]:
        """Look at some more directory entries.

        Parameters
        ----------
        entries
            How many at most; a thousand take 6 ms where no disk is waited for.
        """
        return [found for found in islice(self._walk, entries) if found is not None]

    def __iter__(self) -> Iterator[Found]:
        return (found for found in self._walk if found is not None)

    def _go(self) -> Iterator[Found | None]:
        inside = _inside(self.root, str(self._start))
        if (
            inside is None
            or not self._rules.enters(inside)
            or (inside and not self._links.reaches(str(self._start), inside))
        ):
            self.done = True
            return
        folders = [(str(self._start), inside)]
        while folders:
            path, inside = folders.pop()
            try:
                entries = os.scandir(path)
            except OSError as exc:
                self._cannot_read(path, exc)
                continue
            with entries:
                while True:
                    try:
                        entry = next(entries, None)
                    except OSError as exc:
                        self._cannot_read(path, exc)
                        break
                    if entry is None:
                        break
                    below = f"{inside}/{entry.name}" if inside else entry.name
                    if self._is_folder(entry):
                        if self._rules.enters(below):
                            folders.append((entry.path, below))
                        yield None
                    else:
                        yield self._file(entry, below)
        self.done = True

    def _cannot_read(self, path: str, exc: OSError) -> None:
        if path == str(self._start):
            self.missing = True
        elif isinstance(exc, FileNotFoundError | NotADirectoryError):
            return  # It was removed while the walk was under way.
        self.problems.append(Problem(Path(path), exc.strerror or str(exc)))

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            if entry.is_symlink():
                return entry.is_dir() and self._links.enters(entry.path)
            return entry.is_dir(follow_symlinks=False) and self._links.first_time(entry.path)
        except OSError:
            return False

    def _file(self, entry: os.DirEntry[str], below: str) -> Found | None:
        # The name is judged first: it costs no system call.
        verdict = self._rules.judge_in_good_folder(below, entry.name, None)
        if verdict.choice is Choice.IGNORE and not verdict.told:
            return None
        try:
            if entry.is_symlink() and not self._links.takes(entry.path):
                return None
            found = entry.stat()
        except OSError:  # Gone, or a link that leads nowhere.
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        state = _state(found)
        if signature(entry.path, state) in self._known:
            return None
        verdict = self._rules.judge_in_good_folder(below, entry.name, state.size)
        return Found(Path(entry.path), state, verdict)


def look_at(
    root: Path, path: Path, rules: IgnoreRules, *, follow_links: bool = False
) -> Found | None:
    """Look at one file as a scan would.

    Returns
    -------
    Found or None
        None for what a scan would pass over without a word, and for what is gone.
    """
    inside = _inside(root, str(path))
    if not inside:
        return None
    verdict = rules.judge(inside)
    if verdict.choice is Choice.IGNORE and not verdict.told:
        return None
    if not LinkPolicy(root, follow_links).reaches(str(path), inside):
        return None
    state = file_state(path)
    return None if state is None else Found(path, state, rules.judge(inside, state.size))


class LinkPolicy:
    """Which symbolic links in an inbox are followed.

    Parameters
    ----------
    root
        The inbox.
    follow_links
        Whether those are that lead out of it.
    """

    def __init__(self, root: Path, follow_links: bool) -> None:
        self._follow = follow_links
        self._home = f"{os.path.realpath(root).rstrip('/')}/"
        self._entered: set[tuple[int, int]] = set()

    def reaches(self, path: str, inside: str) -> bool:
        """Tell whether a path can be taken as it is, with whatever links are on its way.

        Parameters
        ----------
        path
            In the inbox.
        inside
            The same below the inbox.
        """
        return os.path.realpath(path) == f"{self._home}{inside}" or self.takes(path)

    def takes(self, path: str) -> bool:
        """Tell whether a link is to be taken for the file that it leads to."""
        if not self._follow:
            return False
        return not f"{os.path.realpath(path)}/".startswith(self._home)

    def enters(self, path: str) -> bool:
        """Tell whether a link is to be taken for the folder that it leads to, for the first time.

        Never true of a folder that holds the inbox: that way leads in a circle.
        """
        return self.leads_out(path) and self.first_time(path)

    def leads_out(self, path: str) -> bool:
        """Tell whether a link to a folder is to be followed, as far as its target says."""
        target = f"{os.path.realpath(path).rstrip('/')}/"
        return self.takes(path) and not self._home.startswith(target)

    def first_time(self, path: str) -> bool:
        """Tell whether a folder has not been entered yet; without links none can be twice."""
        if not self._follow:
            return True
        found = os.stat(path)  # noqa: PTH116 (as above)
        identity = (found.st_dev, found.st_ino)
        if identity in self._entered:
            return False
        self._entered.add(identity)
        return True


def _state(found: os.stat_result) -> FileState:
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def _inside(root: Path, path: str) -> str | None:
    """Path below the inbox, empty for the inbox itself; None for what is elsewhere."""
    home = str(root)
    if path == home:
        return ""
    prefix = f"{home.rstrip('/')}/"
    return path.removeprefix(prefix) if path.startswith(prefix) else None
