"""Fetching a large file over HTTP so that an interruption costs as little as possible.

A transfer leaves two files while it is under way: what has come so far, and a note beside it
saying what that is a part of. The next attempt, in this process or in another one after a crash,
asks for the rest (RFC 9110, range requests) and begins anew where the server does not offer that
or has another file by now. Whether the bytes are the right ones is for the caller to check.
"""

import http.client
import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from core.errors import ModelError

T = TypeVar("T")

_BLOCK = 1 << 16
_PROGRESS_WORTH_ANOTHER_TRY = 1 << 20
_TRY_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on with a server that does not deliver.

    Attributes
    ----------
    attempts
        Failed attempts in a row, each bringing less than 1 MiB, before giving up.
    timeout
        Seconds to wait for a connection, and for each next byte.
    pause
        Seconds before the second attempt; doubles with each further one.
    """

    attempts: int = 4
    timeout: float = 30.0
    pause: float = 1.0


Report = Callable[[int, int | None], None]
"""Called with the bytes that are here and the bytes there will be (None: not known)."""


@dataclass(frozen=True, slots=True)
class _Note:
    """What a partial file is a part of."""

    url: str
    version: str
    total: int | None


def fetch(
    url: str, target: Path, *, report: Report | None = None, patience: Patience | None = None
) -> bool:
    """Bring a file here, going on from what an earlier attempt left.

    Parameters
    ----------
    url
        http or https.
    target
        Where the bytes go, whole or in part; its note stands beside it with `.json` added.
    report
        Called after each block.
    patience
        When to give up.

    Returns
    -------
    bool
        Whether bytes of an earlier call were kept. Then a wrong checksum may be their fault and
        a fresh start (`forget`) may help.

    Raises
    ------
    ModelError
        The server is out of reach, refuses, keeps breaking off, or the disk does not take it.
    """
    kept = _stored_bytes(target, url) > 0

    def attempt() -> None:
        try:
            _continue(url, target, report, (patience or Patience()).timeout)
        except urllib.error.HTTPError as exc:
            if exc.code == 416 and _stored_bytes(target, url) > 0:
                # The server's file is shorter than what is here: it is another one by now.
                forget(target)
                exc.close()
                raise http.client.HTTPException("the file on the server has changed") from exc
            raise

    _insist(url, attempt, patience or Patience(), lambda: _stored_bytes(target, url))
    return kept


def fetch_text(url: str, *, limit: int = 1 << 16, patience: Patience | None = None) -> str:
    """Bring a small UTF-8 text.

    Raises
    ------
    ModelError
        The server is out of reach, refuses, or sends more than `limit` bytes or no UTF-8.
    """
    settled = patience or Patience()

    def attempt() -> bytes:
        with urllib.request.urlopen(_request(url), timeout=settled.timeout) as response:
            return bytes(response.read(limit + 1))

    data = _insist(url, attempt, settled)
    if len(data) > limit:
        raise ModelError(f"{url} is larger than such a file can be.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ModelError(f"{url} is not a text.") from exc


def forget(target: Path) -> None:
    """Remove what a transfer left, so that the next one begins anew."""
    target.unlink(missing_ok=True)
    _note_path(target).unlink(missing_ok=True)


def _insist(
    url: str, attempt: Callable[[], T], patience: Patience, arrived: Callable[[], int] = int
) -> T:
    """Try until it works, the server says no, or patience ends.

    `arrived` counts the bytes kept so far, so that a slow success is told from none.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise ModelError(f"{url} is not an address that begins with http:// or https://.")
    failures = 0
    while True:
        before = arrived()
        try:
            return attempt()
        except urllib.error.HTTPError as exc:
            with exc:
                if exc.code not in _TRY_LATER:
                    raise _refused(url, exc) from exc
            reason: Exception = exc
        except (OSError, http.client.HTTPException) as exc:
            if isinstance(getattr(exc, "reason", None), ssl.SSLCertVerificationError):
                raise _unreachable(url, exc) from exc
            reason = exc
        gained = arrived() - before
        failures = 1 if gained >= _PROGRESS_WORTH_ANOTHER_TRY else failures + 1
        if failures >= patience.attempts:
            raise _unreachable(url, reason) from reason
        time.sleep(patience.pause * 2 ** (failures - 1))


