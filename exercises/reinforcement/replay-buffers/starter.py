from typing import Any

import numpy as np

SMALLEST = 1e-6


class RingBuffer:
    """The last `capacity` transitions, whatever a transition is."""

    def __init__(self, capacity: int) -> None:
        """An empty buffer. capacity: at least 1."""
        raise NotImplementedError("your turn")

    def add(self, transition: Any) -> int:
        """Store a transition, in place of the oldest one when full. Returns its slot: 0, 1, ..., capacity - 1, then 0 again, and so on."""
        raise NotImplementedError("your turn")

    def __len__(self) -> int:
        """How many transitions are stored."""
        raise NotImplementedError("your turn")

    def __getitem__(self, age: int) -> Any:
        """The stored transition number age in the order in which they came: 0 is the oldest. IndexError unless 0 <= age < len."""
        raise NotImplementedError("your turn")

    def sample(self, batch: int, rng: np.random.Generator) -> list[Any]:
        """As many transitions as batch says, each drawn from all stored ones with equal probability, with replacement."""
        raise NotImplementedError("your turn")


class SumTree:
    """Priorities p_0, ..., p_{capacity - 1} that can be changed and searched by partial sums in O(log capacity) steps."""

    def __init__(self, capacity: int) -> None:
        """All priorities are 0. capacity: at least 1, not necessarily a power of two."""
        raise NotImplementedError("your turn")

    def total(self) -> float:
        """The sum of all priorities: exact up to the rounding of adding up those that are there now, whatever was there before."""
        raise NotImplementedError("your turn")

    def __getitem__(self, index: int) -> float:
        """The priority of an index."""
        raise NotImplementedError("your turn")

    def set(self, index: int, priority: float) -> None:
        """Change one priority, to a number that is 0 or more. O(log capacity)."""
        raise NotImplementedError("your turn")

    def find(self, mass: float) -> int:
        """The smallest index with p_0 + ... + p_index > mass, for 0 <= mass < total. O(log capacity).

        Never an index of priority 0: should mass reach total by rounding, the last index with a positive priority. There is at least one.
        """
        raise NotImplementedError("your turn")


class PrioritisedReplay:
    """Transitions drawn with probability proportional to priority ** alpha."""

    def __init__(self, capacity: int, alpha: float = 0.6) -> None:
        """An empty memory. alpha: 0 for uniform draws, 1 for draws in proportion to the priorities."""
        raise NotImplementedError("your turn")

    def add(self, transition: Any) -> None:
        """Store a transition, in place of the oldest one when full, with the largest priority that any has been given so far, at first 1."""
        raise NotImplementedError("your turn")

    def sample(self, batch: int, beta: float, rng: np.random.Generator) -> tuple[np.ndarray, list[Any], np.ndarray]:
        """(slots, transitions, weights) of batch draws.

        slots: (batch,) int64, the transitions' slots as RingBuffer.add numbers them. At each place slot i is drawn with probability
        P(i) = priority_i ** alpha / sum of all of these; draws may repeat. weights: (batch,) float64, (len * P(i)) ** -beta divided by the largest
        of the batch, where len is the number of stored transitions.
        """
        raise NotImplementedError("your turn")

    def update(self, slots: np.ndarray, errors: np.ndarray) -> None:
        """Set the priorities of these slots to |error| + SMALLEST. slots, errors: (batch,); if a slot is there twice, its last error counts."""
        raise NotImplementedError("your turn")


def polyak_update(target: dict[str, np.ndarray], online: dict[str, np.ndarray], tau: float) -> dict[str, np.ndarray]:
    """The target network's new parameters, (1 - tau) * target + tau * online, by name, as new arrays of the same dtype. tau: from 0 to 1."""
    raise NotImplementedError("your turn")
