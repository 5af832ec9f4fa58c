"""The numbers in the texts of the exercise."""

NUMBERS = {"288": 32 * 9, "576": 64 * 9}
