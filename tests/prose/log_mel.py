"""The numbers in the texts of log-mel."""

NUMBERS = {"400": 16_000 * 0.025, "40": 1 / 0.025}
