"""The numbers of the explanations, computed."""

NUMBERS = {"1.6": 100 * 8 * (1_000 + 1_000) / 1_000**2}
