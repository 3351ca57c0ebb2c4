"""Where the patches of a song lie, and the stream that cuts a signal into them and adds them up.

A network sees T frames at a time and knows nothing of what is outside; it errs most at the edges
of what it sees. Patches therefore overlap, and in the overlap their results cross-fade over a few
frames in the middle, where neither is at its edge.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.audio.waveform import Samples
from core.separation.stft import Stft

Segment = NDArray[np.float32]
"""A stretch of signal, shape (channels, samples), float32."""

PatchProcess = Callable[[Segment, NDArray[np.float32]], Segment]
"""Turns a patch's samples and its weight per frame into weighted output samples.

Takes (channels, n) samples and (frames,) weights, returns (outputs, n) samples in an array that
is the caller's to change.
"""

# A longer cross-fade only lets more of each patch's worse edge be heard.
LONGEST_FADE = 32


@dataclass(frozen=True, slots=True)
class Patch:
    """One window of frames.

    Attributes
    ----------
    start
        First frame, counted from the start of the signal.
    fade_in, fade_out
        Frames shared with the patch before and after it; 0 at the ends of the song and where
        patches only touch.
    """

    start: int
    fade_in: int
    fade_out: int

    def weights(self, frames: int) -> NDArray[np.float32]:
        """Return the weight of every frame, shape (frames,), 0 to 1.

        The weights of all patches over one frame add up to 1.
        """
        weights = np.ones(frames, np.float32)
        weights[: self.fade_in] *= _ramp(self.fade_in, frames)
        weights[frames - self.fade_out :] *= 1.0 - _ramp(self.fade_out, frames)
        return weights


def _ramp(shared: int, size: int) -> NDArray[np.float32]:
    """Rise from 0 to 1 in the middle of a stretch of frames that patches of a size share."""
    # Where more than half is shared, the fades at both ends of a patch must not run into another.
    length = min(shared, LONGEST_FADE, size - shared)
    position = np.arange(shared) - (shared - length) / 2 + 0.5
    return np.clip(position / max(length, 1), 0.0, 1.0).astype(np.float32)


def plan_patches(frames: int, size: int, overlap: int) -> tuple[Patch, ...]:
    """Lay patches over a song.

    As few as keep the wanted overlap; what the last one has to spare is spread evenly over all
    overlaps, so that it sees music instead of padding.

    Parameters
    ----------
    frames
        Frames of the song.
    size
        Frames of a patch (T).
    overlap
        Least number of frames that neighbours share. 0 lays patches end to end from the start,
        the last one padded with silence, as the reference implementation does.
    """
    if not 0 <= overlap <= size // 2:
        raise ValueError(f"overlap {overlap} is not between 0 and half a patch ({size // 2})")
    if frames <= 0:
        return ()
    count = max(1, -(-(frames - overlap) // (size - overlap)))
    if overlap == 0:
        starts = [index * size for index in range(count)]
    else:
        last = max(0, frames - size)
        starts = [round(index * last / max(1, count - 1)) for index in range(count)]
    shared = [0, *(a + size - b for a, b in pairwise(starts)), 0]
    return tuple(
        Patch(start, fade_in, fade_out)
        for start, fade_in, fade_out in zip(starts, shared, shared[1:], strict=False)
    )


class PatchStream:
    """Feeds a signal through a process, patch by patch, on an executor, in order.

    Parameters
    ----------
    stft
        Gives the framing.
    size
        Frames of a patch.
    patches
        The plan, from `plan_patches`.
    process
        What is done to each patch; runs on the executor.
    outputs
        Channels that `process` returns.
    total
        Samples of the whole signal; output is exactly as long.
    executor
        Where patches run.
    pending
        Patches under way at once, at least 1: bounds the memory.
    """

    def __init__(
        self,
        stft: Stft,
        size: int,
        patches: Sequence[Patch],
        process: PatchProcess,
        outputs: int,
        total: int,
        executor: Executor,
        pending: int,
    ) -> None:
        self._hop = stft.hop
        self._lead = stft.frame
        self._span = stft.samples_for(size)
        self._size = size
        self._todo = deque(patches)
        self._process = process
        self._total = total
        self._executor = executor
        self._pending = pending
        self._running: deque[tuple[Patch, Future[Segment]]] = deque()
        self._blocks: deque[Segment] = deque()
        self._first = 0
        self._fed = 0
        self._sum = np.zeros((outputs, 0), np.float32)

    def feed(self, samples: Samples) -> Samples:
        """Take the next samples of the signal and return the next finished ones.

        Parameters
        ----------
        samples
            Shape (n, channels), float32, any n.

        Returns
        -------
        numpy.ndarray
            Shape (m, outputs), float32; m may be 0.
        """
        if not self._fed:
            self._append(np.zeros((samples.shape[1], self._lead), np.float32))
        # (n, channels) -> (channels, n)
        self._append(samples.T)
        return self._advance(final=False)

    def finish(self) -> Samples:
        """Return what is left, after the last `feed`."""
        return self._advance(final=True)

    def _append(self, block: Segment) -> None:
        self._blocks.append(block)
        self._fed += block.shape[1]

    def _advance(self, final: bool) -> Samples:
        ready: list[Segment] = []
        while self._todo and self._blocks:
            patch = self._todo[0]
            begin = patch.start * self._hop
            if begin + self._span > self._fed and not final:
                break
            segment = self._cut(begin)
            weights = patch.weights(self._size)
            finished = []
            while len(self._running) >= self._pending:
                finished.append(self._wait())
            self._todo.popleft()
            self._running.append((patch, self._executor.submit(self._process, segment, weights)))
            # Only now that the next patch is under way: adding up costs as much as a transform.
            ready += [self._add(*one) for one in finished]
        if final:
            while self._running:
                ready.append(self._add(*self._wait()))
        done = np.empty((sum(part.shape[1] for part in ready), self._sum.shape[0]), np.float32)
        position = 0
        for part in ready:
            # (outputs, m) -> (m, outputs)
            done[position : position + part.shape[1]] = part.T
            position += part.shape[1]
        return done

    def _cut(self, begin: int) -> Segment:
        """Copy a patch's samples out of the blocks, zeros after the end, and drop older blocks."""
        while self._first + self._blocks[0].shape[1] <= begin and len(self._blocks) > 1:
            self._first += self._blocks.popleft().shape[1]
        segment = np.zeros((self._blocks[0].shape[0], self._span), np.float32)
        position = self._first - begin
        for block in self._blocks:
            if position >= self._span:
                break
            part = block[:, max(0, -position) : self._span - position]
            start = max(0, position)
            segment[:, start : start + part.shape[1]] = part
            position += block.shape[1]
        return segment

    def _wait(self) -> tuple[Patch, Segment]:
        """Wait for the oldest patch under way."""
        patch, future = self._running.popleft()
        return patch, future.result()

    def _add(self, patch: Patch, result: Segment) -> Segment:
        """Add a patch's result up, and cut off what no later patch changes."""
        # Everything before this patch has been given out, so the sum begins where it does.
        shared = self._sum.shape[1]
        result[:, :shared] += self._sum
        following = self._running[0][0] if self._running else next(iter(self._todo), None)
        begin = patch.start * self._hop
        end = following.start * self._hop if following else begin + self._span
        self._sum = result[:, end - begin :].copy()
        low = max(self._lead, begin) - begin
        high = min(self._lead + self._total, end) - begin
        return result[:, low : max(low, high)]
