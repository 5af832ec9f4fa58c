"""The numbers in the texts of hyperparameter-search."""

NUMBERS = {"0.952": 1 - 0.95**59}
