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
        raise NotImplementedError("your turn")

    def __add__(self, other: "Value | float") -> "Value":
        raise NotImplementedError("your turn")

    def __radd__(self, other: float) -> "Value":
        raise NotImplementedError("your turn")

    def __neg__(self) -> "Value":
        raise NotImplementedError("your turn")

    def __sub__(self, other: "Value | float") -> "Value":
        raise NotImplementedError("your turn")

    def __rsub__(self, other: float) -> "Value":
        raise NotImplementedError("your turn")

    def __mul__(self, other: "Value | float") -> "Value":
        raise NotImplementedError("your turn")

    def __rmul__(self, other: float) -> "Value":
        raise NotImplementedError("your turn")

    def __truediv__(self, other: "Value | float") -> "Value":
        raise NotImplementedError("your turn")

    def __rtruediv__(self, other: float) -> "Value":
        raise NotImplementedError("your turn")

    def __pow__(self, exponent: float) -> "Value":
        """A constant power of self. The exponent is an int or a float; a Value, a str, a list or None raises TypeError.

        data may be negative or 0 when the exponent is whole (but not 0 when it is negative), and is positive otherwise. `v ** 0` is 1 with
        slope 0, also where data is 0; `v ** 1` has slope 1 there.
        """
        raise NotImplementedError("your turn")

    def exp(self) -> "Value":
        """The exponential of self."""
        raise NotImplementedError("your turn")

    def log(self) -> "Value":
        """The natural logarithm. Raises ValueError unless data is positive."""
        raise NotImplementedError("your turn")

    def tanh(self) -> "Value":
        """The hyperbolic tangent, for data of any size: 1.0 at 1000."""
        raise NotImplementedError("your turn")

    def relu(self) -> "Value":
        """The larger of self and 0; the slope at 0 is 0."""
        raise NotImplementedError("your turn")

    def backward(self) -> None:
        """Add to grad of every Value that self was computed from, and of self, the derivative of self with respect to it.

        Called twice, it adds the same numbers twice; to begin anew assign `v.grad = 0.0`. What grad held before, here or in another node,
        never enters the derivatives. The time is linear in the number of operations, and the graph may be 10,000 deep.
        """
        raise NotImplementedError("your turn")
