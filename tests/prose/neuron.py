"""The numbers in the texts of the exercise."""

NUMBERS = {"105": 20 * 5 + 5}
