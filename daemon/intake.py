"""From a file that is ready to a row in the queue: hash it, know it or probe it, enter it.

Hashing runs in a thread (it waits for the disk), probing in a child process (a damaged header may
crash a decoder), everything that touches the database in the daemon's own thread.
"""

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.audio.filenames import display_name, display_path
from core.errors import AudioError, MinusoneError, StoreError
from core.fingerprint import FileChanged, Fingerprint, file_state, fingerprint
from core.intake import Entry, Wishes, enter_refused, enter_song, find_known
from core.store.database import Database
from core.store.records import FileState, Origin, Outcome, Source
from core.store.sources import remember
from daemon.child import Child
from daemon.log import Log
from daemon.messages import Failed, Probe, Probed, Reply, Request
from daemon.pool import Pool

# A file whose header brings the prober down is asked about this often.
_PROBES = 3

# A file that cannot be read is tried again after so many seconds, doubling; then it has failed.
_FIRST_RETRY = 5.0
_READINGS = 7


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that has been quiet for long enough.

    Attributes
    ----------
    path
        The file.
    certain
        Whether its name says that it is a song. If not, and it does not open as one, it is
        ignored instead of becoming a failed job.
    """

    path: Path
    certain: bool


@dataclass(frozen=True, slots=True)
class _Hashed:
    candidate: Candidate
    result: Fingerprint | MinusoneError


@dataclass(slots=True)
class _Retry:
    """A file that could not be read; `due` is None once it has been sent round again."""

    due: float | None
    readings: int


class Intake:
    """Takes ready files in, several at a time, each once.

    Parameters
    ----------
    db
        The database.
    library
        The library's folder.
    log
        The daemon's.
    pool
        One prober; its callbacks are this object's `replied` and `died`.
    wake
        Called from the hashing thread when it has something for `tick`.
    look_again
        Called with a path that is to come again when it is quiet.
    clock
        Unix seconds.
    """

    def __init__(
        self,
        db: Database,
        library: Path,
        log: Log,
        pool: Pool,
        wake: Callable[[], None],
        look_again: Callable[[Path], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._db = db
        self._library = library
        self._log = log
        self._pool = pool
        self._wake = wake
        self._look_again = look_again
        self._clock = clock
        self._in_flight: set[Path] = set()
        self._to_hash: queue.SimpleQueue[Candidate | None] = queue.SimpleQueue()
        self._hashed: queue.SimpleQueue[_Hashed] = queue.SimpleQueue()
        self._to_probe: deque[_Hashed] = deque()
        self._probing: _Hashed | None = None
        self._crashes: dict[Path, int] = {}
        self._retries: dict[Path, _Retry] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._hash, name="hash", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many files are on their way, or are read again later."""
        return len(self._in_flight | self._retries.keys())

    def take(self, candidate: Candidate) -> None:
        """Begin with a file, unless it is on its way already."""
        retry = self._retries.get(candidate.path)
        if candidate.path in self._in_flight or (retry is not None and retry.due is not None):
            return
        self._in_flight.add(candidate.path)
        self._to_hash.put(candidate)

    def tick(self, now: float) -> None:
        """Go on with what the other thread and the prober have finished.

        Raises
        ------
        StoreError
            The database refuses; nothing is lost, the same files come with the next scan.
        """
        while not self._hashed.empty():
            hashed = self._hashed.get()
            with self._sent_round_again(hashed.candidate.path):
                self._compare(hashed, now)
        for path, retry in list(self._retries.items()):
            if retry.due is not None and now >= retry.due:
                retry.due = None
                self._look_again(path)
        self._probe_next(now)

    def stop(self) -> None:
        """End the hashing thread; files that were on their way come again at the next start."""
        self._stopping.set()
        self._to_hash.put(None)
        self._thread.join()

    def replied(self, child: Child, request: Request, reply: Reply) -> None:
        """Take what the prober says."""
        hashed, self._probing = self._probing, None
        if hashed is None:
            return
        with self._sent_round_again(hashed.candidate.path):
            if isinstance(reply, Probed):
                self._finish(hashed, reply)
            elif isinstance(reply, Failed):
                error = AudioError(reply.title, reply.detail)
                if reply.transient:
                    self._retry_later(hashed.candidate, error, time.monotonic())
                else:
                    self._refuse(hashed, error)

    def died(self, request: Request, how: str) -> None:
        """Deal with the death of the prober."""
        hashed, self._probing = self._probing, None
        if hashed is None:
            return
        path = hashed.candidate.path
        crashes = self._crashes.pop(path, 0) + 1
        if crashes < _PROBES:
            self._crashes[path] = crashes
            self._to_probe.append(hashed)
            return
        with self._sent_round_again(path):
            self._refuse(
                hashed,
                AudioError(
                    f"Reading the start of {display_name(path)} brought the reader down: it {how}.",
                    "The file is damaged: get it again, or convert it to FLAC.",
                ),
            )

    def _hash(self) -> None:
        while (candidate := self._to_hash.get()) is not None and not self._stopping.is_set():
            try:
                result: Fingerprint | MinusoneError = fingerprint(
                    candidate.path, cancelled=self._stopping.is_set
                )
            except MinusoneError as error:
                result = error
            self._hashed.put(_Hashed(candidate, result))
            self._wake()

    def _compare(self, hashed: _Hashed, now: float) -> None:
        candidate, result = hashed.candidate, hashed.result
        if isinstance(result, Fingerprint):
            wishes = Wishes(Origin.INBOX)
            known = find_known(self._db, result, candidate.path, wishes, self._library)
            if known is not None:
                self._entered(hashed, known)
            else:
                self._to_probe.append(hashed)
        elif isinstance(result, FileChanged):
            self._let_go(candidate.path)
            self._look_again(candidate.path)
        elif isinstance(result.__cause__, FileNotFoundError):
            self._let_go(candidate.path)
        else:
            self._retry_later(candidate, result, now)

    def _probe_next(self, now: float) -> None:
        if self._probing is not None or not self._to_probe or not self._pool.free:
            return
        hashed = self._to_probe.popleft()
        try:
            self._pool.give(Probe(str(hashed.candidate.path)), now)
        except OSError as exc:
            error = AudioError(f"No reader can be started ({exc.strerror}).", "Is memory short?")
            self._retry_later(hashed.candidate, error, now)
            return
        self._probing = hashed

    def _finish(self, hashed: _Hashed, reply: Probed) -> None:
        path, print_ = hashed.candidate.path, hashed.result
        assert isinstance(print_, Fingerprint)
        if not _still(path, print_):
            self._let_go(path)
            self._look_again(path)
            return
        wishes = Wishes(Origin.INBOX)
        entry = enter_song(
            self._db, path, print_, reply.facts, wishes, self._library, now=self._clock()
        )
        self._entered(hashed, entry)

    def _refuse(self, hashed: _Hashed, error: AudioError) -> None:
        path, print_ = hashed.candidate.path, hashed.result
        assert isinstance(print_, Fingerprint)
        if not _still(path, print_):
            self._let_go(path)
            self._look_again(path)
        elif hashed.candidate.certain:
            self._fail(path, print_.state, print_.sha256, error)
        else:
            self._log.info(f"{display_path(path)} is no song: left alone")
            self._remember(
                path, print_.state, print_.sha256, Entry(Outcome.IGNORED, None), error.title
            )

    def _fail(self, path: Path, state: FileState, sha256: str | None, error: MinusoneError) -> None:
        wishes = Wishes(Origin.INBOX)
        entry = enter_refused(self._db, path, state, sha256, error, wishes, now=self._clock())
        self._log.error(error, entry.job.id if entry.job else None)
        self._remember(path, state, sha256, entry)

    def _entered(self, hashed: _Hashed, entry: Entry) -> None:
        path, print_ = hashed.candidate.path, hashed.result
        assert isinstance(print_, Fingerprint)
        job, track = entry.job, entry.track
        name = display_path(path)
        if track is not None:
            self._log.info(f"{name} is in the library already: {track.folder}")
        elif job is not None and entry.outcome is Outcome.JOB:
            self._log.info(f"queued {name}", job.id)
        elif job is not None and job.source == path:
            self._log.info(f"{name} is queued already", job.id)
        elif job is not None:
            self._log.info(f"{name} has the same content: separated once", job.id)
        self._remember(path, print_.state, print_.sha256, entry)

    def _remember(
        self, path: Path, state: FileState, sha256: str | None, entry: Entry, reason: str = ""
    ) -> None:
        source = Source(
            path=path,
            file=state,
            sha256=sha256,
            outcome=entry.outcome,
            job_id=entry.job.id if entry.job else None,
            track_id=entry.track.id if entry.track else None,
            reason=reason,
            seen_at=self._clock(),
        )
        remember(self._db, source)
        self._let_go(path)

    def _retry_later(self, candidate: Candidate, error: MinusoneError, now: float) -> None:
        """Read a file again in a while: permissions are mended, disks come back."""
        path = candidate.path
        before = self._retries.get(path)
        readings = 1 if before is None else before.readings + 1
        try:
            state = file_state(path)
        except OSError:  # It has gone, or its disk; a scan finds it should it come back.
            self._let_go(path)
            return
        if readings >= _READINGS:
            self._fail(path, state, None, error)
            return
        self._let_go(path)
        self._retries[path] = _Retry(now + _FIRST_RETRY * 2.0 ** (readings - 1), readings)
        if before is None:
            self._log.warning(f"{error} It is tried again for a while.")

    def _let_go(self, path: Path) -> None:
        self._in_flight.discard(path)
        self._crashes.pop(path, None)
        self._retries.pop(path, None)

    @contextlib.contextmanager
    def _sent_round_again(self, path: Path) -> Iterator[None]:
        """Have a file looked at anew when the database refuses to hear of it."""
        try:
            yield
        except StoreError:
            self._let_go(path)
            self._look_again(path)
            raise


def _still(path: Path, print_: Fingerprint) -> bool:
    try:
        return file_state(path) == print_.state
    except OSError:
        return False
