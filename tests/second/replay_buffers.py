"""Another right answer: a deque with a counter, and a tree kept as a list of levels, leaves first."""

from collections import deque

import numpy as np

SMALLEST = 1e-6


class RingBuffer:
    def __init__(self, capacity):
        self.capacity, self.kept, self.count = capacity, deque(maxlen=capacity), 0

    def add(self, transition):
        self.kept.append(transition)
        self.count += 1
        return (self.count - 1) % self.capacity

    def __len__(self):
        return len(self.kept)

    def __getitem__(self, age):
        if age < 0:
            raise IndexError("negative")
        return self.kept[age]

    def in_slot(self, slot):
        oldest = self.count % self.capacity if len(self.kept) == self.capacity else 0
        return self.kept[(slot - oldest) % self.capacity]

    def sample(self, batch, rng):
        return [self.kept[int(rng.random() * len(self.kept))] for _ in range(batch)]


class SumTree:
    def __init__(self, capacity):
        self.levels = [[0.0] * capacity]
        while len(self.levels[-1]) > 1:
            self.levels.append([0.0] * ((len(self.levels[-1]) + 1) // 2))

    def total(self):
        return self.levels[-1][0]

    def __getitem__(self, index):
        return self.levels[0][index]

    def set(self, index, priority):
        self.levels[0][index] = float(priority)
        for below, above in zip(self.levels, self.levels[1:], strict=False):
            index //= 2
            above[index] = sum(below[2 * index : 2 * index + 2])

    def find(self, mass):
        index = 0
        for level in reversed(self.levels[:-1]):
            index *= 2
            right = level[index + 1] if index + 1 < len(level) else 0.0
            if right > 0 and not mass < level[index]:
                mass -= level[index]
                index += 1
        return index


class PrioritisedReplay:
    def __init__(self, capacity, alpha=0.6):
        self.ring, self.tree, self.alpha = RingBuffer(capacity), SumTree(capacity), alpha
        self.highest = 1.0  # to the power alpha

    def add(self, transition):
        self.tree.set(self.ring.add(transition), self.highest)

    def sample(self, batch, beta, rng):
        part = self.tree.total() / batch
        slots = [self.tree.find((k + rng.random()) * part) for k in range(batch)]  # one in each of batch equal parts, then shuffled
        rng.shuffle(slots)
        powers = np.array([self.tree[slot] for slot in slots])
        return np.array(slots), [self.ring.in_slot(slot) for slot in slots], (powers.min() / powers) ** beta

    def update(self, slots, errors):
        for slot, error in zip(slots.tolist(), errors.tolist(), strict=True):
            power = (abs(error) + SMALLEST) ** self.alpha
            self.tree.set(slot, power)
            self.highest = max(self.highest, power)


def polyak_update(target, online, tau):
    return {name: target[name] + tau * (online[name] - target[name]) for name in target}
