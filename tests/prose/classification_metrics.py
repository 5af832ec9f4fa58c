"""The numbers in the texts of the exercise."""

NUMBERS = {"0.18": 2 * 1 * 0.1 / 1.1, "0.55": (1 + 0.1) / 2, "990": 1000 - 10}
