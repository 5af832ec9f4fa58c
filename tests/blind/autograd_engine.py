# blind: passed at try 1
import math


class Value:
    """A number that remembers how it was computed.

    data: the number, a float (an int that is given becomes one). grad: a float, 0.0 at first. Both may be assigned: `w.data -= 0.1 * w.grad`.

    Operands of + - * / are Values, ints and floats, on either side; the result is a new Value and the operands keep their data.
    Any other operand raises TypeError. Dividing by 0 raises ZeroDivisionError.
    """

    __slots__ = ("data", "grad", "_inputs")

    data: float
    grad: float

    def __init__(self, data: float) -> None:
        self.data = float(data)
        self.grad = 0.0
        self._inputs: tuple[tuple[Value, float], ...] = ()  # (input, slope of this node towards it)

    @staticmethod
    def _result(data: float, *inputs: "tuple[Value, float]") -> "Value":
        node = Value(data)
        node._inputs = inputs
        return node

    @staticmethod
    def _operand(other: object) -> "Value | None":
        if isinstance(other, Value):
            return other
        return Value(other) if isinstance(other, (int, float)) else None

    def __add__(self, other: "Value | float") -> "Value":
        other = self._operand(other)
        if other is None:
            return NotImplemented
        return self._result(self.data + other.data, (self, 1.0), (other, 1.0))

    def __radd__(self, other: float) -> "Value":
        return self + other

    def __neg__(self) -> "Value":
        return self._result(-self.data, (self, -1.0))

    def __sub__(self, other: "Value | float") -> "Value":
        other = self._operand(other)
        if other is None:
            return NotImplemented
        return self._result(self.data - other.data, (self, 1.0), (other, -1.0))

    def __rsub__(self, other: float) -> "Value":
        other = self._operand(other)
        return NotImplemented if other is None else other - self

    def __mul__(self, other: "Value | float") -> "Value":
        other = self._operand(other)
        if other is None:
            return NotImplemented
        return self._result(self.data * other.data, (self, other.data), (other, self.data))

    def __rmul__(self, other: float) -> "Value":
        return self * other

    def __truediv__(self, other: "Value | float") -> "Value":
        other = self._operand(other)
        if other is None:
            return NotImplemented
        ratio = self.data / other.data
        return self._result(ratio, (self, 1.0 / other.data), (other, -ratio / other.data))

    def __rtruediv__(self, other: float) -> "Value":
        other = self._operand(other)
        return NotImplemented if other is None else other / self

    def __pow__(self, exponent: float) -> "Value":
        """A constant power of self. The exponent is an int or a float; a Value or anything else raises TypeError.

        data may have any sign when the exponent is whole, and is positive otherwise. `v ** 0` is 1 with slope 0, also where data is 0;
        `v ** 1` has slope 1 there.
        """
        if not isinstance(exponent, (int, float)):
            return NotImplemented
        if self.data < 0 and exponent != math.floor(exponent):
            raise ValueError(f"{self.data} to the power {exponent} is not real")
        slope = 0.0 if exponent == 0 else exponent * self.data ** (exponent - 1)
        return self._result(self.data**exponent, (self, slope))

    def exp(self) -> "Value":
        """The exponential of self."""
        result = math.exp(self.data)
        return self._result(result, (self, result))

    def log(self) -> "Value":
        """The natural logarithm. Raises ValueError unless data is positive."""
        if not self.data > 0:
            raise ValueError(f"logarithm of {self.data}")
        return self._result(math.log(self.data), (self, 1.0 / self.data))

    def tanh(self) -> "Value":
        """The hyperbolic tangent, for data of any size: 1.0 at 1000."""
        decay = math.exp(-2.0 * abs(self.data))
        # 1 - tanh**2 without the cancellation where tanh is close to 1
        return self._result(math.tanh(self.data), (self, 4.0 * decay / (1.0 + decay) ** 2))

    def relu(self) -> "Value":
        """The larger of self and 0; the slope at 0 is 0."""
        if self.data > 0:
            return self._result(self.data, (self, 1.0))
        return self._result(0.0, (self, 0.0))

    def backward(self) -> None:
        """Add to grad of every Value that self was computed from, and of self, the derivative of self with respect to it.

        First count how often each node is used on the way to self; then let a node pass its derivative on as soon as the
        last of its users has reported.
        """
        pending: dict[Value, int] = {self: 0}
        stack = [self]
        while stack:
            for source, _ in stack.pop()._inputs:
                if source not in pending:
                    pending[source] = 0
                    stack.append(source)
                pending[source] += 1

        derivative = dict.fromkeys(pending, 0.0)
        derivative[self] = 1.0
        ready = [self]
        while ready:
            node = ready.pop()
            node.grad += derivative[node]
            for source, slope in node._inputs:
                derivative[source] += derivative[node] * slope
                pending[source] -= 1
                if pending[source] == 0:
                    ready.append(source)
