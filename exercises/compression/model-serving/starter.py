from collections.abc import Callable, Sequence
from concurrent.futures import Future
from math import ceil, inf
from typing import Any


class MicroBatcher:
    """Collects requests and runs the model on batches of them. It has no clock and no threads: all times are told to it, in seconds, never falling.

    model: takes a list of 1 to max_batch inputs and returns as many outputs in the same order; it may raise.
    max_batch: at least 1. max_wait: how long the oldest request waits for others, 0 or more. max_queue: how many may wait, at least max_batch.
    """

    def __init__(self, model: Callable[[list[Any]], Sequence[Any]], *, max_batch: int, max_wait: float, max_queue: int) -> None:
        """Begin with an empty queue."""
        raise NotImplementedError("your turn")

    def submit(self, now: float, request: Any) -> "Future[Any]":
        """Put a request into the queue; the future gets its result later, from `tick`. The model is not run here.

        Raises RuntimeError, and forgets the request, when max_queue requests are waiting already.
        """
        raise NotImplementedError("your turn")

    def next_time(self) -> float:
        """When `tick` has to be called at the latest, so that nobody has to look again and again; infinity when nothing waits.

        It is when the oldest request came, if a whole batch waits already, and otherwise that time + max_wait.
        """
        raise NotImplementedError("your turn")

    def tick(self, now: float) -> int:
        """Run all batches that are due, oldest requests first; the number of batches.

        A batch is due when max_batch requests wait, or when the oldest has waited for max_wait (now >= its time + max_wait); it takes the oldest
        requests, max_batch at most. Then the next one is looked at. If the model raises an Exception on a batch, each of its
        requests is tried alone, in order: those that fail again get that exception into their future, the others their results.
        """
        raise NotImplementedError("your turn")


def replicas_wanted(waiting: int, *, rate: float, target: float, current: int, low: int = 1, high: int = 10) -> int:
    """How many copies of the server should run.

    waiting: requests in the queue; rate: requests that one copy serves in a second; target: seconds in which the queue should be worked off; both
    are above 0. Wanted are ceil(waiting / (rate * target)) copies. Growing happens at once; shrinking goes to one copy below `current` at most, so
    that a short lull does not stop them all. The result lies between low and high, 1 <= low <= high, also if current does not.
    """
    raise NotImplementedError("your turn")
