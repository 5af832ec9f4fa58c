"""The numbers of the explanations, computed."""

import math

NUMBERS = {"0.008": 2.0 ** (math.floor(math.log2(100_000)) - 23)}
