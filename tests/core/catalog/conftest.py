"""A file server on this machine that misbehaves on demand."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Exchange:
    """One request and what was sent for it."""

    path: str
    range: str | None
    status: int = 0
    sent: int = 0


@dataclass
class Mirror:
    """What the server has, how it behaves, and what it was asked.

    `moved` sends from one path to another.
    `cuts` lists after how many body bytes the next answers break off; `errors` the status codes
    of the next answers; both are used up one by one, for archives only. With `hold_after` the
    answer stops there until `release` is set, having set `held`.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    etag: str | None = '"one"'
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    hold_after: int | None = None
    held: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    log: list[Exchange] = field(default_factory=list)

    def asked_for(self, path: str) -> list[Exchange]:
        return [exchange for exchange in self.log if exchange.path == path]


def _handler(mirror: Mirror) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            exchange = Exchange(self.path, self.headers.get("Range"))
            mirror.log.append(exchange)
            if self.path in mirror.moved:
                exchange.status = 302
                self.send_response(302)
                self.send_header("Location", mirror.moved[self.path])
                self.end_headers()
                return
            large = self.path.endswith(".tar.gz")
            if self.path not in mirror.files or (large and mirror.errors):
                exchange.status = mirror.errors.pop(0) if self.path in mirror.files else 404
                self.send_error(exchange.status)
                return
            body = mirror.files[self.path]
            start = self._start(exchange, len(body))
            if start is None:
                exchange.status = 416
                self.send_error(416)
                return
            exchange.status = 206 if start else 200
            self.send_response(exchange.status)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if mirror.etag is not None:
                self.send_header("ETag", mirror.etag)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            end = len(body)
            if large and mirror.cuts:
                end = min(end, start + mirror.cuts.pop(0))
            if large and mirror.hold_after is not None:
                self._send(exchange, body[start : mirror.hold_after])
                mirror.held.set()
                mirror.release.wait(60)
                start = mirror.hold_after
            self._send(exchange, body[start:end])

        def _start(self, exchange: Exchange, size: int) -> int | None:
            if not mirror.ranges or exchange.range is None:
                return 0
            condition = self.headers.get("If-Range")
            if condition is not None and condition != mirror.etag:
                return 0
            start = int(exchange.range.removeprefix("bytes=").removesuffix("-"))
            return start if start < size else None

        def _send(self, exchange: Exchange, data: bytes) -> None:
            for at in range(0, len(data), 4096):
                self.wfile.write(data[at : at + 4096])
                exchange.sent += len(data[at : at + 4096])

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news."""


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    before = threading.active_count()
    mirror = Mirror()
    server = _Server(("127.0.0.1", 0), _handler(mirror))
    mirror.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="mirror")
    thread.start()
    yield mirror
    mirror.release.set()
    server.shutdown()
    thread.join()
    server.server_close()
    assert threading.active_count() == before


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a proxy that is set where the tests run out of the way."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("MINUSONE_MODELS_DIR", str(folder))
    return folder
