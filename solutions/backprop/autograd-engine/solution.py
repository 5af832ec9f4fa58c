"""Every operation notes its inputs and the slope towards each; backward reads the notes from the last to the first."""

import math


class Value:
    """A number that remembers how it was computed.

    data: the number, a float (an int that is given becomes one). grad: a float, 0.0 at first. Both may be assigned: `w.data -= 0.1 * w.grad`.
    Assigned data counts in later operations; backward is not called on results of earlier ones.

    Operands of + - * / are Values, ints and floats, on either side; the result is a new Value and the operands keep their data.
    Other operands (a str, a list, None) raise TypeError. Dividing by 0 raises ZeroDivisionError.
    """

    data: float
    grad: float

    def __init__(self, data: float) -> None:
        self.data = float(data)
        self.grad = 0.0
        self._inputs: tuple[tuple[Value, float], ...] = ()

    def __add__(self, other: "Value | float") -> "Value":
        other = _value(other)
        return _node(self.data + other.data, (self, 1.0), (other, 1.0))

    def __radd__(self, other: float) -> "Value":
        return self + other

    def __neg__(self) -> "Value":
        return self * -1

    def __sub__(self, other: "Value | float") -> "Value":
        other = _value(other)
        return _node(self.data - other.data, (self, 1.0), (other, -1.0))

    def __rsub__(self, other: float) -> "Value":
        return _value(other) - self

    def __mul__(self, other: "Value | float") -> "Value":
        other = _value(other)
        return _node(self.data * other.data, (self, other.data), (other, self.data))

    def __rmul__(self, other: float) -> "Value":
        return self * other

    def __truediv__(self, other: "Value | float") -> "Value":
        other = _value(other)
        quotient = self.data / other.data
        return _node(quotient, (self, 1 / other.data), (other, -quotient / other.data))

    def __rtruediv__(self, other: float) -> "Value":
        return _value(other) / self

    def __pow__(self, exponent: float) -> "Value":
        """A constant power of self. The exponent is an int or a float; a Value, a str, a list or None raises TypeError.

        data may be negative or 0 when the exponent is whole (but not 0 when it is negative), and is positive otherwise. `v ** 0` is 1 with
        slope 0, also where data is 0; `v ** 1` has slope 1 there.
        """
        slope = exponent * self.data ** (exponent - 1) if exponent else 0.0
        return _node(self.data**exponent, (self, slope))

    def exp(self) -> "Value":
        """The exponential of self."""
        result = math.exp(self.data)
        return _node(result, (self, result))

    def log(self) -> "Value":
        """The natural logarithm. Raises ValueError unless data is positive."""
        return _node(math.log(self.data), (self, 1 / self.data))

    def tanh(self) -> "Value":
        """The hyperbolic tangent, for data of any size: 1.0 at 1000."""
        result = math.tanh(self.data)
        return _node(result, (self, 1 - result**2))

    def relu(self) -> "Value":
        """The larger of self and 0; the slope at 0 is 0."""
        return _node(max(self.data, 0.0), (self, float(self.data > 0)))

    def backward(self) -> None:
        """Add to grad of every Value that self was computed from, and of self, the derivative of self with respect to it.

        Called twice, it adds the same numbers twice; to begin anew assign `v.grad = 0.0`. What grad held before, here or in another node,
        never enters the derivatives. The time is linear in the number of operations, and the graph may be 10,000 deep.
        """
        slopes = {self: 1.0}
        for node in reversed(_topological_order(self)):
            slope = slopes[node]
            node.grad += slope
            for parent, local_slope in node._inputs:
                slopes[parent] = slopes.get(parent, 0.0) + slope * local_slope


def _value(operand: "Value | float") -> Value:
    if isinstance(operand, Value):
        return operand
    if isinstance(operand, int | float):
        return Value(operand)
    raise TypeError(f"a Value goes with a Value, an int or a float, not {type(operand).__name__}")


def _node(data: float, *inputs: tuple[Value, float]) -> Value:
    value = Value(data)
    value._inputs = inputs
    return value


def _topological_order(root: Value) -> list[Value]:
    """Every Value that root depends on, inputs before what is computed from them. A stack of our own replaces recursion."""
    order: list[Value] = []
    seen: set[Value] = set()
    stack = [(root, False)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent, _ in node._inputs)
    return order
