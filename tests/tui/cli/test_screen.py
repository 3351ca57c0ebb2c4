"""The full-screen view writes what has changed, and nothing else."""

import io
from collections.abc import Callable

import pytest

from tui.cli.screen import Screen


@pytest.fixture
def resize(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    def to(columns: int, lines: int) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("LINES", str(lines))

    to(20, 5)
    return to


def written(stream: io.StringIO) -> str:
    """Take out what has been written since the last call."""
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


@pytest.mark.usefixtures("resize")
def test_only_changed_lines_are_written() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    screen.show(["one", "two", "three"])
    assert written(stream) == "\x1b[2J\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K\x1b[3;1Hthree\x1b[K"
    screen.show(["one", "2", "three"])
    assert written(stream) == "\x1b[2;1H2\x1b[K"
    screen.show(["one", "2", "three"])
    assert written(stream) == ""
    screen.show(["one"])
    assert written(stream) == "\x1b[2;1H\x1b[K\x1b[3;1H\x1b[K"


def test_what_does_not_fit_is_cut(resize: Callable[[int, int], None]) -> None:
    resize(6, 2)
    stream = io.StringIO()
    Screen(stream).show(["much too long", "夜曲夜曲", "below"])
    assert written(stream) == "\x1b[2J\x1b[1;1Hmuch…\x1b[K\x1b[2;1H夜曲…\x1b[K"


def test_all_is_drawn_again_when_the_terminal_changes_its_size(
    resize: Callable[[int, int], None],
) -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    screen.show(["one", "two"])
    written(stream)
    resize(30, 5)
    screen.show(["one", "two"])
    assert written(stream) == "\x1b[2J\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K"


@pytest.mark.usefixtures("resize")
def test_terminal_is_given_back_whatever_happens() -> None:
    stream = io.StringIO()

    def stopped() -> None:
        with Screen(stream):
            assert written(stream) == "\x1b[?1049h\x1b[?25l\x1b[2J"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert written(stream) == "\x1b[?25h\x1b[?1049l"
