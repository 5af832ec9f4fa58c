"""A memory that forgets the oldest first, and a tree of partial sums that finds what to remember in log n steps."""

from typing import Any

import numpy as np

SMALLEST = 1e-6  # given


class RingBuffer:
    """The last `capacity` transitions, whatever a transition is."""

    def __init__(self, capacity: int) -> None:
        """An empty buffer. capacity: at least 1."""
        self.capacity, self.items, self.next = capacity, [], 0

    def add(self, transition: Any) -> int:
        """Store a transition, in place of the oldest one when full. Returns its slot: 0, 1, ..., capacity - 1, then 0 again, and so on."""
        slot, self.next = self.next, (self.next + 1) % self.capacity
        self.items[slot : slot + 1] = [transition]
        return slot

    def __len__(self) -> int:
        """How many transitions are stored."""
        return len(self.items)

    def __getitem__(self, age: int) -> Any:
        """The stored transition number age in the order in which they came: 0 is the oldest. IndexError unless 0 <= age < len."""
        if not 0 <= age < len(self.items):
            raise IndexError(age)
        return self.items[(self.next + age) % len(self.items)]

    def sample(self, batch: int, rng: np.random.Generator) -> list[Any]:
        """As many transitions as batch says, each drawn from all stored ones with equal probability, with replacement."""
        return [self.items[slot] for slot in rng.integers(len(self.items), size=batch)]


class SumTree:
    """Priorities p_0, ..., p_{capacity - 1} that can be changed and searched by partial sums in O(log capacity) steps."""

    def __init__(self, capacity: int) -> None:
        """All priorities are 0. capacity: at least 1, not necessarily a power of two."""
        self.first = 1 << (capacity - 1).bit_length()
        self.sums = np.zeros(2 * self.first)

    def total(self) -> float:
        """The sum of all priorities: exact up to the rounding of adding up those that are there now, whatever was there before."""
        return float(self.sums[1])

    def __getitem__(self, index: int) -> float:
        """The priority of an index."""
        return float(self.sums[self.first + index])

    def set(self, index: int, priority: float) -> None:
        """Change one priority, to a number that is 0 or more. O(log capacity)."""
        node = self.first + index
        self.sums[node] = priority
        while node > 1:
            node //= 2
            self.sums[node] = self.sums[2 * node] + self.sums[2 * node + 1]

    def find(self, mass: float) -> int:
        """The smallest index with p_0 + ... + p_index > mass, for 0 <= mass < total. O(log capacity).

        Never an index of priority 0: should mass reach total by rounding, the last index with a positive priority. There is at least one.
        """
        node = 1
        while node < self.first:
            node *= 2
            if mass >= self.sums[node] and self.sums[node + 1] > 0:
                mass -= self.sums[node]
                node += 1
        return node - self.first


class PrioritisedReplay:
    """Transitions drawn with probability proportional to priority ** alpha."""

    def __init__(self, capacity: int, alpha: float = 0.6) -> None:
        """An empty memory. alpha: 0 for uniform draws, 1 for draws in proportion to the priorities."""
        self.ring, self.tree, self.alpha, self.largest = RingBuffer(capacity), SumTree(capacity), alpha, 1.0

    def add(self, transition: Any) -> None:
        """Store a transition, in place of the oldest one when full, with the largest priority that any has been given so far, at first 1."""
        self.tree.set(self.ring.add(transition), self.largest**self.alpha)

    def sample(self, batch: int, beta: float, rng: np.random.Generator) -> tuple[np.ndarray, list[Any], np.ndarray]:
        """(slots, transitions, weights) of batch draws.

        slots: (batch,) int64, the transitions' slots as RingBuffer.add numbers them. At each place slot i is drawn with probability
        P(i) = priority_i ** alpha / sum of all of these; draws may repeat. weights: (batch,) float64, (len * P(i)) ** -beta divided by the largest
        of the batch, where len is the number of stored transitions.
        """
        slots = np.array([self.tree.find(mass) for mass in rng.random(batch) * self.tree.total()])
        probabilities = np.array([self.tree[slot] for slot in slots]) / self.tree.total()
        weights = (len(self.ring) * probabilities) ** -beta
        return slots, [self.ring.items[slot] for slot in slots], weights / weights.max()

    def update(self, slots: np.ndarray, errors: np.ndarray) -> None:
        """Set the priorities of these slots to |error| + SMALLEST. slots, errors: (batch,); if a slot is there twice, its last error counts."""
        for slot, priority in zip(slots, np.abs(errors) + SMALLEST, strict=True):
            self.tree.set(int(slot), priority**self.alpha)
            self.largest = max(self.largest, priority)


def polyak_update(target: dict[str, np.ndarray], online: dict[str, np.ndarray], tau: float) -> dict[str, np.ndarray]:
    """The target network's new parameters, (1 - tau) * target + tau * online, by name, as new arrays of the same dtype. tau: from 0 to 1."""
    return {name: (1 - tau) * value + tau * online[name] for name, value in target.items()}
