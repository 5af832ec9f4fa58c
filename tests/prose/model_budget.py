"""The numbers in the texts of the exercise."""

NUMBERS = {"442368": 32 * 32 * 16 * 3 * 9, "4194304": 4 * 128 * 64**2 + 2 * 128**2 * 64}
