"""What a person at a terminal sees while a song is separated, and after."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-P", "-c", "from tui.cli import main; main()"]


def at_a_terminal(
    *arguments: str | Path, folder: Path | None = None, term: str = "xterm-256color"
) -> tuple[int, str]:
    """Run the program with its three streams on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**os.environ, "TERM": term, "COLUMNS": "80", "LINES": "24"},
    )
    os.close(theirs)
    shown = bytearray()
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # Linux ends the reading of a terminal that nobody holds like this.
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(), shown.decode("utf-8")


def final_screen(shown: str) -> list[str]:
    """Lines that are left to read, as a terminal that knows four control codes shows them."""
    lines = [""]
    row = 0
    for code, text in re.findall(r"(\x1b\[[0-9;?]*[A-Za-z]|\r|\n)|([^\x1b\r\n]+)", shown):
        if code == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif code.endswith("A"):
            row -= int(code[2:-1] or 1)
        elif code.endswith("K"):
            lines[row] = ""
        lines[row] += text
    return [line for line in lines if line]


@pytest.fixture
def songs(make_song: Callable[..., Path], tmp_path: Path) -> list[Path]:
    return [make_song(tmp_path / "music" / f"{name}.wav", 2.0) for name in ("[One]", "Two")]


def test_bar_shows_song_stage_position_speed_and_time_left(
    make_song: Callable[..., Path], tmp_path: Path
) -> None:
    # Long enough to be drawn several times on a fast computer.
    songs = [make_song(tmp_path / "music" / f"{name}.wav", 40.0) for name in ("[One]", "Two")]
    code, shown = at_a_terminal("separate", *songs, "-o", tmp_path / "out")
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "[1/2] [One].wav\r\n" in plain
    assert "[2/2] Two.wav\r\n" in plain
    for stage in ("separating", "writing"):
        assert f"  {stage} " in plain
    assert re.search(r" \d:\d\d/0:40 +\d+(\.\d)?x real time, \d:\d\d left", plain)


def test_only_the_results_stay_on_the_screen(songs: list[Path], tmp_path: Path) -> None:
    gone = tmp_path / "gone.mp3"
    code, shown = at_a_terminal("separate", *songs, gone, "-o", "out", folder=tmp_path)
    assert code == 1
    backend, one, two, failed, error, advice, summary = final_screen(shown)
    assert backend.startswith("Running on ")
    assert one.startswith("[1/3] [One].wav: 0:02 in ")
    assert one.endswith(" -> out/[One]/ (vocals.wav, accompaniment.wav)")
    assert two.startswith("[2/3] Two.wav: 0:02 in ")
    assert failed == "[3/3] gone.mp3: failed"
    assert error.startswith("Error: ")
    assert "gone.mp3" in error
    assert advice.startswith("  ")
    assert summary.startswith("3 songs: 2 separated, 1 failed. 0:04 of music in ")


def test_bar_of_json_stays_out_of_the_results(songs: list[Path], tmp_path: Path) -> None:
    _, shown = at_a_terminal("separate", *songs, "-o", "out", "--json", folder=tmp_path)
    lines = final_screen(shown)
    results = [json.loads(line) for line in lines if line.startswith("{")]
    assert [Path(result["input"]).name for result in results] == ["[One].wav", "Two.wav"]


def test_terminal_gets_its_cursor_back(songs: list[Path], tmp_path: Path) -> None:
    _, shown = at_a_terminal("separate", songs[0], "-o", tmp_path / "out")
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l") >= 0


@pytest.mark.parametrize("term", ["dumb", ""])
def test_terminal_that_cannot_redraw_gets_plain_lines(
    songs: list[Path], tmp_path: Path, term: str
) -> None:
    code, shown = at_a_terminal("separate", songs[0], "-o", tmp_path / "out", term=term)
    assert code == 0
    assert "\x1b" not in shown
    assert shown.startswith("[One].wav: separating\r\n")


def test_bar_of_an_installation_leaves_the_result(archive: Path) -> None:
    code, shown = at_a_terminal("models", "install", "spleeter-4stems", "--from", archive)
    assert code == 0
    assert "Converting" in shown
    screen = final_screen(shown)
    assert screen[0] == "Installed."
    assert screen[1].startswith("spleeter-4stems: ")
    assert not any("Converting" in line for line in screen)
