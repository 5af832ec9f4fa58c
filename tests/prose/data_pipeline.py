"""The numbers in the texts of data-pipeline."""

NUMBERS = {"13": 100 * 0.98**100}
