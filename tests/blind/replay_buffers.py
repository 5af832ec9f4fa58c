# blind: passed at try 1
from typing import Any

import numpy as np

SMALLEST = 1e-6


class RingBuffer:
    """The last `capacity` transitions, whatever a transition is."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.slots: list[Any] = []
        self.next = 0

    def add(self, transition: Any) -> int:
        slot = self.next
        if slot == len(self.slots):
            self.slots.append(transition)
        else:
            self.slots[slot] = transition
        self.next = (slot + 1) % self.capacity
        return slot

    def __len__(self) -> int:
        return len(self.slots)

    def __getitem__(self, age: int) -> Any:
        if not 0 <= age < len(self.slots):
            raise IndexError(f"there is no transition of age {age}")
        oldest = self.next if len(self.slots) == self.capacity else 0
        return self.slots[(oldest + age) % self.capacity]

    def sample(self, batch: int, rng: np.random.Generator) -> list[Any]:
        return [self.slots[slot] for slot in rng.integers(len(self.slots), size=batch)]


class SumTree:
    """Priorities in the leaves of a binary tree; each inner node k holds the sum of its children 2 k and 2 k + 1, the root is node 1."""

    def __init__(self, capacity: int) -> None:
        self.leaves = 1
        while self.leaves < capacity:
            self.leaves *= 2
        self.nodes = [0.0] * (2 * self.leaves)

    def total(self) -> float:
        return self.nodes[1]

    def __getitem__(self, index: int) -> float:
        return self.nodes[self.leaves + index]

    def set(self, index: int, priority: float) -> None:
        node = self.leaves + index
        self.nodes[node] = float(priority)
        while node > 1:
            node //= 2
            # added up anew, not corrected by a difference: that would leave rounding errors
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1]

    def find(self, mass: float) -> int:
        node = 1
        while node < self.leaves:
            left, right = 2 * node, 2 * node + 1
            if mass < self.nodes[left] or self.nodes[right] == 0:
                node = left
            else:
                mass -= self.nodes[left]
                node = right
        return node - self.leaves


class PrioritisedReplay:
    """Transitions drawn with probability proportional to priority ** alpha."""

    def __init__(self, capacity: int, alpha: float = 0.6) -> None:
        self.alpha = alpha
        self.memory = RingBuffer(capacity)
        self.tree = SumTree(capacity)  # of priority ** alpha
        self.largest = 1.0

    def add(self, transition: Any) -> None:
        self.tree.set(self.memory.add(transition), self.largest**self.alpha)

    def sample(self, batch: int, beta: float, rng: np.random.Generator) -> tuple[np.ndarray, list[Any], np.ndarray]:
        total = self.tree.total()
        slots = np.array([self.tree.find(mass) for mass in total * rng.random(batch)], dtype=np.int64)
        odds = np.array([self.tree[slot] for slot in slots]) / total
        weights = (len(self.memory) * odds) ** -beta
        return slots, [self.memory.slots[slot] for slot in slots], weights / weights.max()

    def update(self, slots: np.ndarray, errors: np.ndarray) -> None:
        for slot, error in zip(slots.tolist(), errors.tolist(), strict=True):
            priority = abs(error) + SMALLEST
            self.tree.set(slot, priority**self.alpha)
            self.largest = max(self.largest, priority)


def polyak_update(target: dict[str, np.ndarray], online: dict[str, np.ndarray], tau: float) -> dict[str, np.ndarray]:
    """The target network's new parameters, (1 - tau) * target + tau * online, by name."""
    return {name: np.array((1 - tau) * old + tau * online[name], dtype=old.dtype) for name, old in target.items()}
