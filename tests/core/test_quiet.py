"""Keeping native libraries off the terminal."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.quiet import native_output_captured

Capture = pytest.CaptureFixture[str]


def say(text: str, descriptor: int = 2) -> None:
    """Write as a native library does: past Python, straight to the descriptor."""
    os.write(descriptor, text.encode())


@pytest.mark.parametrize("descriptor", [1, 2])
def test_native_lines_are_captured_inside_only(descriptor: int, capfd: Capture) -> None:
    say("INFO: before\n", descriptor)
    with native_output_captured() as lines:
        say("INFO: one\nERROR: two\n", descriptor)
        say("I0000 00:00:1795453132.592480   27110 environment.cc:532] three\n", descriptor)
        assert lines == []
    say("INFO: after\n", descriptor)
    assert [line.split()[-1] for line in lines] == ["one", "two", "three"]
    assert "".join(capfd.readouterr()) == "INFO: before\nINFO: after\n"


def test_native_line_without_an_end_is_captured(capfd: Capture) -> None:
    with native_output_captured() as lines:
        say("WARNING: no newline here")
    assert lines == ["WARNING: no newline here"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "text",
    [
        "Separating Song.wav\n",
        '{"input": "Song.wav", "warnings": ["ERROR: 2 samples were clipped"]}\n',
        "two lines\nand no end",
        "",
    ],
)
def test_what_others_print_meanwhile_is_passed_on(text: str, capfd: Capture) -> None:
    with native_output_captured() as lines:
        say("INFO: native\n", 1)
        say(text, 1)
        say("INFO: native\n" + text)
    assert capfd.readouterr() == (text, text)
    assert lines == ["INFO: native"] * 2


def test_lines_of_a_vulkan_loader_are_held_back(capfd: Capture) -> None:
    with native_output_captured():
        say("error: XDG_RUNTIME_DIR is invalid or not set in the environment.\n")
        say("WARNING: [plugin.cc:312] Failed with error: ERROR: [plugin.cc:259]\n└ No library.\n")
    assert capfd.readouterr().err == ""


def test_bytes_that_are_no_text_are_no_trouble(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with native_output_captured() as lines:
        os.write(2, b"INFO: \xff\xfe\n\xff\n")
    assert lines == ["INFO: \ufffd\ufffd"]
    assert capfdbinary.readouterr().err == b"\xff\n"


def test_nothing_written_gives_no_lines() -> None:
    with native_output_captured() as lines:
        pass
    assert lines == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_exception_restores_the_descriptors_and_keeps_what_was_said(
    error: type[BaseException], capfd: Capture
) -> None:
    captured: list[list[str]] = []

    def fail() -> None:
        with native_output_captured() as lines:
            captured.append(lines)
            say("ERROR: reason\n")
            raise error

    with pytest.raises(error):
        fail()
    say("after\n")
    assert captured == [["ERROR: reason"]]
    assert capfd.readouterr().err == "after\n"
    with native_output_captured():  # And nobody holds the lock.
        pass


def test_capture_inside_a_capture_works(capfd: Capture) -> None:
    with native_output_captured() as outer:
        say("INFO: outer\n")
        with native_output_captured() as inner:
            say("INFO: inner\n")
        say("ours\n")
    assert (outer, inner) == (["INFO: outer"], ["INFO: inner"])
    assert capfd.readouterr().err == "ours\n"


def test_no_descriptor_is_lost() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with native_output_captured():
            say("INFO: x\n")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_threads_take_turns(capfd: Capture) -> None:
    together = threading.Barrier(4)
    captured: dict[int, list[str]] = {}

    def work(number: int) -> None:
        together.wait()
        for turn in range(25):
            with native_output_captured() as lines:
                say(f"INFO: {number}.{turn} begins\n")
                say(f"INFO: {number}.{turn} ends\n")
            captured.setdefault(number, []).extend(lines)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    for number in range(4):
        assert captured[number] == [
            f"INFO: {number}.{turn} {what}" for turn in range(25) for what in ("begins", "ends")
        ]
    say("after\n")
    assert capfd.readouterr().err == "after\n"


WITHOUT_DESCRIPTORS = """
import os, sys
from core.quiet import native_output_captured
out = os.dup(1)
sys.stderr = sys.stdout = None
os.close(1)
os.close(2)
with native_output_captured() as lines:
    os.write(out, f"worked {lines}\\n".encode())
try:
    with native_output_captured():
        raise ValueError("ours")
except ValueError as error:
    os.write(out, str(error).encode())
"""


def test_service_without_standard_streams_works_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DESCRIPTORS], capture_output=True, text=True, check=True
    )
    assert done.stdout == "worked []\nours"
