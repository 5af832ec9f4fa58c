"""The numbers in the texts of the exercise."""

WEIGHTS = 10 * 20 + 20 * 20 + 20 * 3

NUMBERS = {"660": WEIGHTS, "703": WEIGHTS + 20 + 20 + 3, "1,123": WEIGHTS + 20 * 20 + 3 * 20 + 3}
