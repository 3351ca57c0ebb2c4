"""The queue of samples that wait."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.separation.fifo import SampleQueue


@given(blocks=st.lists(st.integers(0, 50), max_size=12), takes=st.lists(st.integers(0, 60)))
def test_samples_come_out_in_order_in_any_portions(blocks: list[int], takes: list[int]) -> None:
    song = np.arange(2 * sum(blocks), dtype=np.float32).reshape(-1, 2)
    waiting = SampleQueue(2)
    position = 0
    for size in blocks:
        waiting.push(song[position : position + size])
        position += size
    taken = []
    for size in takes:
        if size <= len(waiting):
            taken.append(waiting.pop(size))
            assert taken[-1].shape == (size, 2)
            assert taken[-1].dtype == np.float32
    taken.append(waiting.pop(len(waiting)))
    np.testing.assert_array_equal(np.concatenate(taken), song)
    assert len(waiting) == 0


def test_what_is_taken_is_the_takers_own() -> None:
    block = np.ones((10, 1), np.float32)
    waiting = SampleQueue(1)
    waiting.push(block)
    waiting.pop(4)[...] = 0
    waiting.pop(6)[...] = 0
    assert (block == 1).all()


def test_more_than_waits_is_refused() -> None:
    waiting = SampleQueue(1)
    waiting.push(np.zeros((3, 1), np.float32))
    with pytest.raises(ValueError, match="4 frames asked for, 3 waiting"):
        waiting.pop(4)
    assert len(waiting) == 3
