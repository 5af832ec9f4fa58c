"""The numbers in the texts of debug-numpy-network."""

import math

NUMBERS = {"2.3": math.log(10)}
