"""The numbers in the texts of ensembles."""

import math

NUMBERS = {"0.37": math.exp(-1), "0.896": 0.8**3 + 3 * 0.8**2 * 0.2}
