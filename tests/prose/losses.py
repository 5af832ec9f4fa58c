"""The numbers in the texts of the exercise."""

NUMBERS = {"0.85": 1 - 0.2 + 0.2 / 4, "0.05": 0.2 / 4}
