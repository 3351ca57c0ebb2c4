"""Hints between threads."""

import select
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.hints import MANY, Hint, HintQueue

INBOX, OTHER = Path("/in"), Path("/other")


@pytest.fixture
def hints() -> Iterator[HintQueue]:
    queue = HintQueue()
    yield queue
    queue.close()


def readable(hints: HintQueue) -> bool:
    return bool(select.select([hints], [], [], 0)[0])


def test_descriptor_is_readable_while_there_are_hints(hints: HintQueue) -> None:
    assert not readable(hints)
    hints.put(INBOX, "/in/a", False)
    assert readable(hints)
    assert hints.take() == ([Hint(INBOX, Path("/in/a"), False)], set())
    assert not readable(hints)
    assert hints.take() == ([], set())


def test_same_path_is_kept_once_and_folder_wins(hints: HintQueue) -> None:
    for _ in range(1000):
        hints.put(INBOX, "/in/a", False)
    hints.put(INBOX, "/in/a", True)
    hints.put(INBOX, "/in/a", False)
    assert hints.take() == ([Hint(INBOX, Path("/in/a"), True)], set())


def test_too_many_hints_become_the_wish_for_a_scan(hints: HintQueue) -> None:
    for number in range(3 * MANY):
        hints.put(INBOX, f"/in/{number}", False)
    hints.put(OTHER, "/other/a", False)
    assert hints.take() == ([Hint(OTHER, Path("/other/a"), False)], {INBOX})
    assert not readable(hints)
    hints.put(INBOX, "/in/a", False)
    assert len(hints.take()[0]) == 1


def test_flood_alone_wakes_up(hints: HintQueue) -> None:
    for number in range(MANY + 1):
        hints.put(INBOX, f"/in/{number}", False)
    assert readable(hints)


def test_nothing_is_lost_between_threads(hints: HintQueue) -> None:
    def put(name: str) -> None:
        for number in range(1000):
            hints.put(INBOX, f"/in/{name}{number}", False)

    threads = [threading.Thread(target=put, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    taken: set[Path] = set()
    while any(thread.is_alive() for thread in threads) or readable(hints):
        taken.update(hint.path for hint in hints.take()[0])
    for thread in threads:
        thread.join()
    assert len(taken) == 3000


def test_hints_after_the_end_are_dropped(hints: HintQueue) -> None:
    hints.close()
    hints.put(INBOX, "/in/a", False)
    assert hints.take() == ([], set())
    hints.close()
