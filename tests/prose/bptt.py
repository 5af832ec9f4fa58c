"""The numbers in the texts of bptt."""

NUMBERS = {"0.00003": 0.9**100}
