"""The closure form: each result knows how to push its own gradient; nodes are numbered as they are made, so the numbers are an order."""

import itertools
import math

_clock = itertools.count()


class Value:
    def __init__(self, data, parents=(), push=None):
        self.data = float(data)
        self.grad = 0.0
        self.parents = parents
        self.push = push
        self.born = next(_clock)

    def __add__(self, other):
        if not isinstance(other, (Value, int, float)):
            return NotImplemented
        if not isinstance(other, Value):
            return Value(self.data + other, (self,), lambda g: (g,))
        return Value(self.data + other.data, (self, other), lambda g: (g, g))

    def __mul__(self, other):
        if not isinstance(other, (Value, int, float)):
            return NotImplemented
        if not isinstance(other, Value):
            return Value(self.data * other, (self,), lambda g: (g * other,))
        a, b = self.data, other.data
        return Value(a * b, (self, other), lambda g: (g * b, g * a))

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __pow__(self, n):
        if isinstance(n, bool) or not isinstance(n, (int, float)):
            return NotImplemented
        x = self.data
        if n == 0:
            return Value(1.0, (self,), lambda g: (0.0,))
        return Value(x**n, (self,), lambda g: (g * n * x ** (n - 1),))

    def __truediv__(self, other):
        if isinstance(other, (int, float)):
            return self * (1.0 / other)
        if not isinstance(other, Value):
            return NotImplemented
        return self * other**-1

    def __rtruediv__(self, other):
        return self**-1 * other

    def exp(self):
        y = math.exp(self.data)
        return Value(y, (self,), lambda g: (g * y,))

    def log(self):
        x = self.data
        return Value(math.log(x), (self,), lambda g: (g / x,))

    def tanh(self):
        y = math.tanh(self.data)
        return Value(y, (self,), lambda g: (g * (1 - y) * (1 + y),))

    def relu(self):
        return Value(self.data, (self,), lambda g: (g,)) if self.data > 0 else Value(0.0, (self,), lambda g: (0.0,))

    def backward(self):
        reached = {id(self): self}
        todo = [self]
        while todo:
            for parent in todo.pop().parents:
                if id(parent) not in reached:
                    reached[id(parent)] = parent
                    todo.append(parent)
        flow = dict.fromkeys(reached, 0.0)
        flow[id(self)] = 1.0
        for node in sorted(reached.values(), key=lambda node: node.born, reverse=True):
            if node.push is not None:
                for parent, gradient in zip(node.parents, node.push(flow[id(node)]), strict=True):
                    flow[id(parent)] += gradient
            node.grad += flow[id(node)]
