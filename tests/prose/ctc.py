"""The numbers in the texts of ctc."""

NUMBERS = {"0.36": 0.6**2, "0.64": 1 - 0.6**2}
