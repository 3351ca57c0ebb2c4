"""When a file counts as arrived; time, files and writers are played here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.store.records import FileState
from daemon.stability import (
    HELD_STEP,
    LONGEST_STEP,
    LOOKS_PER_SECOND,
    PATIENCE,
    STEP,
    Candidates,
)

QUIET = 5.0


class World:
    """Files and a clock that stand still unless told otherwise."""

    def __init__(self, quiet: float = QUIET) -> None:
        self.now = 1000.0
        self.files: dict[str, FileState] = {}
        self.writers: set[str] = set()
        self.cannot_tell = False
        self.looks = 0
        self.candidates = Candidates(
            quiet, look=self._look, writing=self._writing, clock=lambda: self.now
        )

    def _look(self, path: str) -> FileState | None:
        self.looks += 1
        return self.files.get(path)

    def _writing(self, path: str) -> bool | None:
        return None if self.cannot_tell else path in self.writers

    def write(self, path: str, size: int, mtime: float = 0, inode: int = 1) -> None:
        self.files[path] = FileState(size, int(mtime * 1e9), inode)

    def pass_time(self, seconds: float) -> dict[str, float]:
        """Let time pass as a daemon would; say when which file arrived."""
        end, arrived = self.now + seconds, {}
        while (due := self.candidates.due()) is not None and due <= end:
            self.now = max(self.now, due)
            for one in self.candidates.check():
                assert one.state == self.files[str(one.path)]
                arrived[str(one.path)] = self.now
        self.now = end
        return arrived


def test_file_arrives_when_it_was_quiet_for_long_enough() -> None:
    world = World()
    world.write("a", 10)
    world.candidates.note("a")
    assert world.pass_time(4.99) == {}
    assert world.pass_time(0.02) == {"a": 1005.0}
    assert len(world.candidates) == 0
    assert world.candidates.due() is None


def test_file_is_announced_once_when_half_of_its_time_is_over() -> None:
    world = World()
    world.write("a", 10)
    world.write("empty", 0)
    for name in ("a", "empty"):
        world.candidates.note(name)
    world.pass_time(2.4)
    assert not world.candidates.announced()
    world.pass_time(0.3)
    assert world.candidates.announced()
    world.pass_time(0.3)
    assert not world.candidates.announced()
    world.write("a", 11)
    world.pass_time(3.0)
    assert world.candidates.announced()
    world.pass_time(60.0)
    assert not world.candidates.announced()


def test_file_still_growing_has_not_arrived() -> None:
    world = World()
    world.candidates.note("a")
    for size in range(1, 100):
        world.write("a", size)
        assert world.pass_time(0.9) == {}
    last = world.now - 0.9
    arrived = world.pass_time(QUIET + STEP)
    assert last + QUIET <= arrived["a"] <= last + QUIET + STEP


@pytest.mark.parametrize("mtime", [-1e9, 0, 1e12, 4e9])
def test_times_of_files_play_no_part_but_their_change_does(mtime: float) -> None:
    world = World()
    world.write("a", 10, mtime=1.0)
    world.candidates.note("a")
    assert world.pass_time(3) == {}
    world.write("a", 10, mtime=mtime)
    changed = world.now
    arrived = world.pass_time(20)
    assert changed + QUIET <= arrived["a"] <= changed + QUIET + STEP


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 12), st.integers(1, 3)), min_size=1, max_size=12))
def test_never_early_and_at_most_one_step_late(writes: list[tuple[float, int]]) -> None:
    world = World()
    world.write("a", 1)
    world.candidates.note("a")
    last = world.now
    for pause, size in writes:
        arrived = world.pass_time(pause)
        if arrived:
            assert last + QUIET <= arrived["a"] <= last + QUIET + STEP + 1e-6
            return
        assert world.now < last + QUIET + STEP + 1e-6
        if world.files["a"].size != size:
            world.write("a", size)
            last = world.now
    arrived = world.pass_time(QUIET + STEP)
    assert last + QUIET <= arrived["a"] <= last + QUIET + STEP + 1e-6


def test_replaced_by_another_file_of_the_same_size_and_time_waits_anew() -> None:
    world = World()
    world.write("a", 10, inode=1)
    world.candidates.note("a")
    assert world.pass_time(4) == {}
    world.write("a", 10, inode=2)
    arrived = world.pass_time(10)
    assert arrived["a"] >= 1004 + QUIET


def test_empty_file_waits_and_is_looked_at_less_and_less() -> None:
    world = World()
    world.write("a", 0)
    world.candidates.note("a")
    assert world.pass_time(3600) == {}
    assert world.looks < 3600 / LONGEST_STEP + 20
    world.write("a", 10)
    world.candidates.note("a")
    assert world.pass_time(QUIET + STEP) == {"a": 4600 + QUIET}


def test_empty_file_that_nobody_speaks_of_any_more_is_still_found() -> None:
    world = World()
    world.write("a", 0)
    world.candidates.note("a")
    world.pass_time(100)
    world.write("a", 10)
    arrived = world.pass_time(LONGEST_STEP + QUIET)
    assert set(arrived) == {"a"}


def test_quiet_file_that_is_held_open_waits_until_it_is_closed() -> None:
    world = World()
    world.write("a", 10)
    world.writers.add("a")
    world.candidates.note("a")
    assert world.pass_time(100) == {}
    assert world.looks < 100 / HELD_STEP + QUIET / STEP + 5
    world.writers.clear()
    assert world.pass_time(HELD_STEP) != {}


def test_file_held_open_for_ever_is_taken_in_the_end() -> None:
    world = World()
    world.write("a", 10)
    world.writers.add("a")
    world.candidates.note("a")
    assert world.pass_time(PATIENCE * QUIET - 1) == {}
    assert set(world.pass_time(1 + HELD_STEP)) == {"a"}


def test_where_writers_cannot_be_seen_quiet_is_enough() -> None:
    world = World()
    world.cannot_tell = True
    world.write("a", 10)
    world.candidates.note("a")
    assert world.pass_time(QUIET) == {"a": 1005.0}


def test_file_that_vanishes_while_waiting_is_dropped() -> None:
    world = World()
    world.write("a", 10)
    world.candidates.note("a")
    world.pass_time(1)
    del world.files["a"]
    assert world.pass_time(10) == {}
    assert "a" not in world.candidates


def test_forgotten_file_is_not_looked_at_and_can_come_again() -> None:
    world = World()
    world.write("a", 10)
    world.candidates.note("a")
    world.candidates.forget("a")
    world.candidates.forget("never seen")
    assert world.pass_time(10) == {}
    assert world.looks == 0
    world.candidates.note("a")
    assert world.pass_time(QUIET) == {"a": 1015.0}


def test_a_thousand_hints_are_a_few_looks_and_little_memory() -> None:
    world = World()
    world.candidates.note("a")
    for size in range(1, 10_001):
        world.write("a", size)
        world.candidates.note("a")
        world.pass_time(0.001)
    assert world.looks < 10 / (STEP / 5) + 10
    assert len(world.candidates._heap) < 10


def test_hint_makes_for_a_look_at_once() -> None:
    world = World(quiet=100)
    for number in range(20_000):
        world.write(f"f{number}", 1)
        world.candidates.note(f"f{number}")
    world.pass_time(1)
    world.write("f7", 2)
    world.candidates.note("f7")
    changed = world.now
    arrived = world.pass_time(150)
    assert arrived["f7"] == pytest.approx(changed + 100, abs=STEP)


def test_many_files_are_looked_at_less_often_and_all_arrive() -> None:
    world = World()
    names = [f"f{number}" for number in range(2000)]
    for name in names:
        world.write(name, 1)
        world.candidates.note(name)
    arrived = world.pass_time(QUIET + 2)
    assert set(arrived) == set(names)
    assert world.looks <= 2000 * 6
    assert world.looks <= 2 * LOOKS_PER_SECOND * QUIET + 2 * 2000


def test_no_quiet_time_takes_a_file_as_soon_as_it_has_something_in_it() -> None:
    world = World(quiet=0)
    world.write("a", 1)
    world.candidates.note("a")
    assert world.pass_time(0) == {"a": 1000.0}
