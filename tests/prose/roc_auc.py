"""The numbers in the texts of the exercise."""

NUMBERS = {"0.17": 0.01 / (0.01 + 0.99 * 0.05)}
