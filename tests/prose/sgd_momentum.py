"""The numbers in the texts of sgd-momentum: the widths of a perceptron for images of 28x28."""

NUMBERS = {"784": 28 * 28, "128": 2**7}
