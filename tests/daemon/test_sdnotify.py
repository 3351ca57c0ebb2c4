"""The notifier against real datagram sockets, in this process and from a child."""

import errno
import os
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.sdnotify import Notifier, take_notifier, watchdog_interval

DEADLINE = 10.0


class Manager:
    """The receiving end, as systemd has it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(DEADLINE)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def receive(self) -> list[str]:
        return self.socket.recv(65536).decode("utf-8").split("\n")

    def nothing_waits(self) -> bool:
        self.socket.setblocking(False)
        try:
            self.socket.recv(65536)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(DEADLINE)
        return False


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    abstract = request.param == "abstract"
    address = f"@minusone-{uuid.uuid4().hex}" if abstract else str(tmp_path / "notify é")
    receiver = Manager(address)
    yield receiver
    receiver.socket.close()


def test_ready_with_a_status_is_one_datagram(manager: Manager) -> None:
    assert Notifier(manager.address).ready("2 folders watched")
    assert manager.receive() == ["READY=1", "STATUS=2 folders watched"]
    assert manager.nothing_waits()


def test_ready_alone_leaves_the_status_as_it_is(manager: Manager) -> None:
    assert Notifier(manager.address).ready()
    assert manager.receive() == ["READY=1"]


def test_every_kind_of_message(manager: Manager) -> None:
    notifier = Notifier(manager.address)
    assert notifier.status("3 songs wait")
    assert notifier.alive()
    assert notifier.stopping("a song is put back")
    assert notifier.extend_timeout(1.5)
    assert notifier.failed("the disk is read-only", errno.EROFS)
    assert notifier.failed("", errno.EIO)
    assert notifier.failed("the configuration is wrong")
    assert [manager.receive() for _ in range(7)] == [
        ["STATUS=3 songs wait"],
        ["WATCHDOG=1"],
        ["STOPPING=1", "STATUS=a song is put back"],
        ["EXTEND_TIMEOUT_USEC=1500000"],
        ["STATUS=the disk is read-only", f"ERRNO={errno.EROFS}"],
        [f"ERRNO={errno.EIO}"],
        ["STATUS=the configuration is wrong"],
    ]


def test_reload_carries_the_monotonic_time(manager: Manager) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert Notifier(manager.address).reloading()
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    word, stamp = manager.receive()
    assert word == "RELOADING=1"
    name, value = stamp.split("=")
    assert name == "MONOTONIC_USEC"
    assert before <= int(value) <= after


@pytest.mark.parametrize(
    "name", ["song\nREADY=1", "song\rWATCHDOG=1", "song\x00STOPPING=1", "song\u2028ERRNO=5"]
)
def test_a_songs_name_cannot_add_a_line(manager: Manager, name: str) -> None:
    assert Notifier(manager.address).status(name)
    assert manager.receive() == [f"STATUS=song {name[5:]}"]


def test_bytes_that_are_no_utf8_reach_the_manager_as_utf8(manager: Manager) -> None:
    assert Notifier(manager.address).status("caf\udce9.mp3 \N{MUSICAL NOTE}")
    (line,) = manager.receive()
    assert line.startswith("STATUS=caf")
    assert line.endswith(".mp3 \N{MUSICAL NOTE}")


@pytest.mark.parametrize("char", ["x", "é", "\N{MUSICAL NOTE}"])
def test_a_long_status_is_cut_between_characters_and_ready_still_arrives(
    manager: Manager, char: str
) -> None:
    assert Notifier(manager.address).ready("ab" + char * 10_000)
    word, line = manager.receive()
    assert word == "READY=1"
    text = line.removeprefix("STATUS=")
    assert set(text[2:]) == {char}
    assert 1000 < len(text.encode()) <= 1024


@pytest.mark.parametrize("address", [None, "", "@", "/", "relative", "vsock:2:1234"])
def test_without_a_socket_nothing_happens(address: str | None) -> None:
    notifier = Notifier(address)
    assert not notifier.ready("status")
    assert not notifier.alive()


def test_a_lost_socket_is_survived(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    receiver = Manager(address)
    notifier = Notifier(address)
    assert notifier.alive()
    receiver.socket.close()
    assert not notifier.alive()
    Path(address).unlink()
    assert not notifier.alive()
    again = Manager(address)
    assert notifier.alive()
    assert again.receive() == ["WATCHDOG=1"]
    again.socket.close()


def test_an_address_too_long_for_a_socket_is_survived(tmp_path: Path) -> None:
    assert not Notifier(str(tmp_path / ("n" * 200))).ready()


def test_a_manager_that_does_not_read_does_not_block_the_daemon(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.sdnotify._SEND_SECONDS", 0.05)
    notifier = Notifier(manager.address)
    sent = 0
    while notifier.alive():
        sent += 1
        assert sent < 100_000, "the queue of the socket has no end"
    assert manager.receive() == ["WATCHDOG=1"]
    assert notifier.alive()


def test_taking_the_notifier_leaves_nothing_for_children(manager: Manager) -> None:
    environ = {
        "NOTIFY_SOCKET": manager.address,
        "WATCHDOG_USEC": "30000000",
        "WATCHDOG_PID": str(os.getpid()),
        "HOME": "/home/ann",
    }
    notifier = take_notifier(environ)
    assert environ == {"HOME": "/home/ann"}
    assert notifier.interval == 15.0
    assert notifier.ready()
    assert manager.receive() == ["READY=1"]


def test_an_empty_environment_gives_a_silent_notifier() -> None:
    notifier = take_notifier({})
    assert notifier.interval is None
    assert not notifier.ready()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000"}, 0.25),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "none"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": ""}, None),
        ({"WATCHDOG_USEC": "1 min"}, None),
    ],
)
def test_watchdog_interval_is_half_the_limit_of_this_very_process(
    environ: dict[str, str], expected: float | None
) -> None:
    assert watchdog_interval(environ) == expected


CHILD = """
import os, subprocess, sys
from daemon.sdnotify import take_notifier
notifier = take_notifier()
notifier.ready(f"{os.getpid()} {notifier.interval}")
grandchild = "import os; print(sorted({'NOTIFY_SOCKET', 'WATCHDOG_USEC'} & set(os.environ)))"
sys.exit(subprocess.run([sys.executable, "-c", grandchild]).returncode)
"""


def test_a_real_process_speaks_for_itself_and_not_its_children(manager: Manager) -> None:
    environ = {**os.environ, "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "4000000"}
    environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, "-P", "-c", CHILD], env=environ, stdout=subprocess.PIPE, text=True
    ) as child:
        message, [(_, kind, sender)], _, _ = manager.socket.recvmsg(4096, socket.CMSG_SPACE(12))
        printed, _ = child.communicate(timeout=DEADLINE)
    # What NotifyAccess=main goes by.
    assert kind == socket.SCM_CREDENTIALS
    assert struct.unpack("3i", sender)[0] == child.pid
    assert message.decode().split("\n") == ["READY=1", f"STATUS={child.pid} 2.0"]
    assert printed.strip() == "[]"
    assert child.returncode == 0
