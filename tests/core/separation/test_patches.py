"""The plan of patches, and the stream that follows it."""

from collections.abc import Callable
from concurrent.futures import Executor
from threading import Lock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.separation.patches import Patch, PatchStream, plan_patches
from core.separation.stft import Stft, frame_count

SIZE = 512
FRAME, HOP = 64, 16
STFT = Stft(FRAME, HOP)
SMALL = 128


def coverage(frames: int, size: int, overlap: int) -> np.ndarray:
    patches = plan_patches(frames, size, overlap)
    total = np.zeros(patches[-1].start + size)
    for patch in patches:
        weights = patch.weights(size)
        assert weights.shape == (size,)
        assert weights.min() >= 0
        assert weights.max() <= 1
        total[patch.start : patch.start + size] += weights
    assert len(total) >= frames
    return total[:frames]


@given(frames=st.integers(1, 5000), overlap=st.integers(0, SIZE // 2))
def test_weights_add_up_to_one_at_every_frame(frames: int, overlap: int) -> None:
    np.testing.assert_allclose(coverage(frames, SIZE, overlap), 1.0, atol=1e-6)


@given(frames=st.integers(1, 2000), size=st.sampled_from([128, 256, 400]), data=st.data())
def test_weights_add_up_for_other_patch_sizes(frames: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size // 2))
    np.testing.assert_allclose(coverage(frames, size, overlap), 1.0, atol=1e-6)


@given(frames=st.integers(1, 20000), overlap=st.integers(1, SIZE // 2))
def test_patches_are_few_and_spread_evenly(frames: int, overlap: int) -> None:
    patches = plan_patches(frames, SIZE, overlap)
    starts = [patch.start for patch in patches]
    assert starts[0] == 0
    # The song ends with the last patch: no padding behind it, unless the song is shorter.
    assert starts[-1] == max(0, frames - SIZE)
    steps = np.diff(starts)
    if len(steps):
        assert steps.max() - steps.min() <= 1
        assert steps.max() <= SIZE - overlap
        assert steps.min() > 0
        # One patch fewer could not keep the overlap.
        assert (len(patches) - 1) * (SIZE - overlap) + overlap < frames


def test_without_overlap_patches_lie_end_to_end() -> None:
    patches = plan_patches(1500, SIZE, 0)
    assert [patch.start for patch in patches] == [0, 512, 1024]
    assert all(patch.fade_in == patch.fade_out == 0 for patch in patches)
    assert all((patch.weights(SIZE) == 1).all() for patch in patches)


@pytest.mark.parametrize("frames", [1, 5, 511, 512])
@pytest.mark.parametrize("overlap", [0, 32, 256])
def test_short_song_is_one_patch(frames: int, overlap: int) -> None:
    (patch,) = plan_patches(frames, SIZE, overlap)
    assert patch == Patch(0, 0, 0)


def test_nothing_needs_no_patch() -> None:
    assert plan_patches(0, SIZE, 32) == ()


@pytest.mark.parametrize("overlap", [-1, 257])
def test_overlap_beyond_half_a_patch_is_refused(overlap: int) -> None:
    with pytest.raises(ValueError, match="overlap"):
        plan_patches(1000, SIZE, overlap)


def test_neighbours_cross_fade_in_the_middle_of_what_they_share() -> None:
    first, second = plan_patches(800, SIZE, 32)
    shared = SIZE - second.start
    assert first.fade_out == second.fade_in == shared == 224
    falling = first.weights(SIZE)[second.start :]
    assert (falling[: (shared - 32) // 2] == 1).all()
    assert (falling[(shared + 32) // 2 :] == 0).all()
    assert (np.diff(falling) <= 0).all()
    # Away from where they meet neither is heard at its edge.
    np.testing.assert_allclose(falling[::-1], second.weights(SIZE)[:shared], atol=1e-6)


Make = Callable[..., PatchStream]


@pytest.fixture
def stream(executor: Executor) -> Make:
    def make(
        total: int, process: Callable[..., np.ndarray], outputs: int, overlap: int, pending: int
    ) -> PatchStream:
        patches = plan_patches(frame_count(total, FRAME, HOP), SMALL, overlap)
        return PatchStream(STFT, SMALL, patches, process, outputs, total, executor, pending)

    return make


def weighted_identity(segment: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return STFT.inverse(STFT(segment) * weights[:, np.newaxis])


def run(stream: PatchStream, song: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    parts, position, turn = [], 0, 0
    while position < len(song):
        size = sizes[turn % len(sizes)]
        parts.append(stream.feed(song[position : position + size]))
        position += size
        turn += 1
    return [*parts, stream.finish()]


@settings(max_examples=60, deadline=None)
@given(
    total=st.integers(1, 12_000),
    sizes=st.lists(st.integers(0, 5000), min_size=1, max_size=5).filter(any),
    channels=st.integers(1, 2),
    overlap=st.sampled_from([0, 1, 8, 32, 64]),
    pending=st.integers(1, 4),
)
def test_identity_gives_the_song_back_however_it_is_fed(
    total: int, sizes: list[int], channels: int, overlap: int, pending: int
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    song = np.random.default_rng(total).uniform(-1, 1, (total, channels)).astype(np.float32)
    patches = plan_patches(frame_count(total, FRAME, HOP), SMALL, overlap)
    with ThreadPoolExecutor(2) as pool:
        stream = PatchStream(
            STFT, SMALL, patches, weighted_identity, channels, total, pool, pending
        )
        out = np.concatenate(run(stream, song, sizes))
    assert out.shape == song.shape
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, song, atol=2e-6)


def test_output_comes_while_the_song_is_fed(stream: Make) -> None:
    song = np.ones((40_000, 1), np.float32)
    parts = run(stream(len(song), weighted_identity, 1, 8, 1), song, [1000])
    lengths = np.cumsum([len(part) for part in parts])
    fed = np.minimum(np.arange(1, len(parts) + 1) * 1000, len(song))
    # Two patches may be waiting: one that is worked on, one that is being filled.
    assert (fed[:-1] - lengths[:-1]).max() <= 3 * SMALL * HOP
    assert lengths[-1] == len(song)


@pytest.mark.parametrize("pending", [1, 2, 3])
def test_no_more_patches_are_under_way_than_allowed(pending: int, executor: Executor) -> None:
    from concurrent.futures import ThreadPoolExecutor

    lock = Lock()
    under_way, most = 0, 0

    def process(segment: np.ndarray, weights: np.ndarray) -> np.ndarray:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        out = weighted_identity(segment, weights)
        with lock:
            under_way -= 1
        return out

    song = np.ones((60_000, 1), np.float32)
    patches = plan_patches(frame_count(len(song), FRAME, HOP), SMALL, 8)
    with ThreadPoolExecutor(8) as pool:
        stream = PatchStream(STFT, SMALL, patches, process, 1, len(song), pool, pending)
        out = np.concatenate(run(stream, song, [len(song)]))
    assert 1 <= most <= pending
    np.testing.assert_allclose(out, song, atol=2e-6)


def test_more_outputs_than_inputs_keep_their_order(stream: Make) -> None:
    song = np.random.default_rng(3).uniform(-1, 1, (9000, 2)).astype(np.float32)

    def process(segment: np.ndarray, weights: np.ndarray) -> np.ndarray:
        part = weighted_identity(segment, weights)
        return np.concatenate([part, 2 * part])

    out = np.concatenate(run(stream(len(song), process, 4, 32, 2), song, [777]))
    np.testing.assert_allclose(out, np.concatenate([song, 2 * song], axis=1), atol=4e-6)


def test_exception_of_the_process_reaches_the_caller(stream: Make) -> None:
    class BrokenError(Exception):
        pass

    calls = 0

    def process(segment: np.ndarray, weights: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise BrokenError
        return weighted_identity(segment, weights)

    song = np.ones((30_000, 1), np.float32)
    with pytest.raises(BrokenError):
        run(stream(len(song), process, 1, 8, 2), song, [500])


def test_song_is_not_changed(stream: Make) -> None:
    def greedy(segment: np.ndarray, weights: np.ndarray) -> np.ndarray:
        out = weighted_identity(segment, weights)
        segment[...] = 7  # A process may use its segment as it likes.
        return out

    song = np.random.default_rng(4).uniform(-1, 1, (9000, 2)).astype(np.float32)
    kept = song.copy()
    out = np.concatenate(run(stream(len(song), greedy, 2, 32, 2), song, [2000]))
    np.testing.assert_array_equal(song, kept)
    np.testing.assert_allclose(out, song, atol=2e-6)


def test_stream_of_nothing_gives_nothing(stream: Make) -> None:
    out = stream(0, weighted_identity, 2, 8, 1).finish()
    assert out.shape == (0, 2)