def _continue(url: str, target: Path, report: Report | None, timeout: float) -> None:
    """One attempt: ask for what is missing, write it, and insist on all of it."""
    note = _read_note(target)
    offset = _stored_bytes(target, url)
    if note is not None and offset > 0 and offset == note.total:
        return
    headers = {}
    if note is not None and offset > 0:
        headers["Range"] = f"bytes={offset}-"
        # A weak tag may not stand here (RFC 9110, 13.1.5); the answer is compared instead.
        if note.version and not note.version.startswith("W/"):
            headers["If-Range"] = note.version
    with urllib.request.urlopen(_request(url, headers), timeout=timeout) as response:
        version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        start, total = _extent(response)
        resumed = note is not None and offset > 0 and start == offset
        if resumed and note is not None and (version, total) != (note.version, note.total):
            forget(target)
            raise http.client.HTTPException("the file on the server has changed")
        if not resumed:
            if start != 0:
                forget(target)
                raise http.client.HTTPException("the server sent another part than asked for")
            offset = 0
        _store(response, target, _Note(url, version, total), offset, report)
    if total is not None and target.stat().st_size < total:
        raise http.client.HTTPException("the connection ended early")


def _store(
    response: http.client.HTTPResponse,
    target: Path,
    note: _Note,
    offset: int,
    report: Report | None,
) -> None:
    try:
        if offset == 0:
            # First the note goes, then the bytes: a partial file never has another file's note.
            forget(target)
            target.touch()
            _note_path(target).write_text(json.dumps(asdict(note)), encoding="utf-8")
        # Unbuffered: bytes that a full disk refused must not come back when the file is closed.
        file = target.open("ab", buffering=0)
    except OSError as exc:
        raise _not_stored(target, exc) from exc
    with file:
        while block := response.read(_BLOCK):
            rest = memoryview(block)
            try:
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError as exc:
                raise _not_stored(target, exc) from exc
            offset += len(block)
            if report is not None:
                report(offset, note.total)


def _extent(response: http.client.HTTPResponse) -> tuple[int, int | None]:
    """First byte that an answer brings, and size of the whole file."""
    if response.status == 206:
        span = re.fullmatch(
            r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip()
        )
        if span is None:
            return -1, None
        return int(span[1]), None if span[2] == "*" else int(span[2])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def _stored_bytes(target: Path, url: str) -> int:
    note = _read_note(target)
    if note is None or note.url != url:
        return 0
    try:
        return target.stat().st_size
    except OSError:
        return 0


def _read_note(target: Path) -> _Note | None:
    try:
        fields = json.loads(_note_path(target).read_text(encoding="utf-8"))
        total = fields["total"]
        return _Note(fields["url"], fields["version"], None if total is None else int(total))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _note_path(target: Path) -> Path:
    return target.with_name(f"{target.name}.json")


def _request(url: str, headers: dict[str, str] | None = None) -> urllib.request.Request:
    return urllib.request.Request(url, headers={"User-Agent": "minusone", **(headers or {})})


def _refused(url: str, exc: urllib.error.HTTPError) -> ModelError:
    return ModelError(
        f"The server refused {url} (HTTP {exc.code} {exc.reason}).",
        "Check the address, or install from an archive fetched elsewhere: "
        "minusone models install NAME --from FILE.tar.gz",
    )


def _unreachable(url: str, exc: Exception) -> ModelError:
    reason = getattr(exc, "reason", None) or exc
    return ModelError(
        f"{url} could not be fetched ({reason}).",
        "Check the network and try again: what has come is kept. Without a network, fetch the "
        "archive elsewhere and run: minusone models install NAME --from FILE.tar.gz",
    )


def _not_stored(target: Path, exc: OSError) -> ModelError:
    return ModelError(
        f"The download cannot be stored in {target.parent} ({exc.strerror}).",
        "Free some space there or name another folder in MINUSONE_MODELS_DIR.",
    )
