"""The worker processes of one kind: started when there is work, ended when there is none."""

import selectors
from collections.abc import Callable
from functools import partial

from daemon.child import Child, Politeness
from daemon.messages import Progressed, Reply, Request


class Pool:
    """Up to `size` children, each doing one thing at a time.

    Parameters
    ----------
    selector
        Watches the children's pipes; its data are functions of the time that deal with them.
    size
        How many children at most.
    politeness
        Their priorities.
    idle
        Seconds after which a child without work is let go.
    on_reply
        Called with the child, what it was asked, and what it says.
    on_death
        Called with what a child was doing when it ended, and how; never for idle ones.

    Attributes
    ----------
    size, politeness, idle
        May be changed at any time; children that are there keep their priorities.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        size: int,
        politeness: Politeness,
        idle: float,
        on_reply: Callable[[Child, Request, Reply], None],
        on_death: Callable[[Request, str], None],
    ) -> None:
        self.size = size
        self.politeness = politeness
        self.idle = idle
        self._selector = selector
        self._on_reply = on_reply
        self._on_death = on_death
        self._children: list[Child] = []

    @property
    def busy(self) -> list[Child]:
        """The children that have something to do."""
        return [child for child in self._children if child.request is not None]

    @property
    def free(self) -> bool:
        """Whether something more can be begun."""
        return len(self.busy) < self.size

    def give(self, request: Request, now: float) -> Child:
        """Have a child do something, a new one if all are busy.

        Raises
        ------
        OSError
            No process can be started: out of memory, or too many of them.
        """
        child = next((child for child in self._children if child.request is None), None)
        if child is None:
            child = self._spawn(now)
        child.request = request
        child.send(request, now)
        return child

    def prepare(self, now: float) -> None:
        """Start a child if there is none, so that it is up when it is needed."""
        if not self._children:
            self._spawn(now)

    def tick(self, now: float, stall: float) -> None:
        """Let idle children go; end those that have not said anything for too long."""
        for child in list(self._children):
            silent = now - child.heard_at
            if child.request is None and (silent >= self.idle or len(self._children) > self.size):
                self._part_with(child)
            elif child.request is not None and silent >= stall:
                # Its end is then noticed at the pipe, like any other.
                child.kill()

    def next_tick(self, stall: float) -> float | None:
        """Return when `tick` has something to do, in its time; None: not before something else."""
        times = [
            child.heard_at + (self.idle if child.request is None else stall)
            for child in self._children
        ]
        return min(times, default=None)

    def stop(self) -> list[Request]:
        """End all children now; return what they were doing."""
        unfinished = [child.request for child in self.busy if child.request is not None]
        for child in list(self._children):
            if child.request is None:
                child.close()
            else:
                child.kill()
        for child in list(self._children):
            self._part_with(child)
        return unfinished

    def _spawn(self, now: float) -> Child:
        child = Child(self.politeness, now)
        self._children.append(child)
        self._selector.register(child.fileno(), selectors.EVENT_READ, partial(self._hear, child))
        return child

    def _hear(self, child: Child, now: float) -> None:
        for reply in child.replies(now):
            if reply is None:
                self._lose(child)
                return
            request = child.request
            if request is None:
                continue
            if not isinstance(reply, Progressed):
                child.request = None
            self._on_reply(child, request, reply)

    def _lose(self, child: Child) -> None:
        request, child.request = child.request, None
        how = self._part_with(child)
        if request is not None:
            self._on_death(request, how)

    def _part_with(self, child: Child) -> str:
        self._children.remove(child)
        self._selector.unregister(child.fileno())
        child.close()
        return child.bury()
