"""The numbers in the texts of adaptive-optimisers."""

from itertools import pairwise

LAYERS = [28 * 28, 2**7, 2**6, 10]
NUMBERS = {"784": LAYERS[0], "128": LAYERS[1], "109,386": sum(n_in * n_out + n_out for n_in, n_out in pairwise(LAYERS))}
